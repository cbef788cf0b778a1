package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// maxShown bounds what a trace shows of one value: enough to tell it from others.
const maxShown = 200

// trace writes down what guests and host say to each other: each export that is
// entered, and each host function that is called, indented by how deep they
// nest. A script is one chain of calls at a time, so one depth is enough; what
// runs behind an answer is waited for.
type trace struct {
	mu     sync.Mutex
	out    strings.Builder
	depth  int
	open   bool // the last line begins a call and has no end yet
	failed map[*hostfunc.Call]bool
	later  map[*hostfunc.Call]later
	quiet  chan struct{} // closed and replaced when later gets empty
}

// later is what a guest has left for after its answer.
type later struct{ asked, runs bool }

func newTrace() *trace {
	return &trace{failed: map[*hostfunc.Call]bool{}, later: map[*hostfunc.Call]later{},
		quiet: make(chan struct{})}
}

// take returns what was written since the last take, once nothing runs any more.
func (t *trace) take(ctx context.Context) (string, error) {
	for {
		t.mu.Lock()
		if len(t.later) == 0 {
			text := t.out.String()
			t.out.Reset()
			t.mu.Unlock()
			return text, nil
		}
		quiet := t.quiet
		t.mu.Unlock()
		select {
		case <-quiet:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for background_run: %w", ctx.Err())
		}
	}
}

func (t *trace) begin(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.out.WriteByte('\n')
	}
	t.out.WriteString(strings.Repeat("  ", t.depth) + "==> " + text)
	t.open = true
	t.depth++
}

func (t *trace) end(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.depth--
	if t.open {
		t.out.WriteString("  ")
	} else {
		t.out.WriteString(strings.Repeat("  ", t.depth))
	}
	t.out.WriteString("<== " + text + "\n")
	t.open = false
}

// wrap is host.Options.WrapImports.
func (t *trace) wrap(name string, run hostfunc.Function) hostfunc.Function {
	params := abi.ImportNamed(name).Args()
	return func(c *hostfunc.Call, args []uint64) (status abi.Status) {
		given := append([]uint64(nil), args...) // the result takes the place of the first
		t.begin(name + "(" + t.arguments(c, params, given) + ")")
		ended := "the call" // a panic, such as that of object_abort
		defer func() { t.end(ended) }()
		status = run(c, args)
		ended = status.String() + t.result(c, name, params, given, status)
		t.mu.Lock()
		t.failed[c] = status == abi.StatusError
		t.mu.Unlock()
		if name == abi.FuncBackgroundRequest && status == abi.StatusOK {
			t.settle(c, func(l *later) { l.asked = true })
		}
		return status
	}
}

// arguments shows what a guest gives to a function.
func (t *trace) arguments(c *hostfunc.Call, params []abi.Arg, given []uint64) string {
	var shown []string
	kind := -1
	for _, a := range params {
		value := given[a.At]
		switch a.Kind {
		case abi.KindInput:
			length := uint32(given[a.At+1])
			view, ok := c.Memory.Read(uint32(value), length)
			switch {
			case a.Name == "":
				shown = append(shown, fmt.Sprintf("%d bytes", length))
			case !ok:
				shown = append(shown, a.Name+"=outside memory")
			default:
				shown = append(shown, a.Name+"="+t.input(a.Name, kind, view))
			}
		case abi.KindBuffer:
			shown = append(shown, fmt.Sprintf("buf=%d bytes", uint32(given[a.At+1])))
		case abi.KindMillis:
			shown = append(shown, fmt.Sprintf("%s=%d", a.Name, int64(value)))
		case abi.KindNumber:
			switch {
			case a.Name == "target_kind":
				kind = int(uint32(value))
			case a.Name == "level":
				shown = append(shown, fmt.Sprintf("%s=%d", a.Name, int32(value)))
			case a.Name != "flags" || uint32(value) != 0:
				shown = append(shown, fmt.Sprintf("%s=%d", a.Name, uint32(value)))
			}
		}
	}
	return strings.Join(shown, ", ")
}

// input decodes a range that a function reads.
func (t *trace) input(name string, targetKind int, b []byte) string {
	switch name {
	case "request":
		return showRequest(b)
	case "options":
		return showList(b)
	case "target":
		if targetKind == abi.TargetID {
			return fmt.Sprintf("%x", b)
		}
	}
	return show(b)
}

// result shows what a function gives to the guest besides its status.
func (t *trace) result(c *hostfunc.Call, name string, params []abi.Arg, given []uint64,
	status abi.Status) string {
	at := func(kind abi.Kind) (address uint32, ok bool) {
		for _, a := range params {
			if a.Kind == kind {
				return uint32(given[a.At]), true
			}
		}
		return 0, false
	}
	lenPtr, hasLen := at(abi.KindLength)
	length, _ := c.Memory.ReadUint32Le(lenPtr)
	if hasLen && status == abi.StatusTooSmall {
		return fmt.Sprintf(" %d bytes", length)
	}
	if status != abi.StatusOK {
		return ""
	}
	if ptr, ok := at(abi.KindID); ok {
		id, _ := c.Memory.Read(ptr, abi.IDBytes)
		return fmt.Sprintf(" %x", id)
	}
	if ptr, ok := at(abi.KindHandle); ok {
		handle, _ := c.Memory.ReadUint32Le(ptr)
		return fmt.Sprintf(" handle=%d", handle)
	}
	if ptr, ok := at(abi.KindTime); ok {
		ms, _ := c.Memory.ReadUint64Le(ptr)
		return fmt.Sprintf(" time_ms=%d", int64(ms))
	}
	ptr, _ := at(abi.KindBuffer)
	value, ok := c.Memory.Read(ptr, length)
	if !hasLen || !ok {
		return ""
	}
	t.mu.Lock()
	failed := t.failed[c]
	t.mu.Unlock()
	switch name {
	case abi.FuncStubFetch, abi.FuncFetchSend:
		return " " + showResponse(value)
	case abi.FuncListNext:
		return " " + showEntries(value)
	case abi.FuncResultRead:
		if failed {
			return " " + showError(value)
		}
	}
	return " " + show(value)
}

