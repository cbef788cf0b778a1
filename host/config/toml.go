package config

import (
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxTOMLKeys bounds the keys of a TOML file, each part of a dotted key being
// one. go-toml looks for duplicates one by one, in quadratic time.
const maxTOMLKeys = 10_000

// parseTOML returns the tree of a TOML file, or nil and an error in r.
//
// The text is read twice. The unstable parser has positions but knows syntax
// only; the decoder, whose values are dropped, also knows what may be defined
// again and which numbers and dates exist.
func parseTOML(src *source, r *report) *node {
	root := &node{kind: kindObject, pos: src.pos(0)}
	b := tomlBuilder{src: src, root: root, table: root}
	var p unstable.Parser
	p.Reset(src.data)
	for b.err == nil && p.NextExpression() {
		b.expression(p.Expression())
	}
	if err := p.Error(); err != nil {
		r.errorf(tomlErrorPos(src, err), "syntax error: %s", clip(err.Error()))
		return nil
	}
	if b.err != nil && !b.conflict {
		r.errs = append(r.errs, b.err)
		return nil
	}
	// The tree's depth is checked by now, so that the decoder can recurse.
	var dropped map[string]any
	if err := toml.Unmarshal(src.data, &dropped); err != nil {
		message := strings.TrimPrefix(err.Error(), "toml: ")
		r.errorf(tomlErrorPos(src, err), "syntax error: %s",
			clip(strings.TrimPrefix(message, "toml: ")))
		return nil
	}
	if b.err != nil {
		r.errs = append(r.errs, b.err)
		return nil
	}
	return root
}

// tomlErrorPos finds where go-toml failed.
func tomlErrorPos(src *source, err error) Pos {
	var parse *unstable.ParserError
	if errors.As(err, &parse) && parse.Highlight != nil {
		// A highlight is a part of the text; what both have behind its start
		// tells where it starts.
		return src.pos(cap(src.data) - cap(parse.Highlight))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, col := decode.Position()
		if line >= 1 && line <= len(src.lines) {
			return src.pos(src.lines[line-1] + col - 1)
		}
	}
	return src.pos(0)
}

// tomlBuilder makes a tree from expressions. The first error stops it.
type tomlBuilder struct {
	src   *source
	root  *node
	table *node // what keys go into: that of the last header
	depth int   // of table
	keys  int   // seen so far
	err   *Error
	// cursor is behind the last key, value or bracket that was seen.
	cursor int
	// conflict says that err is about a key that is already something else,
	// which the decoder words better.
	conflict bool
}

func (b *tomlBuilder) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		b.table, b.depth = b.walk(b.root, 0, b.keyParts(e))
	case unstable.ArrayTable:
		b.arrayTable(b.keyParts(e))
	case unstable.KeyValue:
		b.keyValue(b.table, b.depth, e)
	}
}

// arrayTable adds an element to the array at the key: [[key]].
func (b *tomlBuilder) arrayTable(parts []*unstable.Node) {
	if len(parts) == 0 {
		return
	}
	parent, depth := b.walk(b.root, 0, parts[:len(parts)-1])
	last := parts[len(parts)-1]
	pos := b.pos(parts[0])
	array := parent.get(string(last.Data))
	if array == nil {
		array = &node{kind: kindArray, pos: pos}
		parent.set(string(last.Data), b.pos(last), array)
	}
	if array.kind != kindArray {
		b.fail(pos)
		return
	}
	b.table, b.depth = &node{kind: kindObject, pos: pos}, b.deeper(depth+1, pos)
	array.elems = append(array.elems, b.table)
}

// keyValue puts a value into the object, which is at the given depth.
func (b *tomlBuilder) keyValue(object *node, depth int, kv *unstable.Node) {
	parts := b.keyParts(kv)
	if len(parts) == 0 {
		return
	}
	object, depth = b.walk(object, depth, parts[:len(parts)-1])
	last := parts[len(parts)-1]
	if object.find(string(last.Data)) != nil {
		b.fail(b.pos(last))
	}
	if b.err != nil {
		return
	}
	b.cursor = int(last.Raw.Offset + last.Raw.Length)
	object.set(string(last.Data), b.pos(last), b.value(kv.Value(), depth))
}

