package module

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// startLimit bounds how long a guest may compute while it starts.
const startLimit = 30 * time.Second

// load starts the module once, learns what it registers, and takes its image.
func (v *Version) load(ctx context.Context) error {
	waits, cancel := context.WithTimeout(ctx, account.Patience)
	defer cancel()
	began, err := v.newInstance(waits)
	if err != nil {
		return v.tooLarge(err)
	}
	defer began.Close()
	host, err := v.initialize(began)
	if err != nil {
		return err
	}
	v.classes, v.worker = host.classes, host.worker
	if err := first(v.checkRegistered()); err != nil {
		return err
	}
	if v.noImage == "" {
		var refused *CompileError
		if err := v.takeImage(began); errors.As(err, &refused) {
			return err
		} else if err != nil {
			v.noImage = err.Error()
		}
	}
	began.Close() // Fits looks at what is left
	if err := v.Fits(); err != nil {
		return err
	}
	if v.noImage != "" && !v.engine.options.NoImages {
		v.engine.options.Logger.Warn("module has no image, its instances start one by one",
			"module", v.Hash()[:12], "reason", v.noImage)
	}
	return nil
}

// initialize starts a guest in an instance that has never run: it writes the
// data segments, then calls what WebAssembly, WASI and our ABI call at start.
func (v *Version) initialize(i *Instance) (*loader, error) {
	memory := i.mod.Memory()
	for _, s := range v.program.data {
		if !memory.Write(s.offset, s.bytes) {
			return nil, refuse("", "module has a data segment outside its memory")
		}
	}
	host := &loader{classes: map[string]uint32{}, logger: v.engine.options.Logger}
	call := &hostfunc.Call{}
	call.Begin(host, memory, nil, startLimit)
	defer call.End()
	if v.program.start != "" {
		if err := i.call(call, v.program.start); err != nil {
			return nil, &CompileError{Problem: "module's start function failed", Err: err}
		}
	}
	if err := i.call(call, abi.ExportInitialize); err != nil {
		return nil, &CompileError{Problem: "module's " + abi.ExportInitialize + " failed", Err: err,
			Hint: "it runs the guest's init functions and package variables; the host's log has the stack"}
	}
	got, err := i.mod.ExportedFunction(abi.ExportABIVersion).Call(call)
	if err != nil {
		return nil, &CompileError{Problem: "module's " + abi.ExportABIVersion + " failed", Err: i.explain(err)}
	}
	if uint32(got[0]) != abi.Version {
		return nil, refuse("build the guest for this version, or run another cairn",
			"module speaks ABI version %d, this host speaks %d", uint32(got[0]), abi.Version)
	}
	host.started = true
	return host, nil
}

// takeImage keeps what i holds as the beginning of every later instance.
func (v *Version) takeImage(i *Instance) error {
	call := &hostfunc.Call{}
	call.Begin(&loader{started: true, logger: v.engine.options.Logger}, i.mod.Memory(), nil, startLimit)
	defer call.End()
	// What a guest prepares makes requests faster, and takes an interpreter as long
	// as all else that it does before the first one.
	if v.later == nil {
		if err := i.call(call, abi.ExportImagePrepare); err != nil {
			return err
		}
	}
	if err := v.engine.options.Account.Take(account.Images, int64(i.mem.size)); err != nil {
		return v.tooLarge(err)
	}
	file, err := newImageFile(i.mem.bytes(i.mem.size))
	if err != nil {
		v.engine.options.Account.Release(account.Images, int64(i.mem.size))
		return err
	}
	v.image = &image{file: file, descriptors: i.descriptors}
	for _, g := range i.globals {
		v.image.globals = append(v.image.globals, g.Get())
	}
	return nil
}

// loader is the Host of a guest that starts.
type loader struct {
	hostfunc.Forbidden
	started bool
	classes map[string]uint32
	worker  bool
	logger  *slog.Logger
}

// ClassRegister implements hostfunc.Host.
func (l *loader) ClassRegister(name []byte, flags uint32) abi.Status {
	switch _, again := l.classes[string(name)]; {
	case l.started:
		return abi.StatusForbidden
	case again, flags&^(abi.ClassHasFetch|abi.ClassHasAlarm) != 0:
		return abi.StatusInvalid
	case len(l.classes) >= abi.MaxClasses:
		return abi.StatusTooLarge
	}
	l.classes[string(name)] = flags
	return abi.StatusOK
}

// WorkerRegister implements hostfunc.Host.
func (l *loader) WorkerRegister() abi.Status {
	if l.started {
		return abi.StatusForbidden
	}
	l.worker = true
	return abi.StatusOK
}

// Log implements hostfunc.Host.
func (l *loader) Log(level int32, text, attrs []byte) {
	l.logger.Log(context.Background(), slog.Level(level), string(text), "attrs", string(attrs), "during", "start")
}
