package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/tailscale/hujson"
)

// parseJSONC returns the tree of a JSON file with comments and trailing commas,
// or nil and an error in r.
func parseJSONC(src *source, r *report) *node {
	// hujson recurses without a bound of its own.
	if i := tooDeepJSON(src.data); i >= 0 {
		r.errorf(src.pos(i), "Values nest more than %d levels deep.", maxDepth)
		return nil
	}
	// hujson wants a newline after a line comment, also at the end of the file.
	text := append(slices.Clip(src.data), '\n')
	value, err := hujson.Parse(text)
	if err != nil {
		r.errorf(jsonErrorPos(src, err), "syntax error: %s", clip(jsonErrorText(err)))
		return nil
	}
	return jsonNode(src, &value, r)
}

// jsonErrorPos finds where hujson failed. Its error has the place only as text.
func jsonErrorPos(src *source, err error) Pos {
	var line, col int
	n, _ := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &col)
	if n != 2 || line < 1 {
		return src.pos(0)
	}
	if line > len(src.lines) { // after the newline that parseJSONC appended
		return src.pos(len(src.data))
	}
	return src.pos(src.lines[line-1] + col - 1)
}

func jsonErrorText(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}

// jsonNode turns hujson's value into a node. Of members with one key the last
// wins, as in JavaScript, and each of the others is a warning.
func jsonNode(src *source, value *hujson.Value, r *report) *node {
	n := &node{pos: src.pos(value.StartOffset)}
	switch v := value.Value.(type) {
	case *hujson.Object:
		n.kind = kindObject
		for i := range v.Members {
			m := &v.Members[i]
			name, _ := m.Name.Value.(hujson.Literal)
			key, pos := name.String(), src.pos(m.Name.StartOffset)
			if old := n.find(key); old != nil {
				r.warnf(old.pos, "The key %s comes again in line %d; the last one wins.",
					clip(quoted(key)), pos.Line)
			}
			n.set(key, pos, jsonNode(src, &m.Value, r))
		}
	case *hujson.Array:
		n.kind = kindArray
		for i := range v.Elements {
			n.elems = append(n.elems, jsonNode(src, &v.Elements[i], r))
		}
	case hujson.Literal:
		n.text = v.String()
		switch v.Kind() {
		case '"':
			n.kind = kindString
		case '0':
			n.kind = kindNumber
		case 't', 'f':
			n.kind = kindBool
		default:
			n.kind = kindNull
		}
	}
	return n
}

// tooDeepJSON returns the offset of the first bracket that nests deeper than
// maxDepth, or -1. It knows just enough JSON to see no bracket in strings and
// comments.
func tooDeepJSON(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return i
			}
		case ']', '}':
			depth--
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '/':
			i = skipComment(data, i)
		}
	}
	return -1
}

// skipComment returns the offset of the last byte of the comment at i, or i if
// there is none.
func skipComment(data []byte, i int) int {
	var end string
	switch rest := data[i:]; {
	case bytes.HasPrefix(rest, []byte("//")):
		end = "\n"
	case bytes.HasPrefix(rest, []byte("/*")):
		end = "*/"
	default:
		return i
	}
	n := bytes.Index(data[i+2:], []byte(end))
	if n < 0 {
		return len(data)
	}
	return i + 2 + n + len(end) - 1
}
