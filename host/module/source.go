package module

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// Source is a module that was read and not compiled.
type Source struct {
	engine *Engine
	wasm   []byte
	hash   [sha256.Size]byte
	parsed *rewrite.Module // nil: the facts are known, and nobody had to look
	facts  *facts          // nil: not known before it is rewritten
}

// facts are what is known of a module before anything of it has run.
type facts struct {
	outline rewrite.Outline
	hash    [sha256.Size]byte // of the module as it was given
	size    int               // and its length in bytes
	sum     sum               // of the module as it runs
	start   string            // what its start function is exported as; "" is none
	globals []string          // and its mutable globals
	data    []segment
}

// name is the hash in hex, which names the module to everybody.
func (f *facts) name() string { return hex.EncodeToString(f.hash[:]) }

// segment is an active data segment, which the host writes.
type segment struct {
	offset uint32
	bytes  []byte
}

// rewritten is a module as it runs.
type rewritten struct {
	*facts
	wasm []byte
}

// sum tells one rewritten module from another.
type sum [sha256.Size]byte

// String is short enough for the name of a folder.
func (s sum) String() string { return hex.EncodeToString(s[:8]) }

// Read reads a module, unless its code is there already. Bytes that are no module
// are a *CompileError.
func (e *Engine) Read(wasm []byte) (*Source, error) {
	s := &Source{engine: e, wasm: wasm, hash: sha256.Sum256(wasm)}
	if s.facts = e.compiler.facts(codeKey{s.hash, e.options.Interpreter}); s.facts != nil {
		return s, nil
	}
	return s, s.parse()
}

func (s *Source) parse() (err error) {
	if s.parsed, err = rewrite.Parse(s.wasm); err != nil {
		return unreadable(s.wasm, err)
	}
	return nil
}

// Outline returns what the module is without its code.
func (s *Source) Outline() *rewrite.Outline {
	if s.facts != nil {
		return &s.facts.outline
	}
	return &s.parsed.Outline
}

// Bytes returns the length of the module.
func (s *Source) Bytes() int { return len(s.wasm) }

// rewrite makes of a module what runs.
func (s *Source) rewrite() (*rewritten, error) {
	if s.parsed == nil {
		if err := s.parse(); err != nil {
			return nil, err
		}
	}
	out, err := s.parsed.Instrument(rewrite.Options{Passes: s.engine.compiler.passes,
		FuelModule: hostfunc.FuelModule, FuelName: hostfunc.FuelFunction,
		FuelGlobal:   hostfunc.FuelGlobal,
		GlobalPrefix: "cairn_global_", StartName: "cairn_start",
	})
	if err != nil {
		return nil, &CompileError{Problem: "not a module that cairn can run", Err: err}
	}
	f := &facts{outline: s.parsed.Outline, hash: s.hash, size: len(s.wasm),
		sum: sha256.Sum256(out.Wasm), start: out.Start, globals: out.Globals}
	for _, d := range out.Data {
		f.data = append(f.data, segment{d.Offset, d.Bytes})
	}
	return &rewritten{facts: f, wasm: out.Wasm}, nil
}
