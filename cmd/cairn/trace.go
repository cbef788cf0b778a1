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
	return &trace{failed: map[*hostfunc.Call]bool{}, later: map[*hostfunc.Call]later{}, quiet: make(chan struct{})}
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
	params := hostfunc.Params(name)
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
func (t *trace) arguments(c *hostfunc.Call, params []string, args []uint64) string {
	var shown []string
	kind := -1
	for i, p := range params {
		name, isRange := strings.CutSuffix(p, "_ptr")
		switch {
		case p == "ptr":
			shown = append(shown, fmt.Sprintf("%d bytes", uint32(args[i+1])))
		case p == "buf_ptr":
			shown = append(shown, fmt.Sprintf("buf=%d bytes", uint32(args[i+1])))
		case isRange && i+1 < len(params) && params[i+1] == name+"_len":
			view, ok := c.Memory.Read(uint32(args[i]), uint32(args[i+1]))
			if !ok {
				shown = append(shown, name+"=outside memory")
				continue
			}
			shown = append(shown, name+"="+t.input(name, kind, view))
		case isRange, strings.HasSuffix(p, "_len"), p == "len", p == "buf_cap":
		case p == "target_kind":
			kind = int(uint32(args[i]))
		case p == "level":
			shown = append(shown, fmt.Sprintf("%s=%d", p, int32(args[i])))
		case p == "time_ms":
			shown = append(shown, fmt.Sprintf("%s=%d", p, int64(args[i])))
		case p == "flags" && uint32(args[i]) == 0:
		default:
			shown = append(shown, fmt.Sprintf("%s=%d", p, uint32(args[i])))
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
func (t *trace) result(c *hostfunc.Call, name string, params []string, args []uint64, status abi.Status) string {
	arg := func(param string) (uint32, bool) {
		for i, p := range params {
			if p == param {
				return uint32(args[i]), true
			}
		}
		return 0, false
	}
	lenPtr, hasLen := arg("len_ptr")
	length, _ := c.Memory.ReadUint32Le(lenPtr)
	if hasLen && status == abi.StatusTooSmall {
		return fmt.Sprintf(" %d bytes", length)
	}
	if status != abi.StatusOK {
		return ""
	}
	if ptr, ok := arg("id_ptr"); ok {
		id, _ := c.Memory.Read(ptr, abi.IDBytes)
		return fmt.Sprintf(" %x", id)
	}
	if ptr, ok := arg("handle_ptr"); ok {
		handle, _ := c.Memory.ReadUint32Le(ptr)
		return fmt.Sprintf(" handle=%d", handle)
	}
	if ptr, ok := arg("time_ptr"); ok {
		ms, _ := c.Memory.ReadUint64Le(ptr)
		return fmt.Sprintf(" time_ms=%d", int64(ms))
	}
	ptr, _ := arg("buf_ptr")
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
func (t *trace) enter(c *hostfunc.Call, export string, enter func() (abi.Status, error)) (abi.Status, error) {
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
		{abi.ListHasStart, "start", l.Start}, {abi.ListHasStartAfter, "start_after", l.StartAfter}, {abi.ListHasEnd, "end", l.End},
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