// walk goes from an object down to the one at the key and makes what is
// missing. An array stands for its last element, as TOML has it.
func (b *tomlBuilder) walk(n *node, depth int, parts []*unstable.Node) (*node, int) {
	for _, part := range parts {
		pos := b.pos(part)
		depth = b.deeper(depth, pos)
		next := n.get(string(part.Data))
		if next == nil {
			next = &node{kind: kindObject, pos: pos}
			n.set(string(part.Data), pos, next)
		}
		if next.kind == kindArray && len(next.elems) > 0 {
			next, depth = next.elems[len(next.elems)-1], b.deeper(depth, pos)
		}
		if next.kind != kindObject {
			b.fail(pos)
		}
		if b.err != nil {
			return n, depth
		}
		n = next
	}
	return n, depth
}

// value turns go-toml's value into a node.
func (b *tomlBuilder) value(v *unstable.Node, depth int) *node {
	offset, length := int(v.Raw.Offset), int(v.Raw.Length)
	if v.Kind == unstable.Array {
		// go-toml does not say where an array starts.
		offset, length = b.nextBracket(), 1
	}
	b.cursor = offset + length
	n := &node{pos: b.src.pos(offset), inline: true}
	switch v.Kind {
	case unstable.Array:
		n.kind = kindArray
		depth = b.deeper(depth, n.pos)
		for it := v.Children(); b.err == nil && it.Next(); {
			n.elems = append(n.elems, b.value(it.Node(), depth))
		}
	case unstable.InlineTable:
		n.kind = kindObject
		depth = b.deeper(depth, n.pos)
		for it := v.Children(); b.err == nil && it.Next(); {
			b.keyValue(n, depth, it.Node())
		}
	case unstable.Bool:
		n.kind, n.text = kindBool, string(v.Data)
	case unstable.Integer, unstable.Float:
		n.kind, n.text = kindNumber, b.number(v, n.pos)
	case unstable.String:
		n.kind, n.text = kindString, string(v.Data)
	default: // dates and times, which JSON has as strings
		n.kind, n.text = kindString, strings.Replace(string(v.Data), " ", "T", 1)
	}
	return n
}

// number returns the JSON of a TOML number, with the same digits if possible.
func (b *tomlBuilder) number(v *unstable.Node, pos Pos) string {
	text := strings.TrimPrefix(strings.ReplaceAll(string(v.Data), "_", ""), "+")
	if strings.HasSuffix(text, "inf") || strings.HasSuffix(text, "nan") {
		b.err = &Error{Pos: pos, Message: "The number " + text + " has no JSON form."}
	} else if len(text) > 1 && strings.ContainsRune("xob", rune(text[1])) {
		if i, err := strconv.ParseInt(text, 0, 64); err == nil {
			return strconv.FormatInt(i, 10)
		}
		// Out of range: the decoder says so.
	}
	return text
}

// nextBracket returns the offset of the array that comes next. Between the
// cursor and it are only brackets that close, separators, space and comments.
func (b *tomlBuilder) nextBracket() int {
	for i := b.cursor; i < len(b.src.data); i++ {
		switch b.src.data[i] {
		case '[':
			return i
		case '#':
			for i < len(b.src.data) && b.src.data[i] != '\n' {
				i++
			}
		}
	}
	return b.cursor // not reached: the parser saw one
}

func (b *tomlBuilder) pos(v *unstable.Node) Pos { return b.src.pos(int(v.Raw.Offset)) }

func (b *tomlBuilder) fail(pos Pos) {
	if b.err == nil {
		b.err = &Error{Pos: pos, Message: "syntax error: the key is already defined"}
		b.conflict = true
	}
}

// deeper returns depth+1, and makes it an error if that is too deep.
func (b *tomlBuilder) deeper(depth int, pos Pos) int {
	if depth++; depth > maxDepth && b.err == nil {
		b.err = &Error{Pos: pos, Message: "Values nest more than " + strconv.Itoa(maxDepth) +
			" levels deep."}
	}
	return depth
}

// keyParts returns the parts of a dotted key.
func (b *tomlBuilder) keyParts(n *unstable.Node) []*unstable.Node {
	var parts []*unstable.Node
	for it := n.Key(); it.Next(); {
		parts = append(parts, it.Node())
		if b.keys++; b.keys > maxTOMLKeys && b.err == nil {
			b.err = &Error{Pos: b.pos(it.Node()), Message: "The file has more than " +
				strconv.Itoa(maxTOMLKeys) + " keys."}
		}
	}
	return parts
}
