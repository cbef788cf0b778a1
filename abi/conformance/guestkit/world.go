package guestkit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

const (
	classHasFetch = abi.ClassHasFetch
	classHasAlarm = abi.ClassHasAlarm
)

// patience is how long an entry may take.
var patience = 20 * time.Second

// class is what a guest has registered.
type class struct {
	name  string
	flags uint32
}

// world is the scripted host during one play of a script.
type world struct {
	judge   *judge
	plan    *plan
	way     way
	objects map[string]*object // by class, slash, name
	byID    map[abi.ID]*object
	entries []*entry // entries that run now, the innermost last
	step    string   // the line that is played
	calls   []*call  // every import, in order
	started []*instance
	now     int64           // milliseconds since 1970
	warned  int             // records that the guest logged as a warning or worse
	traps   int             // entries that ended so
	largest uint32          // bytes of the largest memory
	limited context.Context // of the outermost entry
	faulty  *call           // the one that was answered otherwise
	skipped int             // calls like it, before it
	nests   bool            // an entry that the kit has nested runs
}

// object is an object of the script.
type object struct {
	class, name string
	id          abi.ID
	stored      map[string][]byte
	alarm       int64 // 0 is none
	applied     map[string][]byte
	appliedTime int64
	instance    *instance // nil: no activation
}

// instance is a started module.
type instance struct {
	module  api.Module
	random  *counter
	object  *object // nil in a Worker
	classes []class
	worker  bool
	entered bool   // an export with an input
	drawn   int    // bytes of random_get while it started
	output  writer // standard output and error
}

// counter is a source of random bytes that counts.
type counter struct{ drawn, seed int }

// Read implements io.Reader. The bytes differ in each instance.
func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		block := sha256.Sum256(fmt.Appendf(nil, "%d/%d", c.seed, c.drawn))
		b[i] = block[0]
		c.drawn++
	}
	return len(b), nil
}

// writer keeps the end of what is written.
type writer struct{ bytes.Buffer }

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	if w.Len() > 1<<16 {
		w.Reset()
	}
	return w.Buffer.Write(b)
}

// entry is one entry of an instance.
type entry struct {
	instance  *instance
	export    string
	input     []byte
	output    []byte
	result    []byte
	lists     map[uint32]*list
	next      uint32 // the last handle that was given
	transacts []snapshot
	critical  int
	asked     bool // for background_run
}

// snapshot is an object's storage at a time.
type snapshot struct {
	stored map[string][]byte
	alarm  int64
}

// failure is what the caller of an entry is told.
type failure struct {
	flags         byte
	name, message string
	trap          bool // and not an error that the guest returned
}

// Error implements error.
func (f *failure) Error() string {
	if f.name == "" {
		return "error Error " + f.message
	}
	return "error " + f.name + " " + f.message
}

func newWorld(j *judge, p *plan, w way) *world {
	return &world{judge: j, plan: p, way: w, objects: map[string]*object{},
		byID: map[abi.ID]*object{},
		now:  1_767_225_600_000}
}

type worldKey struct{}

// object returns an object, which exists as soon as it is named.
func (w *world) object(class, name string) *object {
	key := class + "/" + name
	o := w.objects[key]
	if o == nil {
		o = &object{class: class, name: name, stored: map[string][]byte{},
			id: sha256.Sum256([]byte("cairn kit " + key))}
		w.objects[key], w.byID[o.id] = o, o
	}
	return o
}

// start makes an instance and starts it.
func (w *world) start(o *object) (*instance, error) {
	in, err := w.startOnce(o)
	if errors.Is(err, errUnprepared) {
		w.note("", "image_prepare fails, and instances begin as if it had not been called")
		w.way.unprepared, w.judge.unpreparable = true, true
		in, err = w.startOnce(o)
	}
	return in, err
}

// errUnprepared says that image_prepare has failed.
var errUnprepared = errors.New("image_prepare fails")

func (w *world) startOnce(o *object) (*instance, error) {
	j := w.judge
	j.instances++
	in := &instance{object: o, random: &counter{seed: j.instances}}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(in.random).
		WithStdout(&in.output).WithStderr(&in.output).WithSysWalltime().WithSysNanotime()
	e := &entry{instance: in, export: "the start"}
	w.entries = append(w.entries, e)
	defer func() { w.entries = w.entries[:len(w.entries)-1] }()
	err := w.timed(func(ctx context.Context) (err error) {
		in.module, err = j.runtime.InstantiateModule(ctx, j.compiled, config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the module does not start: %w", firstLine(err))
	}
	w.started = append(w.started, in)
	for _, name := range []string{abi.ExportInitialize, abi.ExportABIVersion,
		abi.ExportImagePrepare} {
		f := in.module.ExportedFunction(name)
		if f == nil || name == abi.ExportImagePrepare && w.way.unprepared {
			continue
		}
		e.export = name
		before := len(w.calls)
		got, err := w.invoke(f)
		switch {
		case err != nil && name == abi.ExportImagePrepare:
			return nil, errUnprepared
		case err != nil:
			return nil, fmt.Errorf("%s fails: %w", name, firstLine(err))
		case name == abi.ExportABIVersion &&
			(len(got) != 1 || got[0] != abi.Version || len(w.calls) != before):
			w.wrong("G7",
				"abi_version returns %v and calls %d imports; it returns %d and does nothing else",
				got, len(w.calls)-before, abi.Version)
		}
	}
	in.drawn = in.random.drawn
	return in, nil
}

// firstLine leaves out the stack of a trap.
func firstLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimSuffix(text, " (recovered by wazero)"))
}

