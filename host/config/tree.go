package config

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds how deep values nest, and so the recursion of everything that
// walks a tree. The schema needs five levels; the rest is room for vars.
const maxDepth = 100

// source is a file's text, without its byte order mark, and where lines start.
type source struct {
	file  string
	data  []byte
	lines []int
}

func newSource(file string, data []byte) *source {
	s := &source{file: file, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// pos returns the place of an offset; one outside the text is moved into it.
func (s *source) pos(offset int) Pos {
	offset = min(max(offset, 0), len(s.data))
	line := sort.SearchInts(s.lines, offset+1)
	return Pos{File: s.file, Line: line, Col: offset - s.lines[line-1] + 1}
}

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// node is a value of either format.
type node struct {
	kind kind
	pos  Pos
	// text is a string's content, or the JSON of a number, bool or null.
	text    string
	elems   []*node
	members []member
	// inline says that TOML has the array or object after a =, where no header can
	// add to it.
	inline bool
	// index finds members by key, for files with many keys.
	index map[string]int
}

type member struct {
	key   string
	pos   Pos // of the key
	value *node
}

// find returns the member with the key, or nil. Any kind of node has none.
func (n *node) find(key string) *member {
	i, ok := n.index[key]
	if !ok {
		return nil
	}
	return &n.members[i]
}

// get returns the value of the key, or nil.
func (n *node) get(key string) *node {
	if m := n.find(key); m != nil {
		return m.value
	}
	return nil
}

// set gives the key a value. An older member with that key is replaced.
func (n *node) set(key string, pos Pos, value *node) {
	if m := n.find(key); m != nil {
		m.pos, m.value = pos, value
		return
	}
	if n.index == nil {
		n.index = make(map[string]int)
	}
	n.index[key] = len(n.members)
	n.members = append(n.members, member{key, pos, value})
}

// appendJSON appends the value as compact JSON. Numbers keep their digits.
func (n *node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case kindString:
		return appendQuoted(dst, n.text)
	case kindArray:
		dst = append(dst, '[')
		for i, e := range n.elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.appendJSON(dst)
		}
		return append(dst, ']')
	case kindObject:
		dst = append(dst, '{')
		for i, m := range n.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, m.key), ':')
			dst = m.value.appendJSON(dst)
		}
		return append(dst, '}')
	default:
		return append(dst, n.text...)
	}
}

// appendQuoted appends s as a JSON string, with <, > and & as they are: the
// text also goes into messages.
func appendQuoted(dst []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.AppendQuote(dst, s) // not reached: strings encode
	}
	return append(dst, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

func quoted(s string) string { return string(appendQuoted(nil, s)) }

// maxShownBytes bounds a value or name inside a message.
const maxShownBytes = 200

// shown returns the value as messages print it: JSON, as JavaScript writes it.
func (n *node) shown() string {
	if n.kind == kindNumber {
		if f, err := strconv.ParseFloat(n.text, 64); err == nil {
			if text, err := json.Marshal(f); err == nil {
				return string(text)
			}
		}
	}
	return clip(string(n.appendJSON(nil)))
}

// clip cuts s for a message, between two runes.
func clip(s string) string {
	if len(s) <= maxShownBytes {
		return s
	}
	end := maxShownBytes
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
