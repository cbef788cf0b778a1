package guest

import (
	"encoding/json"
	"math"
	"strconv"
)

// Values cross as JSON. encoding/json is slow in WebAssembly and allocates, so
// the plain forms of the plain types are done by hand. What the code by hand
// does not know, it leaves to encoding/json: it never gives another result
// (FuzzDecode and FuzzEncode).

// decode reads JSON into what v points to, as json.Unmarshal does.
func decode(b []byte, v any) error {
	if decodePlain(b, v) {
		return nil
	}
	return json.Unmarshal(b, v)
}

// decodePlain is decode for plain values; it returns false for all others and
// has then written nothing. It does not keep v, so v can be on the stack.
func decodePlain(b []byte, v any) bool {
	switch v := v.(type) {
	case *int64:
		n, ok := plainInt(b)
		if ok && v != nil {
			*v = n
			return true
		}
	case *int:
		n, ok := plainInt(b)
		if ok && v != nil && int64(int(n)) == n {
			*v = int(n)
			return true
		}
	case *string:
		if v != nil && plainString(b) {
			*v = string(b[1 : len(b)-1])
			return true
		}
	case *bool:
		if v != nil && (string(b) == "true" || string(b) == "false") {
			*v = b[0] == 't'
			return true
		}
	case *float64:
		n, ok := plainInt(b)
		if ok && v != nil && (n > 0 && n < 1<<53 || string(b) == "0") {
			*v = float64(n)
			return true
		}
	}
	return false
}

// plainInt reads a JSON integer of at most 18 digits, which an int64 holds.
func plainInt(b []byte) (n int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}

// plainString says whether b is a JSON string of ASCII without escapes.
func plainString(b []byte) bool {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// encode appends v in JSON to b, as json.Marshal has it.
func encode(b []byte, v any) ([]byte, error) {
	if b, ok := encodePlain(b, v); ok {
		return b, nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

// encodePlain is encode for plain values; it returns false for all others. It
// does not keep v.
func encodePlain(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	case bool:
		return strconv.AppendBool(b, v), true
	case string:
		if encodesPlain(v) {
			b = append(append(b, '"'), v...)
			return append(b, '"'), true
		}
	case float64:
		// Minus zero is "-0", which no integer is.
		if n := int64(v); float64(n) == v && n > -1<<53 && n < 1<<53 &&
			(n != 0 || !math.Signbit(v)) {
			return strconv.AppendInt(b, n, 10), true
		}
	}
	return b, false
}

// encodesPlain says whether encoding/json copies s between two quotes.
func encodesPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= 0x80, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// elements appends the elements of a JSON array to list, as views of b. It
// finds where they end and does not check them: whoever decodes one does.
func elements(list [][]byte, b []byte) ([][]byte, bool) {
	b = trimSpace(b)
	if len(b) == 0 {
		return list, true // as "[]"
	}
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' {
		return list, false
	}
	if b = trimSpace(b[1 : len(b)-1]); len(b) == 0 {
		return list, true
	}
	for {
		n := elementEnd(b)
		if n < 0 {
			return list, false
		}
		e := trimSpace(b[:n])
		if len(e) == 0 {
			return list, false
		}
		list = append(list, e)
		if n == len(b) {
			return list, true
		}
		b = b[n+1:]
	}
}

// elementEnd returns where the first element of b ends: at a comma outside of
// strings and brackets, or at the end of b. It is negative when what was opened
// is not closed.
func elementEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if i >= len(b) {
				return -1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth < 0 {
				return -1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	if depth != 0 {
		return -1
	}
	return len(b)
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
