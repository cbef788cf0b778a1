package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

// step is one step of a script: words, and a script in brackets that stays text
// until it runs.
//
//	put k 1, tx(put "a b" 2, rollback), list prefix=k limit=1
//
// A word is bare or quoted as in Go, or begins bare and ends quoted.
type step struct {
	words []string
	body  string
}

var errScript = errors.New("probe: the script cannot be read")

// parse reads the first step of a script and returns what follows it.
func parse(script string) (s step, rest string, err error) {
	for rest = script; ; {
		rest = strings.TrimLeft(rest, " \t\n")
		switch {
		case rest == "":
			return s, "", nil
		case rest[0] == ',':
			return s, rest[1:], nil
		case rest[0] == '(':
			n, err := bracket(rest)
			if err != nil {
				return s, "", err
			}
			s.body, rest = rest[1:n], rest[n+1:]
		default:
			n := strings.IndexAny(rest, " \t\n,()\"")
			if n < 0 {
				n = len(rest)
			}
			word := rest[:n]
			if rest = rest[n:]; rest != "" && rest[0] == '"' {
				quoted, err := strconv.QuotedPrefix(rest)
				if err != nil {
					return s, "", errScript
				}
				text, err := strconv.Unquote(quoted)
				if err != nil {
					return s, "", errScript
				}
				word, rest = word+text, rest[len(quoted):]
			} else if word == "" {
				return s, "", errScript // a bracket that nothing opened
			}
			s.words = append(s.words, word)
		}
	}
}

// bracket returns where the bracket is that closes the first one.
func bracket(text string) (int, error) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i, nil
			}
		case '"':
			quoted, err := strconv.QuotedPrefix(text[i:])
			if err != nil {
				return 0, errScript
			}
			i += len(quoted) - 1
		}
	}
	return 0, errScript
}

// options reads words like limit=2.
func options(words []string) (o guest.ListOptions, stop int, err error) {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "prefix":
			o.Prefix = value
		case "start":
			o.Start = value
		case "after":
			o.StartAfter = value
		case "end":
			o.End = value
		case "reverse":
			o.Reverse = true
		case "limit":
			o.Limit, err = strconv.Atoi(value)
		case "stop":
			stop, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("probe: no list option %q", name)
		}
		if err != nil {
			return o, 0, err
		}
	}
	return o, stop, nil
}

// show writes a key so that it can be told from others.
func show(key string) string {
	if quoted := strconv.Quote(key); key == "" || quoted != `"`+key+`"` ||
		strings.ContainsAny(key, " ,;()=") {
		return quoted
	}
	return key
}

// describe writes an error's properties, name and text. Host tests do the same
// with what reaches them.
func describe(err error) string {
	e, ok := errors.AsType[*guest.Error](err)
	if !ok {
		return err.Error()
	}
	var flags []string
	for _, p := range []struct {
		set  bool
		name string
	}{{e.Remote, "remote"}, {e.Retryable, "retryable"}, {e.Overloaded, "overloaded"},
		{e.Reset, "reset"}} {
		if p.set {
			flags = append(flags, p.name)
		}
	}
	text := e.Message
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	if len(flags) > 0 {
		text = "[" + strings.Join(flags, " ") + "] " + text
	}
	return text
}
