package rewrite

import "fmt"

// A ParseError says what is wrong with a guest's bytes, and where.
type ParseError struct {
	Section string // "" before the first section
	Func    int    // function index, as the guest counts; -1 outside bodies
	Offset  int    // from the module's first byte
	Text    string
}

// Error implements error.
func (e *ParseError) Error() string {
	s := "rewrite: "
	if e.Section != "" {
		s += e.Section + " section: "
	}
	if e.Func >= 0 {
		s += fmt.Sprintf("function %d: ", e.Func)
	}
	return s + fmt.Sprintf("%s at offset %#x", e.Text, e.Offset)
}
