package module

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tetratelabs/wazero"
)

// openCache opens the folder of compiled code. A host without one compiles at
// each start and works as well, so whatever is wrong with the folder is said and
// stops nothing.
func (e *Engine) openCache() {
	if e.options.CacheDir == "" {
		return
	}
	cache, err := wazero.NewCompilationCacheWithDir(e.options.CacheDir)
	if err != nil {
		e.options.Logger.Warn("compiled code is not kept, every start compiles: cannot open its folder",
			"folder", e.options.CacheDir, "error", err)
		return
	}
	e.cache = cache
}

// compileModule compiles, or takes the code from the cache. wazero gives up
// where the cache fails it: an entry that is damaged, a disk that is full. A
// module is then compiled in spite of it.
func (e *Engine) compileModule(ctx context.Context, wasm []byte) (compiled wazero.CompiledModule, err error) {
	for attempt := 0; ; attempt++ {
		compiled, err = e.runtime.CompileModule(ctx, wasm)
		if err == nil || e.cache == nil || !cacheTrouble(err) {
			return compiled, err
		}
		switch attempt {
		case 0:
			// If only writing failed, the code is in memory, and the next attempt
			// finds it there. wazero then counts one user too many: the code of such
			// a version stays until the host ends.
			e.options.Logger.Warn("trouble with the cache of compiled code", "folder", e.options.CacheDir, "error", err)
		case 1:
			e.clearCache()
		case 3:
			return nil, &CompileError{Problem: "compiled code cannot be read from its cache", Err: err,
				Hint: "remove the folder " + e.options.CacheDir}
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

// clearCache removes all entries. wazero does not say which one is damaged, and
// a cache that is empty costs one compilation of each module.
func (e *Engine) clearCache() {
	entries, err := filepath.Glob(filepath.Join(e.options.CacheDir, "wazero-*", "*"))
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(entry))
	}
	e.options.Logger.Warn("cache of compiled code is emptied, modules are compiled again",
		"folder", e.options.CacheDir, "entries", len(entries), "error", err)
}
