package module

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// maxTableEntries bounds tables, which live in the host's memory and not in the
// guest's. The largest Go guests have some ten thousand functions.
const maxTableEntries = 1 << 20

// slowCompile is how long a compilation lasts before somebody wonders.
const slowCompile = time.Second

// Compile checks a module, compiles it, and starts it once: what it registers
// is known afterwards, and its image is taken. A module that does not fit is a
// *CompileError.
func (e *Engine) Compile(ctx context.Context, wasm []byte) (*Version, error) {
	hash := sha256.Sum256(wasm)
	if known := e.compiler.find(codeKey{hash, e.options.Interpreter}); known != nil {
		defer known.leave()
		if err := first(e.check(&known.program.outline)); err != nil {
			return nil, err
		}
		return e.makeVersion(ctx, &rewritten{program: known.program})
	}
	parsed, err := rewrite.Parse(wasm)
	if err != nil {
		return nil, unreadable(wasm, err)
	}
	if err := first(e.check(&parsed.Outline)); err != nil {
		return nil, err
	}
	m, err := instrument(hash, len(wasm), parsed)
	if err != nil {
		return nil, err
	}
	return e.makeVersion(ctx, m)
}

// instrument makes of a module what runs.
func instrument(hash [sha256.Size]byte, size int, parsed *rewrite.Module) (*rewritten, error) {
	out, err := parsed.Instrument(rewrite.Options{
		FuelModule: hostfunc.FuelModule, FuelName: hostfunc.FuelFunction, FuelGlobal: hostfunc.FuelGlobal,
		GlobalPrefix: "cairn_global_", StartName: "cairn_start",
	})
	if err != nil {
		return nil, &CompileError{Problem: "not a module that cairn can run", Err: err}
	}
	p := &program{outline: parsed.Outline, hash: hash, size: size, sum: sha256.Sum256(out.Wasm),
		start: out.Start, globals: out.Globals,
		background: export(&parsed.Outline, abi.ExportBackgroundRun, rewrite.KindFunc) != nil}
	for _, s := range out.Data {
		p.data = append(p.data, segment{s.Offset, s.Bytes})
	}
	return &rewritten{program: p, wasm: out.Wasm}, nil
}

// makeVersion makes a version of a module that was checked.
func (e *Engine) makeVersion(ctx context.Context, m *rewritten) (*Version, error) {
	v, err := e.build(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := v.load(ctx); err != nil {
		v.Close()
		return nil, err
	}
	if v.later != nil {
		go v.compileLater()
	}
	return v, nil
}

// build compiles a module that was checked. Nothing of it has run.
func (e *Engine) build(ctx context.Context, m *rewritten) (_ *Version, err error) {
	memory := m.outline.Memory
	v := &Version{engine: e, program: m.program, noImage: m.outline.ImageBlocker(), fixed: m.outline.InstanceBytes(),
		least: uint64(memory.MinPages) * WasmPageBytes, most: e.options.MemoryLimit}
	v.pool.begin, v.pool.free = v.begin, v.free
	if memory.HasMax {
		v.most = min(v.most, uint64(memory.MaxPages)*WasmPageBytes)
	}
	if e.options.NoImages {
		v.noImage = "images are off"
	}
	if e.options.Swapped != nil && !e.options.Interpreter && !e.compiledBefore(m.program) {
		v.later = m
	}
	if err := v.takeCode(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			e.options.Account.Release(account.Code, v.codeBytes)
		}
	}()
	c, err := e.makeCode(ctx, m, e.options.Interpreter || v.later != nil)
	if err != nil {
		return nil, err
	}
	v.code.Store(c)
	e.versions.Add(1)
	return v, nil
}

// makeCode is newCode with an error for whoever gave the module.
func (e *Engine) makeCode(ctx context.Context, m *rewritten, interpreted bool) (*code, error) {
	c, err := e.newCode(ctx, m, interpreted)
	var refused *CompileError
	if err != nil && !errors.As(err, &refused) {
		return nil, &CompileError{Problem: "module does not validate", Err: err}
	}
	return c, err
}

// first returns the first of the problems that a check found.
func first(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	return problems[0]
}

