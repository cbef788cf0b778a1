package wire

import "strconv"

// HeaderError says what is wrong with one field of a header. Its text begins
// with upstream's, which is a TypeError's.
type HeaderError struct {
	Name  string // as it was given
	Value bool   // the value is wrong, and not the name
}

// Error implements error. It repeats no more than the start of a long name.
func (e *HeaderError) Error() string {
	const max = 64
	name := e.Name
	if len(name) > max {
		name = name[:max] + "..."
	}
	if e.Value {
		return "Invalid header value. It is that of " + strconv.QuoteToASCII(name) + "."
	}
	return "Invalid header name. It is " + strconv.QuoteToASCII(name) + "."
}

// CheckField holds a name and value to what the Fetch standard lets a header
// have, and returns the value normalized: without the tabs, spaces, CR and LF
// around it, a view. A name is a token (RFC 9110, 5.6.2), which is not empty; a
// value has no NUL, CR or LF. Its error is a *HeaderError.
//
// Whoever takes a header from a guest's side of the ABI asks it before a byte of
// the header goes to a client or a server.
func CheckField[N, V string | []byte](name N, value V) (V, error) {
	for i := range len(name) {
		if !token[name[i]] {
			return value, &HeaderError{Name: string(name)}
		}
	}
	if len(name) == 0 {
		return value, &HeaderError{}
	}
	value = TrimValue(value)
	for i := range len(value) {
		if c := value[i]; c == 0 || c == '\r' || c == '\n' {
			return value, &HeaderError{Name: string(name), Value: true}
		}
	}
	return value, nil
}

// TrimValue returns value without the tabs, spaces, CR and LF around it, as the
// Fetch standard normalizes a value.
func TrimValue[V string | []byte](value V) V {
	begin, end := 0, len(value)
	for begin < end && isSpace(value[begin]) {
		begin++
	}
	for end > begin && isSpace(value[end-1]) {
		end--
	}
	return value[begin:end]
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// IsToken says whether the name of a header, or a method, may hold c.
func IsToken(c byte) bool { return token[c] }

var token = func() (t [256]bool) {
	for c := '0'; c <= 'z'; c++ {
		t[c] = c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()
