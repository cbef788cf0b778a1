package guestkit

import (
	_ "embed" // Seed
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Script is what the guest is asked, a step in each line, in the words of cairn
// abi transcript and two more, fetch and alarm:
//
//	bind NAME CLASS              a binding; each class has one of its own name
//	var NAME JSON                a variable
//	worker METHOD URL [BODY]     a request to the Worker
//	call CLASS OBJECT METHOD [ARGS]
//	fetch CLASS OBJECT METHOD URL [BODY]
//	alarm CLASS OBJECT           an alarm goes off
//	advance DURATION             the clock moves on, and the alarms that are due go off
//	restart                      memory is forgotten
//
// A line that begins with = below a step is what its answer must be: the status
// and the body of a response, the JSON of a result, or error, the error's name
// and its message. An ellipsis (the character …) stands for any text. Empty
// lines and lines that begin with # are passed over.
type Script string

// Seed is the five requests of "Build a counter", and what else a counter of
// the seed must do.
//
//go:embed testdata/seed.txt
var Seed Script

// probe is what any guest is asked that came without a script.
func probe(classes []class, worker bool) Script {
	var b strings.Builder
	if worker {
		b.WriteString("worker GET http://localhost/\n" +
			"worker POST http://localhost/a/b?c=d%20e body\n" +
			"worker GET http://localhost/kit?name=kit&id=kit\n" +
			"worker POST http://localhost/increment?name=kit body\n")
	}
	for _, c := range classes {
		fmt.Fprintf(&b, "call %s kit noSuchMethod []\n"+
			"call %[1]s kit noSuchMethod [1,\"two\",{\"three\":[null]}]\n", c.name)
		if c.flags&classHasFetch != 0 {
			fmt.Fprintf(&b, "fetch %s kit GET http://localhost/\n", c.name)
		}
		if c.flags&classHasAlarm != 0 {
			fmt.Fprintf(&b, "alarm %s kit\n", c.name)
		}
	}
	return Script(b.String())
}

// step is a line of a script, and the answer it must get.
type step struct {
	line  string
	words []string
	want  string // "" is any
}

// plan is a script that has been read.
type plan struct {
	steps    []step
	bindings map[string]string
	vars     map[string]string
}

// verbs are the steps and how many words they have at least and at most.
var verbs = map[string][2]int{
	"bind": {3, 3}, "var": {3, 3}, "worker": {3, 4}, "call": {4, 5}, "fetch": {5, 6},
	"alarm": {3, 3}, "advance": {2, 2}, "restart": {1, 1},
}

// parse reads a script.
func (s Script) parse() (*plan, error) {
	p := &plan{bindings: map[string]string{}, vars: map[string]string{}}
	for n, line := range strings.Split(string(s), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n+1, line, err)
		}
	}
	return p, nil
}

func (p *plan) add(line string) error {
	if want, ok := strings.CutPrefix(line, "="); ok {
		if len(p.steps) == 0 {
			return errors.New("an answer stands below its step")
		}
		p.steps[len(p.steps)-1].want = strings.TrimSpace(want)
		return nil
	}
	verb, _, _ := strings.Cut(line, " ")
	bounds, ok := verbs[verb]
	if !ok {
		return errors.New("no such step; there are bind, var, worker, call, " +
			"fetch, alarm, advance and restart")
	}
	words := strings.SplitN(line, " ", bounds[1])
	if len(words) < bounds[0] {
		return fmt.Errorf("%s takes %d words at least", verb, bounds[0]-1)
	}
	switch verb {
	case "bind":
		p.bindings[words[1]] = words[2]
		return nil
	case "var":
		if !json.Valid([]byte(words[2])) {
			return errors.New("the value is not JSON")
		}
		p.vars[words[1]] = words[2]
		return nil
	case "call":
		if len(words) < 5 {
			words = append(words, "[]")
		}
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(words[4]), &list); err != nil {
			return errors.New("the arguments are no JSON array")
		}
	}
	p.steps = append(p.steps, step{line: line, words: words})
	return nil
}

// fits compares an answer with what it must be.
func (s *step) fits(answer string) bool {
	answer = strings.TrimSpace(answer)
	parts := strings.Split(s.want, "…")
	if s.want == "" || len(parts) == 1 {
		return s.want == "" || s.want == answer
	}
	rest, ok := strings.CutPrefix(answer, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		if ok {
			_, rest, ok = strings.Cut(rest, part)
		}
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}

// restarted is the plan with memory forgotten before each step.
func (p *plan) restarted() *plan {
	out := *p
	out.steps = nil
	for _, s := range p.steps {
		out.steps = append(out.steps, step{line: "restart", words: []string{"restart"}}, s)
	}
	return &out
}

// enlarged is the plan with a lot of bytes added to each request and call.
func (p *plan) enlarged(bytes int) *plan {
	out := *p
	out.steps = slices.Clone(p.steps)
	for i := range out.steps {
		s := &out.steps[i]
		s.want = ""
		s.words = slices.Clone(s.words)
		switch s.words[0] {
		case "worker":
			if len(s.words) == 3 {
				s.words = append(s.words, strings.Repeat("b", bytes))
			}
		case "call":
			last := strings.TrimSuffix(strings.TrimSpace(s.words[4]), "]")
			if strings.TrimSpace(last) == "[" {
				continue // an argument more would be the first
			}
			s.words[4] = last + `,"` + strings.Repeat("a", bytes) + `"]`
		}
	}
	return &out
}
