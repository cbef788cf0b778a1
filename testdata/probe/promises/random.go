package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Random runs random calls of a few objects (storage, transactions, calls between
// them, errors, aborts, evictions and restarts) beside plain maps. evict lets all
// objects forget their memory.
func Random(t *testing.T, h Host, seed uint64, calls int, evict func()) {
	m := &model{Rand: rand.New(rand.NewPCG(seed, 0)), objects: map[string]*modelObject{}}
	for _, name := range []string{"A", "B", "C"} {
		m.objects[name] = &modelObject{name: name,
			modelState: modelState{data: map[string]string{}}}
	}
	for i := range calls {
		switch m.IntN(200) {
		case 0:
			h.Restart()
			m.forget()
		case 1:
			evict()
			m.forget()
		}
		name := m.name()
		script, want := m.call(name)
		if got := h.Run(name, script); got != want {
			t.Fatalf("call %d, of %s: %s\n got %s\nwant %s", i, name, script, got, want)
		}
	}
	h.Restart()
	for name, o := range m.objects {
		if got, want := h.Run(name, "entries, getalarm"),
			o.entries(modelList{})+", "+o.alarmText(); got != want {
			t.Errorf("%s in the end: got %s, want %s", name, got, want)
		}
	}
}

// model is what the objects should hold, and where randomness comes from.
type model struct {
	*rand.Rand
	objects map[string]*modelObject
}

// modelObject is one object: what its running call sees, and what was there when
// the part of the call began that an abort takes back.
type modelObject struct {
	modelState
	name    string
	flushed modelState
	count   int // in memory
}

type modelState struct {
	data  map[string]string
	alarm int // from now on; 0 is none
}

func (s modelState) clone() modelState { s.data = maps.Clone(s.data); return s }

func (m *model) name() string { return []string{"A", "B", "C"}[m.IntN(3)] }

func (m *model) forget() {
	for _, o := range m.objects {
		o.count = 0
	}
}

// script is a script as it grows, and what it should print.
type script struct {
	steps, out []string
	fails      string // the error that ends it
	aborts     bool
}

func (s *script) add(step, out string) {
	s.steps = append(s.steps, step)
	if out != "" {
		s.out = append(s.out, out)
	}
}

func (s *script) text() string  { return strings.Join(s.steps, ", ") }
func (s *script) print() string { return strings.Join(s.out, ", ") }

// call makes up a call of an object and what it should answer.
func (m *model) call(name string) (text, want string) {
	o := m.objects[name]
	o.flushed = o.modelState.clone()
	s := &script{}
	m.steps(s, o, 0, map[string]bool{name: true})
	switch {
	case s.aborts:
		return s.text(), "[remote reset] " + s.fails
	case s.fails != "":
		return s.text(), "[remote] " + s.fails
	}
	return s.text(), s.print()
}

// steps adds some steps of an object, which can be inside depth transactions.
func (m *model) steps(s *script, o *modelObject, depth int, called map[string]bool) {
	for range 1 + m.IntN(6) {
		switch n := m.IntN(100); {
		case n < 64:
			m.storageStep(s, o, depth)
		case n < 74:
			if m.transaction(s, o, depth, called); s.fails != "" {
				return
			}
		case n < 80 && depth == 0:
			m.callStep(s, o, called)
		case n < 84 && depth == 0:
			o.modelState = modelState{data: map[string]string{}}
			s.add("deleteall", "")
		case n < 87 && depth == 0:
			o.flushed = o.modelState.clone()
			s.add("sync", "")
		case n < 92:
			o.count++
			s.add("count", strconv.Itoa(o.count))
		case n < 94:
			s.fails = fmt.Sprint("no ", m.IntN(10))
			s.add(fmt.Sprintf("throw %q", s.fails), "")
			return
		case n < 95:
			s.fails, s.aborts = fmt.Sprint("stop ", m.IntN(10)), true
			s.add(fmt.Sprintf("abort %q", s.fails), "")
			o.modelState, o.count = o.flushed.clone(), 0
			return
		}
	}
}

// transaction adds one that is committed, taken back, or fails and is caught.
func (m *model) transaction(s *script, o *modelObject, depth int, called map[string]bool) {
	if depth >= 3 {
		return
	}
	before, inner := o.modelState.clone(), &script{}
	m.steps(inner, o, depth+1, called)
	switch {
	case inner.aborts:
		s.add("tx("+inner.text()+")", "")
		s.fails, s.aborts = inner.fails, true
	case inner.fails != "":
		o.modelState = before
		s.add("try(tx("+inner.text()+"))", inner.fails)
	case m.IntN(3) == 0:
		o.modelState = before
		s.add("tx("+inner.text()+", rollback)", "rolled back")
	default:
		s.add("tx("+inner.text()+")", inner.print())
	}
}

// callStep adds a call of another object, which cannot call back.
func (m *model) callStep(s *script, o *modelObject, called map[string]bool) {
	name := m.name()
	if called[name] {
		return
	}
	other := m.objects[name]
	o.flushed, other.flushed = o.modelState.clone(), other.modelState.clone()
	called[name] = true
	inner := &script{}
	m.steps(inner, other, 0, called)
	delete(called, name)
	want := inner.print()
	if inner.aborts {
		want = "[remote reset] " + inner.fails
	} else if inner.fails != "" {
		want = "[remote] " + inner.fails
	}
	s.add("try(call "+name+"("+inner.text()+"))", want)
}

// key draws one of few, so that most exist at some time.
func (m *model) key() string {
	return []string{"a", "ab", "abc", "b", "ba", "c", "z"}[m.IntN(7)]
}

func (m *model) storageStep(s *script, o *modelObject, depth int) {
	key := m.key()
	switch m.IntN(10) {
	case 0, 1:
		value, have := o.data[key]
		if !have {
			value = "none"
		}
		s.add("get "+key, value)
	case 2, 3, 4:
		o.data[key] = strconv.Itoa(m.IntN(1000))
		option := ""
		if m.IntN(5) == 0 {
			option = " unconfirmed"
		}
		s.add("put "+key+" "+o.data[key]+option, "")
	case 5:
		_, have := o.data[key]
		delete(o.data, key)
		s.add("delete "+key, strconv.FormatBool(have))
	case 6:
		second := m.key()
		n := 0
		for _, k := range []string{key, second} {
			if _, have := o.data[k]; have {
				n++
			}
			delete(o.data, k)
		}
		s.add("deletemany "+key+" "+second, strconv.Itoa(n))
	case 7:
		second := m.key()
		o.data[key], o.data[second] = "7", "7"
		s.add("putmany "+key+"=7 "+second+"=7", "")
	case 8:
		m.alarmStep(s, o)
	default:
		l := m.list()
		s.add("entries"+l.text(), o.entries(l))
	}
}

func (m *model) alarmStep(s *script, o *modelObject) {
	switch m.IntN(3) {
	case 0:
		o.alarm = 1 + m.IntN(1_000_000)
		s.add(fmt.Sprintf("setalarm +%d", o.alarm), "")
	case 1:
		o.alarm = 0
		s.add("deletealarm", "")
	default:
		s.add("getalarm", o.alarmText())
	}
}

func (s modelState) alarmText() string {
	if s.alarm == 0 {
		return "none"
	}
	return fmt.Sprintf("%+d", s.alarm)
}

// modelList are options of a list.
type modelList struct {
	prefix, start, after, end string
	limit                     int
	reverse                   bool
}

func (m *model) list() (l modelList) {
	for _, option := range []*string{&l.prefix, &l.start, &l.end} {
		if m.IntN(3) == 0 {
			*option = m.key()
		}
	}
	if l.start != "" && m.IntN(2) == 0 {
		l.start, l.after = "", l.start
	}
	l.reverse = m.IntN(2) == 0
	l.limit = m.IntN(4)
	return l
}

func (l modelList) text() (text string) {
	for _, o := range []struct{ name, value string }{{"prefix", l.prefix}, {"start", l.start},
		{"after", l.after}, {"end", l.end}} {
		if o.value != "" {
			text += " " + o.name + "=" + o.value
		}
	}
	if l.limit > 0 {
		text += fmt.Sprint(" limit=", l.limit)
	}
	if l.reverse {
		text += " reverse"
	}
	return text
}

func (s modelState) entries(l modelList) string {
	option, bound := "start", l.start
	if l.after != "" {
		option, bound = "after", l.after
	}
	text := listed(slices.Sorted(maps.Keys(s.data)), l.prefix, option, bound, l.end,
		l.limit, l.reverse)
	if text == "empty" {
		return text
	}
	keys := strings.Fields(text)
	for i, key := range keys {
		keys[i] = key + "=" + s.data[key]
	}
	return strings.Join(keys, " ")
}