// invoke calls a function of the guest.
func (w *world) invoke(f api.Function, args ...uint64) (got []uint64, err error) {
	err = w.timed(func(ctx context.Context) (err error) {
		got, err = f.Call(ctx, args...)
		return err
	})
	return got, err
}

// timed runs guest code for as long as patience lasts; what it calls in turn
// shares its time.
func (w *world) timed(run func(context.Context) error) error {
	if len(w.entries) == 1 {
		ctx, cancel := context.WithTimeout(w.background(), patience)
		w.limited = ctx
		defer cancel()
	}
	err := run(w.limited)
	if w.limited.Err() != nil {
		err = fmt.Errorf("it has not returned after %v", patience)
		if !w.judge.hangs {
			w.judge.hangs = true
			w.wrong("", "%s: %v", w.current().export, err)
		}
	}
	return err
}

// background is the context that imports find the world in.
func (w *world) background() context.Context {
	return context.WithValue(w.judge.ctx, worldKey{}, w)
}

// activate gives an object an activation.
func (w *world) activate(o *object) *failure {
	if o.instance != nil {
		return nil
	}
	in, err := w.start(o)
	if err != nil {
		return &failure{flags: wire.ErrorReset, message: err.Error(), trap: true}
	}
	o.instance = in
	named := len(o.name) <= abi.MaxNameBytes
	name := o.name
	if !named {
		name = ""
	}
	_, failed := w.enter(in, abi.ExportObjectInit,
		wire.AppendObject(nil, o.id, o.class, named, name))
	if failed != nil {
		o.instance = nil
	}
	return failed
}

// close gives the instances back.
func (w *world) close() {
	for _, in := range w.started {
		in.module.Close(context.Background())
	}
}

// enter calls an export that has an input, and what it leaves for the
// background.
func (w *world) enter(in *instance, export string, input []byte) ([]byte, *failure) {
	f := in.module.ExportedFunction(export)
	if f == nil {
		return nil, &failure{message: "the guest has no export " + export, trap: true}
	}
	o := in.object
	if o != nil && !w.busy(in) {
		o.apply()
	}
	e := &entry{instance: in, export: export, input: input, lists: map[uint32]*list{}}
	w.entries = append(w.entries, e)
	got, err := w.invoke(f, uint64(len(input)))
	w.entries = w.entries[:len(w.entries)-1]
	w.judge.report.Entries++
	w.largest = max(w.largest, in.module.Memory().Size())
	w.checkRandom(in, export)
	if err != nil {
		return nil, w.trapped(in, export, err)
	}
	status := abi.Status(got[0])
	w.checkLeft(e)
	switch status {
	case abi.StatusOK:
		w.checkOutput(e)
	case abi.StatusError:
	default:
		w.wrong("G8", "%s returns status %d; an export returns OK (0) or ERROR (7)", export, got[0])
		return nil, w.trapped(in, export, errors.New("a status of its own"))
	}
	if o != nil && !w.busy(in) {
		o.apply()
	}
	if e.asked {
		w.enter(in, abi.ExportBackgroundRun, nil)
	}
	if status == abi.StatusError {
		return nil, w.told(e)
	}
	return e.output, nil
}

// told decodes the error that an entry returned.
func (w *world) told(e *entry) *failure {
	var m wire.Error
	if err := wire.DecodeError(e.output, &m); err != nil {
		if f := w.way.fault; f != nil && f.function.Name == abi.FuncOutputWrite {
			return &failure{flags: wire.ErrorRemote,
				message: "an error that could not be handed over"}
		}
		w.wrong("G9", "%s returns ERROR and its output is no Error: %.60q", e.export, e.output)
		return &failure{flags: wire.ErrorRemote, message: "an error that does not decode"}
	}
	return &failure{flags: wire.ErrorRemote, name: string(m.Name), message: string(m.Message)}
}

// trapped resets what an entry broke.
func (w *world) trapped(in *instance, export string, err error) *failure {
	text := firstLine(err).Error()
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		text = fmt.Sprintf("it exits with code %d", exit.ExitCode())
	}
	if o := in.object; o != nil {
		o.stored, o.alarm = maps.Clone(o.applied), o.appliedTime
		o.instance = nil
	}
	var told *failure
	if errors.As(err, &told) {
		return told
	}
	w.traps++
	return &failure{flags: wire.ErrorReset, message: text, trap: true}
}

// busy reports whether an entry of an instance runs.
func (w *world) busy(in *instance) bool {
	for _, e := range w.entries {
		if e.instance == in {
			return true
		}
	}
	return false
}

// apply makes what an object has written its state after a trap.
func (o *object) apply() { o.applied, o.appliedTime = maps.Clone(o.stored), o.alarm }

// current returns the entry that runs.
func (w *world) current() *entry { return w.entries[len(w.entries)-1] }