// enter is host.Options.EnterExports.
func (t *trace) enter(c *hostfunc.Call, export string,
	enter func() (abi.Status, error)) (abi.Status, error) {
	if export == abi.ExportBackgroundRun {
		t.settle(c, func(l *later) { *l = later{runs: true} })
	}
	t.begin(export + "(" + showInput(export, c.Input) + ")")
	status, err := enter()
	switch {
	case err != nil:
		text, _, _ := strings.Cut(err.Error(), "\n")
		t.end(text)
	case status == abi.StatusError:
		t.end(status.String() + " " + showError(c.Output))
	default:
		t.end(strings.TrimSpace(status.String() + " " + showOutput(export, c.Output)))
	}
	t.settle(c, func(l *later) {
		if err != nil {
			l.asked = false // the instance is broken
		}
		if err != nil || export == abi.ExportBackgroundRun {
			l.runs = false
		}
	})
	return status, err
}

// settle changes what a guest has left, and tells who waits for nothing to be.
func (t *trace) settle(c *hostfunc.Call, change func(*later)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.later[c]
	change(&l)
	t.later[c] = l
	if l == (later{}) {
		delete(t.later, c)
	}
	if len(t.later) == 0 {
		close(t.quiet)
		t.quiet = make(chan struct{})
	}
}

// showInput decodes the input of an export.
func showInput(export string, b []byte) string {
	switch export {
	case abi.ExportWorkerFetch, abi.ExportObjectFetch:
		return showRequest(b)
	case abi.ExportObjectInit:
		var o wire.Object
		if wire.DecodeObject(b, &o) == nil {
			name := fmt.Sprintf("id=%s", o.ID)
			if o.Named {
				name = "name=" + show(o.Name)
			}
			return string(o.Class) + ", " + name
		}
	case abi.ExportObjectCall:
		var call wire.Call
		if wire.DecodeCall(b, &call) == nil {
			return string(call.Method) + ", " + clip(string(call.Args))
		}
	case abi.ExportObjectAlarm:
		var a wire.Alarm
		if wire.DecodeAlarm(b, &a) == nil {
			return fmt.Sprintf("scheduled_ms=%d, retry_count=%d", a.ScheduledMS, a.RetryCount)
		}
	}
	return show(b)
}

// showOutput decodes the output of an export that gave OK.
func showOutput(export string, b []byte) string {
	switch export {
	case abi.ExportWorkerFetch, abi.ExportObjectFetch:
		return showResponse(b)
	case abi.ExportObjectCall:
		return clip(string(b))
	}
	return show(b)
}

func showRequest(b []byte) string {
	var r wire.Request
	if wire.DecodeRequest(b, &r) != nil {
		return "malformed " + show(b)
	}
	text := string(r.Method) + " " + string(r.URL)
	if len(r.Body) > 0 {
		text += ", " + show(r.Body)
	}
	return text
}

func showResponse(b []byte) string {
	var r wire.Response
	if wire.DecodeResponse(b, &r) != nil {
		return "malformed " + show(b)
	}
	return fmt.Sprintf("%d %s", r.Status, show(r.Body))
}

func showError(b []byte) string {
	var e wire.Error
	if wire.DecodeError(b, &e) != nil {
		return "malformed " + show(b)
	}
	if len(e.Name) == 0 {
		return clip(string(e.Message))
	}
	return clip(string(e.Name) + ": " + string(e.Message))
}

func showList(b []byte) string {
	var l wire.List
	if wire.DecodeList(b, &l) != nil {
		return "malformed " + show(b)
	}
	text := "{prefix=" + show(l.Prefix)
	for _, f := range []struct {
		flag  byte
		name  string
		value []byte
	}{
		{abi.ListHasStart, "start", l.Start}, {abi.ListHasStartAfter, "start_after", l.StartAfter},
		{abi.ListHasEnd, "end", l.End},
	} {
		if l.Flags&f.flag != 0 {
			text += ", " + f.name + "=" + show(f.value)
		}
	}
	if l.Flags&abi.ListHasLimit != 0 {
		text += fmt.Sprintf(", limit=%d", l.Limit)
	}
	if l.Flags&abi.ListReverse != 0 {
		text += ", reverse"
	}
	return text + "}"
}

func showEntries(b []byte) string {
	var pairs []string
	err := wire.Header(b).Each(func(key, value []byte) bool {
		pairs = append(pairs, show(key)+": "+show(value))
		return true
	})
	if err != nil {
		return "malformed " + show(b)
	}
	return clip("{" + strings.Join(pairs, ", ") + "}")
}

// show writes bytes down: JSON as it is, other text quoted, the rest as hex.
func show(b []byte) string {
	switch {
	case len(b) == 0:
		return ""
	case json.Valid(b) && !strings.ContainsAny(string(b), "\r\n"):
		return clip(string(b))
	case utf8.Valid(b):
		return clip(fmt.Sprintf("%q", b))
	}
	return clip(fmt.Sprintf("%x", b))
}

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:maxShown], ""), len(s))
}
