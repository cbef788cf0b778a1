package guest

import (
	"fmt"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// instance answers the exports: for the Worker, or for one object. In
// WebAssembly a program has one.
type instance struct {
	class  *class // nil until object_init
	object any    // what the class's constructor returned
	state  State
	env    Env

	// frames are at rest. An export takes one and gives it back, so a nested
	// one has its own; after the outermost has returned all are here again.
	frames []*frame

	first first
}

// first is what the first call of an instance would otherwise have somewhere
// else. All of an instance fits one page of memory: a page that a call writes is
// one that the host copies. What has no pointers is at its end, where the garbage
// collector need not look.
type first struct {
	frames   [1]*frame
	frame    frame
	args     [4][]byte
	buffers  [4][]byte
	stub     Stub
	response Response
	body     [192]byte
	in, out  [896]byte
	buffer   [newBufferBytes]byte
}

// frame is what one run of an export needs, kept to be used again.
type frame struct {
	in      []byte // the input; requests and arguments are views of it
	call    call
	request Request
	url     url.URL
}

func init() {
	hostcall.Install(func() hostcall.Instance { return newInstance() })
}

func newInstance() *instance {
	in := new(instance)
	in.state.Storage, in.state.env = &in.state.storage, &in.env
	first := &in.first
	first.frame.in = first.in[:0]
	first.frame.call = call{args: first.args[:0], out: first.out[:0]}
	in.frames = append(first.frames[:0], &first.frame)
	return in
}

func (in *instance) take() *frame {
	if n := len(in.frames); n > 0 {
		f := in.frames[n-1]
		in.frames = in.frames[:n-1]
		return f
	}
	return &frame{
		in:   make([]byte, 0, newBufferBytes),
		call: call{args: make([][]byte, 0, 4), out: make([]byte, 0, newBufferBytes)},
	}
}

// give takes f back. A frame that held something large is left to the garbage
// collector, and so is one that a panic went through.
func (in *instance) give(f *frame) {
	if cap(f.in) > maxBufferBytes || cap(f.call.out) > maxBufferBytes {
		return
	}
	f.call.args, f.call.out = f.call.args[:0], f.call.out[:0]
	in.frames = append(in.frames, f)
}

// input reads the input of the running export.
func (f *frame) input(n int) error {
	f.in = sized(f.in, n)
	if s := hostcall.InputRead(f.in); s != abi.StatusOK {
		return statusError(abi.FuncInputRead, s)
	}
	return nil
}

// WorkerFetch is [abi.ExportWorkerFetch].
func (in *instance) WorkerFetch(inputLen int) (status abi.Status) {
	defer recovered(&status)
	f := in.take()
	err := in.serve(f, inputLen, func(req *Request) (*Response, error) {
		if worker == nil {
			return nil, typeError("guest: the program has no Worker")
		}
		return worker(req, &in.env)
	})
	in.give(f)
	return failed(err)
}

// ObjectFetch is [abi.ExportObjectFetch].
func (in *instance) ObjectFetch(inputLen int) (status abi.Status) {
	defer recovered(&status)
	f := in.take()
	err := in.serve(f, inputLen, func(req *Request) (*Response, error) {
		if in.class == nil || in.class.fetch == nil {
			return nil, typeError("Handler does not export a fetch() function.")
		}
		return in.class.fetch(in.object, req)
	})
	in.give(f)
	return failed(err)
}

// serve answers a request.
func (in *instance) serve(f *frame, inputLen int, handler func(*Request) (*Response, error)) error {
	if err := f.input(inputLen); err != nil {
		return err
	}
	if err := decodeRequest(f.in, &f.request, &f.url); err != nil {
		return err
	}
	resp, err := handler(&f.request)
	if err != nil {
		return err
	}
	if f.call.out, err = appendResponse(f.call.out, resp); err != nil {
		return err
	}
	return output(f.call.out)
}

// ObjectInit is [abi.ExportObjectInit].
func (in *instance) ObjectInit(inputLen int) (status abi.Status) {
	defer recovered(&status)
	f := in.take()
	err := in.construct(f, inputLen)
	in.give(f)
	return failed(err)
}

func (in *instance) construct(f *frame, inputLen int) error {
	if err := f.input(inputLen); err != nil {
		return err
	}
	var o wire.Object
	if err := wire.DecodeObject(f.in, &o); err != nil {
		return err
	}
	c := classes[string(o.Class)]
	if c == nil {
		return typeError(`guest: the program has no class "` + string(o.Class) + `"`)
	}
	in.state.ID = ID{o.ID, string(o.Name)}
	object, err := c.construct(&in.state, &in.env)
	if err != nil {
		return err
	}
	in.class, in.object = c, object
	return nil
}

// ObjectCall is [abi.ExportObjectCall].
func (in *instance) ObjectCall(inputLen int) (status abi.Status) {
	defer recovered(&status)
	f := in.take()
	err := in.call(f, inputLen)
	in.give(f)
	return failed(err)
}

func (in *instance) call(f *frame, inputLen int) error {
	if err := f.input(inputLen); err != nil {
		return err
	}
	var w wire.Call
	if err := wire.DecodeCall(f.in, &w); err != nil {
		return err
	}
	if in.class == nil {
		return typeError("guest: a call before the object was constructed")
	}
	m := in.class.methods[string(w.Method)]
	if m == nil {
		return notImplemented(w.Method, in.class.methods)
	}
	var ok bool
	if f.call.args, ok = elements(f.call.args, w.Args); !ok {
		return typeError(`Failed to call "` + m.name + `": the arguments are not a JSON array.`)
	}
	if err := m.run(in.object, &f.call); err != nil {
		return err
	}
	if n := len(f.call.out); n > abi.MaxMessageBytes {
		return callTooLarge(n)
	}
	return output(f.call.out)
}

// ObjectAlarm is [abi.ExportObjectAlarm].
func (in *instance) ObjectAlarm(inputLen int) (status abi.Status) {
	defer recovered(&status)
	f := in.take()
	err := in.alarm(f, inputLen)
	in.give(f)
	return failed(err)
}

func (in *instance) alarm(f *frame, inputLen int) error {
	if err := f.input(inputLen); err != nil {
		return err
	}
	var w wire.Alarm
	if err := wire.DecodeAlarm(f.in, &w); err != nil {
		return err
	}
	if in.class == nil || in.class.alarm == nil {
		return typeError("Handler does not export an alarm() function.")
	}
	return in.class.alarm(in.object, AlarmInfo{
		RetryCount:    int(w.RetryCount),
		IsRetry:       w.RetryCount > 0,
		ScheduledTime: time.UnixMilli(w.ScheduledMS),
	})
}

// BackgroundRun is [abi.ExportBackgroundRun].
func (in *instance) BackgroundRun() abi.Status {
	in.env.runBackground()
	return abi.StatusOK
}

func output(b []byte) error {
	if s := hostcall.OutputWrite(b); s != abi.StatusOK {
		return statusError(abi.FuncOutputWrite, s)
	}
	return nil
}

// failed hands over err, if there is one, and returns the export's status.
func failed(err error) abi.Status {
	if err == nil {
		return abi.StatusOK
	}
	buf := appendError(takeBuffer(), err)
	hostcall.OutputWrite(buf)
	giveBuffer(buf)
	return abi.StatusError
}

// recovered makes a panic of a handler an error for its caller. The object
// lives on, as upstream: its memory is no worse than after any other error.
func recovered(status *abi.Status) {
	v := recover()
	if v == nil {
		return
	}
	*status = failed(panicError(v))
}

// panicError makes an error of what was recovered, and logs it with the stack.
// The panic of an abort goes on.
func panicError(v any) error {
	if hostcall.IsAbort(v) {
		panic(v)
	}
	err, ok := v.(error)
	if !ok {
		err = &Error{Message: fmt.Sprint(v)}
	}
	logPanic(err.Error(), debug.Stack())
	return err
}