// check finds what cannot work before anything is compiled.
func (e *Engine) check(m *rewrite.Outline) (problems []error) {
	add := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	for _, im := range m.Imports {
		add(e.checkImport(im))
	}
	add(e.checkMemory(m))
	if m.TableEntries() > maxTableEntries {
		add(refuse("declare a maximum", "module has a table that can exceed %d entries, or several that do together",
			maxTableEntries))
	}
	if export(m, abi.ExportABIVersion, rewrite.KindFunc) == nil {
		add(refuse("a Go guest imports github.com/cairn-dev/cairn/guest; others see abi/SPEC.md",
			"module lacks the export %q", abi.ExportABIVersion))
	}
	return append(problems, checkSignatures(m)...)
}

// checkMemory refuses a module whose memory we cannot use.
func (e *Engine) checkMemory(m *rewrite.Outline) error {
	if m.Memory == nil || export(m, abi.ExportMemory, rewrite.KindMemory) == nil {
		return refuse("export the linear memory under this name", "module lacks the export %q", abi.ExportMemory)
	}
	if pages := e.options.MemoryLimit / WasmPageBytes; uint64(m.Memory.MinPages) > pages {
		return refuse("", "module starts with %d pages of memory, the limit is %d", m.Memory.MinPages, pages)
	}
	return nil
}

// checkImport refuses an import that we do not have, by name.
func (e *Engine) checkImport(im rewrite.Import) error {
	if im.Kind != rewrite.KindFunc {
		return refuse("", "module imports the %s %s.%s, which this host does not offer", im.Kind, im.Module, im.Name)
	}
	functions, ok := e.imports[im.Module]
	if !ok && strings.HasPrefix(im.Module, "cairn_v") {
		return refuse("build the guest for this version, or run a newer cairn",
			"module speaks the ABI %s, this host speaks %s", im.Module, abi.ModuleName)
	}
	def, known := functions[im.Name]
	if !known {
		return refuse(fmt.Sprintf("this host offers %s and %s", abi.ModuleName, wasi_snapshot_preview1.ModuleName),
			"module imports %s.%s, which this host does not offer", im.Module, im.Name)
	}
	want := signature(def.ParamTypes(), def.ResultTypes())
	if got := signature(im.Type.Params, im.Type.Results); got != want {
		return refuse("", "module imports %s.%s as %s, it is %s", im.Module, im.Name, got, want)
	}
	return nil
}

// export finds an export by name and kind.
func export(m *rewrite.Outline, name string, kind rewrite.Kind) *rewrite.Export {
	for i := range m.Exports {
		if m.Exports[i].Name == name && m.Exports[i].Kind == kind {
			return &m.Exports[i]
		}
	}
	return nil
}

// signature writes a function type as the text format does.
func signature[T ~byte](params, results []T) string {
	write := func(types []T) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = rewrite.ValueType(t).String()
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return write(params) + " -> " + write(results)
}

// exported returns the row of an export that the host calls, or nil.
func exported(name string) *abi.Export {
	for i := range abi.Exports {
		if abi.Exports[i].Name == name {
			return &abi.Exports[i]
		}
	}
	return nil
}

// checkSignatures finds exports of the wrong kind or type.
func checkSignatures(m *rewrite.Outline) (problems []error) {
	for _, ex := range m.Exports {
		row := exported(ex.Name)
		if row == nil {
			continue
		}
		want := signature(row.ParamTypes(), row.ResultTypes())
		if ex.Kind != rewrite.KindFunc {
			problems = append(problems, refuse("", "module exports %q as a %s, it is a func", ex.Name, ex.Kind))
		} else if got := signature(ex.Type.Params, ex.Type.Results); got != want {
			problems = append(problems, refuse("", "module exports %q as %s, it is %s", ex.Name, got, want))
		}
	}
	return problems
}

// checkRegistered finds what a module lacks for what it registers.
func (v *Version) checkRegistered() (problems []error) {
	needs := v.conditional()
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if export(&v.program.outline, name, rewrite.KindFunc) == nil {
			problems = append(problems, refuse("", "module lacks the export %q, needed because %s", name, needs[name]))
		}
	}
	if !v.worker && len(v.classes) == 0 {
		problems = append(problems, refuse("call class_register or worker_register while the module starts; a Go guest does so in init",
			"module registers no Worker and no class"))
	}
	return problems
}
