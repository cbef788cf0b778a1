package abi

import (
	"context"
	"log/slog"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/module/rewrite"
	"github.com/cairn-dev/cairn/host/program"
)

// startLimit bounds how long a guest may compute while it starts.
const startLimit = 30 * time.Second

// start starts the module once, and learns what it registers.
func (p *Program) start(ctx context.Context, code *module.Code, m *rewrite.Outline) (err error) {
	p.background = module.Export(m, abi.ExportBackgroundRun, rewrite.KindFunc) != nil
	p.watch = code.Engine().System().Enter
	logger := code.Engine().Logger()
	p.image, err = code.Start(ctx, module.Start{
		Exports: exports,
		Run: func(i *module.Instance) error {
			host, err := p.run(i, logger)
			if err != nil || p.classes != nil { // not the first one: what it registers is known
				return err
			}
			p.classes, p.worker = host.classes, host.worker
			return first(p.checkRegistered(m))
		},
		Prepare: func(i *module.Instance) error { return p.prepare(i, logger) },
		PerCall: p.perCall,
	})
	return err
}

// run calls what WebAssembly, WASI and our ABI call at start.
func (p *Program) run(i *module.Instance, logger *slog.Logger) (*loader, error) {
	host := &loader{classes: map[string]program.Class{}, logger: logger}
	call := &hostfunc.Call{}
	call.Begin(host, nil, startLimit)
	defer call.End()
	if start := i.Image().Code().StartFunction(); start != "" {
		if err := p.call(i, call, start); err != nil {
			return nil, &module.CompileError{Problem: "module's start function failed", Err: err}
		}
	}
	if err := p.call(i, call, abi.ExportInitialize); err != nil {
		return nil, &module.CompileError{Err: err,
			Problem: "module's " + abi.ExportInitialize + " failed",
			Hint: "it runs the guest's init functions and package variables; " +
				"the host's log has the stack"}
	}
	got, err := i.Call(call, abi.ExportABIVersion)
	if err != nil {
		return nil, &module.CompileError{Err: err,
			Problem: "module's " + abi.ExportABIVersion + " failed"}
	}
	if uint32(got[0]) != abi.Version {
		return nil, refuse("build the guest for this version, or run another cairn",
			"module speaks ABI version %d, this host speaks %d", uint32(got[0]), abi.Version)
	}
	host.started = true
	return host, nil
}

// prepare calls what makes requests faster.
func (p *Program) prepare(i *module.Instance, logger *slog.Logger) error {
	call := &hostfunc.Call{}
	call.Begin(&loader{started: true, logger: logger}, nil, startLimit)
	defer call.End()
	return p.call(i, call, abi.ExportImagePrepare)
}

// call calls an export without parameters and results, if the guest has it.
func (p *Program) call(i *module.Instance, c *hostfunc.Call, name string) error {
	enter := func() (Status, error) {
		_, err := i.Call(c, name)
		return abi.StatusOK, err
	}
	var err error
	switch {
	case !i.Exports(name):
	case p.watch == nil:
		_, err = enter()
	default:
		_, err = p.watch(c, name, enter)
	}
	return err
}
