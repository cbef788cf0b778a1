package module

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tetratelabs/wazero"
)

// The cache of compiled code is a folder for each module, by the hash of the
// module as it was given, and in it one for each way in which it was compiled:
//
//	<cache>/<hash>/<sum>/wazero-<version>-<arch>-<os>/<key>
//
// sum is of the module as this cairn rewrites it, and key and the folder above it
// are wazero's. An entry is written beside its place and renamed, so it is whole or
// not there, and everything in the cache may be removed at any time: wazero reads an
// entry once, and writing to a folder that is gone is a trouble like others.

// findCache makes the folder of the cache. A host without one compiles at each start
// and works as well, so whatever is wrong with the folder is said and stops nothing.
func (e *Engine) findCache() {
	if e.options.CacheDir == "" {
		return
	}
	if err := os.MkdirAll(e.options.CacheDir, 0o700); err != nil {
		e.withoutCache(e.options.CacheDir, err)
		e.options.CacheDir = ""
	}
}

// openCache opens a module's folder; "" is none.
func (e *Engine) openCache(dir string) wazero.CompilationCache {
	if dir == "" {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		e.withoutCache(dir, err)
		return nil
	}
	return cache
}

func (e *Engine) withoutCache(dir string, err error) {
	e.options.Logger.Warn("compiled code is not kept, every start compiles: cannot open its folder",
		"folder", dir, "error", err)
}

// codeFolder is where the compiled code of a module is kept; "" without a cache.
func (e *Engine) codeFolder(f *facts) string {
	if e.options.CacheDir == "" {
		return ""
	}
	return filepath.Join(e.options.CacheDir, f.name(), f.sum.String())
}

// codeFolders returns the folder of each module that is compiled, by its hash.
func (e *Engine) codeFolders() map[string]string {
	folders := map[string]string{}
	for _, c := range e.compiler.compiled() {
		folders[c.facts.name()] = c.facts.sum.String()
	}
	return folders
}

// compiledBefore reports whether compiling the module is only loading it: the
// compiler has its code, or the cache has it.
func (e *Engine) compiledBefore(f *facts) bool {
	if e.compiler.has(codeKey{f.hash, false}) {
		return true
	}
	dir := e.codeFolder(f)
	return dir != "" && slices.ContainsFunc(entries(dir), func(entry string) bool {
		return !temporary(entry)
	})
}

// entries lists the files in a module's folder; none if it cannot be read.
func entries(dir string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, "wazero-*", "*")) // the pattern is good
	return list
}

// temporary reports whether an entry was not finished, by us or by a host that
// died while it wrote.
func temporary(entry string) bool { return filepath.Ext(entry) == ".tmp" }

// slowCompile is how long a compilation lasts before somebody wonders.
const slowCompile = time.Second

// compile compiles, or takes the code from the cache. wazero gives up where the
// cache fails it: an entry that is damaged, a disk that is full. A module is then
// compiled in spite of it. It compiles in one goroutine: wazero's compilation workers
// (experimental.WithCompilationWorkers) have no recover, so that a module on which the
// compiler panics would end the host.
func (e *Engine) compile(ctx context.Context, c *compiled, m *rewritten) (
	compiled wazero.CompiledModule, err error) {
	dir := e.codeFolder(m.facts)
	stop := e.options.After(slowCompile, func() {
		kept := "this is kept for the next start"
		if c.cache == nil {
			kept = "and at every start, as it is not kept"
		}
		e.options.Logger.Info("compiling module, "+kept,
			"module", m.name()[:12], "bytes", len(m.wasm))
	})
	defer stop()
	for attempt := 0; ; attempt++ {
		compiled, err = c.runtime.CompileModule(ctx, m.wasm)
		if err == nil || c.cache == nil || !cacheTrouble(err) {
			return compiled, err
		}
		switch attempt {
		case 0:
			// If only writing failed, the code is in memory, and the next attempt
			// finds it there.
			e.options.Logger.Warn("trouble with the cache of compiled code",
				"folder", dir, "error", err)
		case 1:
			e.clearCache(dir)
		case 3:
			return nil, &CompileError{Err: err,
				Problem: "compiled code cannot be read from its cache",
				Hint:    "remove the folder " + dir}
		}
	}
}

// cacheTrouble reports whether compiling failed for the cache's sake: by a
// system call, of which compiling itself makes none that could fail, or over
// what is in an entry, for which wazero has no type.
func cacheTrouble(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) || strings.HasPrefix(err.Error(), "compilationcache:")
}

// clearCache removes a module's entries: one of them is damaged, and a cache that
// is empty costs one compilation.
func (e *Engine) clearCache(dir string) {
	var err error
	list := entries(dir)
	for _, entry := range list {
		err = errors.Join(err, os.RemoveAll(entry))
	}
	e.options.Logger.Warn("cache of compiled code is emptied, the module is compiled again",
		"folder", dir, "entries", len(list), "error", err)
}

// PruneCache removes from the cache what is of no module that keep names, by the
// hash of Version.Hash, and of none that runs; of those that run, what another
// cairn left. The cache must be this engine's alone. It may be cut anywhere.
func (e *Engine) PruneCache(keep map[string]bool) {
	if e.options.CacheDir == "" {
		return
	}
	err := e.pruneCache(keep)
	if err != nil {
		e.options.Logger.Warn("old compiled code is left",
			"folder", e.options.CacheDir, "error", err)
	}
}

func (e *Engine) pruneCache(keep map[string]bool) error {
	runs := e.codeFolders()
	modules, err := os.ReadDir(e.options.CacheDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, module := range modules {
		dir := filepath.Join(e.options.CacheDir, module.Name())
		mine, loaded := runs[module.Name()]
		if !loaded && !keep[module.Name()] {
			err = errors.Join(err, os.RemoveAll(dir))
			continue
		}
		ways, listErr := os.ReadDir(dir)
		err = errors.Join(err, listErr)
		for _, way := range ways {
			switch dir := filepath.Join(dir, way.Name()); {
			case loaded && way.Name() != mine:
				err = errors.Join(err, os.RemoveAll(dir))
			default:
				err = errors.Join(err, e.pruneUnfinished(dir))
			}
		}
	}
	return err
}

// pruneUnfinished removes what a host that died was writing: what is older than
// this engine.
func (e *Engine) pruneUnfinished(dir string) (err error) {
	for _, entry := range entries(dir) {
		info, statErr := os.Stat(entry)
		if temporary(entry) && statErr == nil && info.ModTime().Before(e.began) {
			err = errors.Join(err, os.Remove(entry))
		}
	}
	return err
}
