package config

import (
	"bytes"
	"strings"
)

// Vars are variables of a file in dotenv's syntax, by name.
type Vars map[string]string

// ParseVars reads a file of variables the way the npm package dotenv does, which
// wrangler reads .dev.vars and .env with: NAME=value or NAME: value in a line, export
// before it or not, # for comments. A value in ', " or ` may go over several lines;
// in " alone \n and \r stand for what they stand for in Go, and no other escape is
// known, not even that of the quote itself, which only goes on with the value. What
// is no variable is a warning, which shows the place and never the text.
func ParseVars(name string, data []byte) (Vars, []Warning, error) {
	var r report
	// A BOM and Windows' line ends are of the file, not of the values.
	data = bytes.ReplaceAll(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	src := newSource(name, data)
	if len(data) > maxFileBytes {
		r.errorf(Pos{File: name}, "The file is larger than %d bytes.", maxFileBytes)
	} else if i := invalidUTF8(data); i >= 0 {
		r.errorf(src.pos(i), "syntax error: the file is not UTF-8")
	}
	if len(r.errs) > 0 {
		_, warns, err := r.result(nil)
		return nil, warns, err
	}
	s := varScanner{text: string(data), vars: Vars{}}
	for s.at < len(s.text) {
		start := s.at
		if !s.line() {
			r.warnf(src.pos(start), "The line is none of NAME=VALUE, and ignored.")
			s.skipLine()
		}
	}
	return s.vars, r.warns, nil
}

// varScanner stands at the start of a line.
type varScanner struct {
	text string
	at   int
	vars Vars
}

// line reads a line, or the lines of one variable, and reports whether it could.
func (s *varScanner) line() bool {
	s.skip(" \t")
	switch {
	case s.at == len(s.text):
		return true
	case strings.IndexByte("#\n\r", s.text[s.at]) >= 0:
		s.skipLine()
		return true
	}
	if rest, ok := strings.CutPrefix(s.text[s.at:], "export"); ok && rest != "" &&
		(rest[0] == ' ' || rest[0] == '\t') {
		s.at += len("export")
		s.skip(" \t")
	}
	start := s.at
	for s.at < len(s.text) && IsVarByte(s.text[s.at]) {
		s.at++
	}
	name := s.text[start:s.at]
	end := s.at
	s.skip(" \t")
	switch rest := s.text[s.at:]; {
	case name == "" || rest == "":
		return false
	case rest[0] == '=':
	case rest[0] == ':' && s.at == end && len(rest) > 1 && strings.IndexByte(" \t", rest[1]) >= 0:
	default:
		return false
	}
	s.at++
	s.skip(" \t")
	s.vars[name] = s.value()
	return true
}

// IsVarByte reports whether dotenv takes a byte as part of a variable's name.
func IsVarByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' ||
		'A' <= c && c <= 'Z'
}

// value reads a value and what follows it in its line.
func (s *varScanner) value() string {
	if s.at < len(s.text) && strings.IndexByte("'\"`", s.text[s.at]) >= 0 {
		if value, ok := s.quoted(s.text[s.at]); ok {
			return value
		}
	}
	rest, _, _ := strings.Cut(s.text[s.at:], "\n")
	s.skipLine()
	rest, _, _ = strings.Cut(rest, "#")
	value := strings.TrimSpace(rest)
	if value != "" && value[0] == '"' {
		value = unescape(value)
	}
	return value
}

// quoted reads a value in quotes. Where behind it there is more than a comment, it
// is none, and the line is taken as it stands.
func (s *varScanner) quoted(quote byte) (value string, ok bool) {
	for i := s.at + 1; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\' && i+1 < len(s.text) && s.text[i+1] == quote:
			i++
			continue
		case s.text[i] != quote:
			continue
		}
		line, _, _ := strings.Cut(s.text[i+1:], "\n")
		if tail := strings.TrimSpace(line); tail != "" && tail[0] != '#' {
			return "", false
		}
		value = s.text[s.at+1 : i]
		s.at = i + 1
		s.skipLine()
		if quote == '"' {
			value = unescape(value)
		}
		return value, true
	}
	return "", false
}

func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\n`, "\n"), `\r`, "\r")
}

func (s *varScanner) skip(set string) {
	for s.at < len(s.text) && strings.IndexByte(set, s.text[s.at]) >= 0 {
		s.at++
	}
}

func (s *varScanner) skipLine() {
	i := strings.IndexByte(s.text[s.at:], '\n')
	if i < 0 {
		s.at = len(s.text)
		return
	}
	s.at += i + 1
}
