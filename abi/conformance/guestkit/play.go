package guestkit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// way is how a script is played.
type way struct {
	name       string
	unprepared bool // without image_prepare
	nested     bool // with nested entries
	fault      *fault
}

// String says how.
func (w way) String() string {
	if f := w.fault; f != nil {
		return fmt.Sprintf("%s answers %v, in %s", f.function.Name, f.status, f.export)
	}
	return w.name
}

// outcome is how a play went, a line for each step.
type outcome struct {
	from    int // the step that it began with
	answers []string
	traps   []int                 // entries that had trapped by its end
	warned  []int                 // records that had been logged as warnings
	calls   []int                 // imports that had been called
	largest []uint32              // bytes of the largest memory by then
	before  []map[string]snapshot // what each object had stored before it
	world   *world
}

// failed reports whether a step was answered with a failure.
func (o *outcome) failed(k int) bool {
	return strings.HasPrefix(o.answers[k], "error ") || strings.HasPrefix(o.answers[k], "5")
}

// trapped reports whether an entry trapped in a step.
func (o *outcome) trapped(k int) bool {
	return o.traps[k] > 0 && (k == 0 || o.traps[k] > o.traps[k-1])
}

// play plays a script.
func (j *judge) play(p *plan, how way) *outcome { return j.playPart(p, how, 0, len(p.steps), nil) }

// playPart plays the steps from one on and up to another, with what objects have
// stored by then. In what it returns the steps begin with 0.
func (j *judge) playPart(p *plan, how way, from, to int, stored map[string]snapshot) *outcome {
	w := newWorld(j, p, how)
	for key, s := range stored {
		class, name, _ := strings.Cut(key, "/")
		o := w.object(class, name)
		o.stored, o.alarm = maps.Clone(s.stored), s.alarm
	}
	out := &outcome{world: w, from: from}
	j.report.Plays++
	for _, s := range p.steps[from:to] {
		out.before = append(out.before, w.snapshot())
		w.step = s.line
		answer := w.do(s)
		if j.hangs {
			return out
		}
		out.answers = append(out.answers, answer)
		out.traps = append(out.traps, w.traps)
		out.warned = append(out.warned, w.warned+w.printed())
		out.calls = append(out.calls, len(w.calls))
		out.largest = append(out.largest, w.largest)
		if how.fault == nil && !s.fits(answer) {
			w.wrong("", "the answer is %.300s\n  want: %.300s", answer, s.want)
		}
	}
	w.step = ""
	w.close()
	return out
}

// snapshot copies what objects have stored.
func (w *world) snapshot() map[string]snapshot {
	all := map[string]snapshot{}
	for key, o := range w.objects {
		all[key] = snapshot{maps.Clone(o.stored), o.alarm}
	}
	return all
}

// printed counts what guests wrote to standard error and output.
func (w *world) printed() (n int) {
	for _, in := range w.started {
		n += in.output.Len()
	}
	return n
}

// do plays a step and returns its answer in words.
func (w *world) do(s step) string {
	switch words := s.words; words[0] {
	case "worker":
		in, err := w.start(nil)
		if err != nil {
			return "500 " + err.Error()
		}
		output, failed := w.enter(in, abi.ExportWorkerFetch, request(words[1:]))
		return response(output, failed)
	case "call":
		o := w.object(w.className(words[1]), words[2])
		output, failed := w.deliver(o, abi.ExportObjectCall,
			wire.AppendCall(nil, words[3], words[4]))
		if failed != nil {
			return failed.Error()
		}
		return string(output)
	case "fetch":
		o := w.object(w.className(words[1]), words[2])
		return response(w.deliver(o, abi.ExportObjectFetch, request(words[3:])))
	case "alarm":
		return w.ring(w.object(w.className(words[1]), words[2]))
	case "advance":
		return w.advance(words[1])
	case "restart":
		for _, o := range w.objects {
			o.instance = nil
		}
	}
	return ""
}

func (w *world) className(binding string) string {
	name, _ := w.space([]byte(binding))
	return name
}

// request makes a Request of a method, a URL and perhaps a body.
func request(words []string) []byte {
	header := wire.AppendHeader(wire.AppendHeader(nil, "Host", "localhost"), "Accept", "*/*")
	return wire.AppendRequest(nil, &wire.Request{Method: []byte(words[0]), URL: []byte(words[1]),
		Header: header, Body: []byte(strings.Join(words[2:], ""))})
}

func response(output []byte, failed *failure) string {
	var m wire.Response
	if failed != nil {
		return "500 " + failed.Error()
	}
	if wire.DecodeResponse(output, &m) != nil {
		return "500 no response"
	}
	return fmt.Sprintf("%d %s", m.Status, m.Body)
}

// ring lets an alarm of an object go off.
func (w *world) ring(o *object) string {
	scheduled := o.alarm
	if scheduled == 0 {
		scheduled = w.now
	}
	o.alarm = 0
	_, failed := w.deliver(o, abi.ExportObjectAlarm,
		wire.AppendAlarm(nil, &wire.Alarm{ScheduledMS: scheduled}))
	if failed != nil {
		return failed.Error()
	}
	return ""
}

// advance moves the clock. Alarms ring in the order of their times, each once.
func (w *world) advance(by string) string {
	d, err := time.ParseDuration(by)
	if err != nil {
		return "error Error no duration"
	}
	w.now += d.Milliseconds()
	var rung []string
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		if o := w.objects[key]; o.alarm != 0 &&
			o.alarm <= max(w.now, time.Now().Add(d).UnixMilli()) {
			rung = append(rung, w.ring(o))
		}
	}
	return strings.Join(rung, " ")
}
