package abi

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// Report is what a module is, for whoever wrote it.
type Report struct {
	Bytes int `json:"bytes"`
	// Problems are why cairn refuses the module, all that can be found without
	// solving one of them; none if it accepts it.
	Problems []Problem `json:"problems"`
	// Warnings are what is allowed and likely a mistake.
	Warnings []string `json:"warnings"`

	// Imports are the ABI's functions that the module imports, WASI the functions
	// of WASI. Exports are the ABI's that it has, Others those that nobody calls.
	Imports []string `json:"imports"`
	WASI    []string `json:"wasi"`
	Exports []string `json:"exports"`
	Others  []string `json:"other_exports"`

	Memory *MemoryReport `json:"memory,omitempty"`

	// What follows is known once the module has started.
	Started bool          `json:"started"`
	Worker  bool          `json:"worker"`
	Classes []ClassReport `json:"classes"`
	Image   ImageReport   `json:"image"`
}

// Problem is why a module is refused.
type Problem struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// MemoryReport is what the module says of its linear memory, and what the host
// allows.
type MemoryReport struct {
	MinBytes   uint64 `json:"min_bytes"`
	MaxBytes   uint64 `json:"max_bytes,omitempty"` // 0: it says none
	LimitBytes uint64 `json:"limit_bytes"`         // the host's
}

// ClassReport is a class that the module registers.
type ClassReport struct {
	Name  string `json:"name"`
	Fetch bool   `json:"fetch"`
	Alarm bool   `json:"alarm"`
}

// ImageReport says whether instances begin as copies of an image.
type ImageReport struct {
	Taken bool   `json:"taken"`
	Bytes int    `json:"bytes,omitempty"`
	Why   string `json:"why,omitempty"` // there is none
}

// inspect looks at a module as Compile does, and goes on after a problem.
func inspect(ctx context.Context, e *module.Engine, wasm []byte) *Report {
	// Lists are empty and not missing, for readers of JSON.
	r := &Report{Bytes: len(wasm), Problems: []Problem{}, Warnings: []string{},
		Imports: []string{}, WASI: []string{}, Exports: []string{}, Others: []string{},
		Classes: []ClassReport{}}
	source, err := e.Read(wasm)
	if err != nil {
		r.add(err)
		r.Image.Why = "the module cannot be read"
		return r
	}
	outline := source.Outline()
	r.list(outline)
	if m := outline.Memory; m != nil {
		r.Memory = &MemoryReport{LimitBytes: e.MemoryLimit(),
			MinBytes: uint64(m.MinPages) * module.WasmPageBytes}
		if m.HasMax {
			r.Memory.MaxBytes = uint64(m.MaxPages) * module.WasmPageBytes
		}
	}
	problems := append(source.Check(), checkExports(outline)...)
	for _, problem := range problems {
		r.add(problem)
	}
	r.Image.Why = outline.ImageBlocker()
	if len(problems) > 0 {
		if r.Image.Why == "" {
			r.Image.Why = "the module cannot be started"
		}
		return r
	}
	r.start(ctx, source)
	return r
}

// start compiles and starts the module once.
func (r *Report) start(ctx context.Context, source *module.Source) {
	code, err := source.Compile(ctx)
	if err != nil {
		r.Image.Why = "the module cannot be started"
		r.add(err)
		return
	}
	defer code.Close()
	outline := source.Outline()
	p := &Program{}
	err = p.start(ctx, code, outline)
	if r.Started = p.classes != nil; !r.Started {
		r.Image.Why = "the module did not start"
		r.add(err)
		return
	}
	for _, problem := range p.checkRegistered(outline) {
		r.add(problem)
	}
	r.Worker = p.worker
	for _, name := range slices.Sorted(maps.Keys(p.classes)) {
		c := p.classes[name]
		r.Classes = append(r.Classes, ClassReport{name, c.Fetch, c.Alarm})
	}
	if err == nil {
		defer p.Close()
		r.Image.Taken, r.Image.Why = p.image.Taken()
		r.Image.Bytes = int(p.image.Bytes())
	} else if r.Image.Why == "" {
		r.Image.Why = "the module is refused"
	}
	r.suspect(outline)
}

// list sorts the module's imports and exports.
func (r *Report) list(m *rewrite.Outline) {
	for _, im := range m.Imports {
		switch im.Module {
		case abi.ModuleName:
			r.Imports = append(r.Imports, im.Name)
		case hostfunc.WASI:
			r.WASI = append(r.WASI, im.Name)
		}
	}
	for _, ex := range m.Exports {
		if exported(ex.Name) != nil || ex.Name == abi.ExportMemory {
			r.Exports = append(r.Exports, ex.Name)
			continue
		}
		r.Others = append(r.Others, ex.Name)
		prefix, _, _ := strings.Cut(ex.Name, "_")
		if slices.Contains([]string{"abi", "worker", "object", "background", "image"}, prefix) {
			r.warn("the export %s is none of the ABI's, and nobody calls it: is its name misspelt?",
				ex.Name)
		}
	}
	for _, names := range []*[]string{&r.Imports, &r.WASI, &r.Exports, &r.Others} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
}

// suspect looks for exports that nothing leads to, and imports that cannot work.
func (r *Report) suspect(m *rewrite.Outline) {
	if len(r.Exports) > len(abi.Exports) {
		return // an SDK exports everything for every guest
	}
	has := func(name string) bool { return module.Export(m, name, rewrite.KindFunc) != nil }
	imports := func(name string) bool { return slices.Contains(r.Imports, name) }
	answers := func(class func(ClassReport) bool) bool {
		return slices.ContainsFunc(r.Classes, class)
	}
	if has(abi.ExportWorkerFetch) && !r.Worker {
		r.warn("the module exports %s and registers no Worker: nobody calls it",
			abi.ExportWorkerFetch)
	}
	if has(abi.ExportObjectFetch) && !answers(func(c ClassReport) bool { return c.Fetch }) {
		r.warn("the module exports %s and no class says that it answers fetch: nobody calls it",
			abi.ExportObjectFetch)
	}
	if has(abi.ExportObjectAlarm) && !answers(func(c ClassReport) bool { return c.Alarm }) {
		r.warn("the module exports %s and no class says that it answers alarms: none can be set",
			abi.ExportObjectAlarm)
	}
	if imports(abi.FuncBackgroundRequest) && !has(abi.ExportBackgroundRun) {
		r.warn("the module imports %s and lacks the export %s: the request is refused",
			abi.FuncBackgroundRequest, abi.ExportBackgroundRun)
	}
}

func (r *Report) add(err error) {
	p := Problem{Text: err.Error()}
	if refused, ok := err.(*module.CompileError); ok {
		p.Hint = refused.Hint
		p.Text = (&module.CompileError{Problem: refused.Problem, Err: refused.Err}).Error()
	}
	if !slices.Contains(r.Problems, p) { // each import from a later ABI is the same one
		r.Problems = append(r.Problems, p)
	}
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// Inspect looks at a module with an engine of its own, which interprets: a look
// takes no time to compile. The logger gets what the guest prints as it starts.
func Inspect(ctx context.Context, wasm []byte, logger *slog.Logger) (*Report, error) {
	e, err := module.NewEngine(ctx, module.Options{Interpreter: true, Logger: logger,
		System: hostfunc.System{Now: time.Now, Random: func(b []byte) { clear(b) }}})
	if err != nil {
		return nil, err
	}
	r := inspect(ctx, e, wasm)
	return r, e.Close(ctx)
}
