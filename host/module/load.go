package module

import (
	"context"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// startLimit bounds how long a guest may compute while it starts.
const startLimit = 30 * time.Second

// start starts the module once, and learns what it registers.
func (v *Version) start(ctx context.Context, code *Code, m *rewrite.Outline) (err error) {
	v.background = export(m, abi.ExportBackgroundRun, rewrite.KindFunc) != nil
	v.Image, err = code.Start(ctx, Start{Exports: exportNames[:], Prepare: v.prepare, PerCall: v.perCall,
		Run: func(i *Instance) error {
			host, err := v.initialize(i)
			if err != nil || v.classes != nil { // not the first one: what it registers is known
				return err
			}
			v.classes, v.worker, i.image.version = host.classes, host.worker, v
			return first(v.checkRegistered(m))
		}})
	return err
}

// initialize calls what WebAssembly, WASI and our ABI call at start.
func (v *Version) initialize(i *Instance) (*loader, error) {
	host := &loader{classes: map[string]uint32{}, logger: i.engine().options.Logger}
	call := &hostfunc.Call{}
	call.Begin(host, i.Memory(), nil, startLimit)
	defer call.End()
	if start := i.image.code.StartFunction(); start != "" {
		if err := i.callWatched(call, start); err != nil {
			return nil, &CompileError{Problem: "module's start function failed", Err: err}
		}
	}
	if err := i.callWatched(call, abi.ExportInitialize); err != nil {
		return nil, &CompileError{Problem: "module's " + abi.ExportInitialize + " failed", Err: err,
			Hint: "it runs the guest's init functions and package variables; the host's log has the stack"}
	}
	got, err := i.Call(call, abi.ExportABIVersion)
	if err != nil {
		return nil, &CompileError{Problem: "module's " + abi.ExportABIVersion + " failed", Err: err}
	}
	if uint32(got[0]) != abi.Version {
		return nil, refuse("build the guest for this version, or run another cairn",
			"module speaks ABI version %d, this host speaks %d", uint32(got[0]), abi.Version)
	}
	host.started = true
	return host, nil
}

// prepare calls what makes requests faster.
func (v *Version) prepare(i *Instance) error {
	call := &hostfunc.Call{}
	call.Begin(&loader{started: true, logger: i.engine().options.Logger}, i.Memory(), nil, startLimit)
	defer call.End()
	return i.callWatched(call, abi.ExportImagePrepare)
}

// callWatched calls an export without parameters and results, if the guest has it.
func (i *Instance) callWatched(c *hostfunc.Call, name string) error {
	enter := func() (abi.Status, error) {
		_, err := i.Call(c, name)
		return abi.StatusOK, err
	}
	watch := i.engine().world.Enter
	switch {
	case i.mod.ExportedFunction(name) == nil:
		return nil
	case watch == nil:
		_, err := enter()
		return err
	}
	_, err := watch(c, name, enter)
	return err
}
