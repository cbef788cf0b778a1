package host_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// parseSteps turns what a transcript says into what testdata/chain reads: calls
// of objects, with the steps that each of them runs.
//
//	A(put 1, B(get)) try C(throw oops)
//	[["call","A",["put",1],["call","B",["get"]]],["try","C",["throw","oops"]]]
func parseSteps(text string) (string, error) {
	p := stepParser{rest: text}
	steps := p.list()
	if p.rest != "" {
		return "", fmt.Errorf("cannot read %q", p.rest)
	}
	b, err := json.Marshal(steps)
	return string(b), err
}

type stepParser struct{ rest string }

// list reads steps to the end or to a closing bracket.
func (p *stepParser) list() []any {
	steps := []any{}
	for p.rest = strings.TrimLeft(p.rest, " ,"); p.rest != "" &&
		p.rest[0] != ')'; p.rest = strings.TrimLeft(p.rest, " ,") {
		steps = append(steps, p.step())
	}
	return steps
}

func (p *stepParser) step() any {
	end := strings.IndexAny(p.rest+",", "(),")
	words := strings.Fields(p.rest[:end])
	p.rest = p.rest[end:]
	if len(words) == 0 {
		words = []string{""} // the guest refuses it
	}
	step := []any{}
	if !strings.HasPrefix(p.rest, "(") {
		step = append(step, words[0])
		if len(words) > 1 {
			step = append(step, strings.Join(words[1:], " "))
		}
		return step
	}
	verb := "call"
	if words[0] == "try" && len(words) > 1 {
		verb, words = "try", words[1:]
	}
	step = append(step, verb, strings.Join(words, " "))
	p.rest = p.rest[1:]
	step = append(step, p.list()...)
	p.rest = strings.TrimPrefix(p.rest, ")")
	return step
}

func TestParseSteps(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A(put 1, B(get))", `[["call","A",["put","1"],["call","B",["get"]]]]`},
		{"A(get) try B(throw not today) throw so",
			`[["call","A",["get"]],["try","B",["throw","not today"]],["throw","so"]]`},
	} {
		if got, err := parseSteps(c.text); got != c.want || err != nil {
			t.Errorf("parseSteps(%q) = %s, %v, want %s", c.text, got, err, c.want)
		}
	}
	if _, err := parseSteps("A(get))"); err == nil {
		t.Error("a bracket too many was accepted")
	}
}
