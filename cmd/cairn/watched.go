package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/cairn-dev/cairn/host/config"
)

// settle is how long files must be left alone before they are built: an editor
// writes a file in several steps, a checkout writes many. It is short, since a build
// that begins too early is given up for the next one.
const settle = 40 * time.Millisecond

// maxGivenUp is how many builds in a row are given up for a newer change. Files that
// change all the time are built all the same.
const maxGivenUp = 3

// watched are what scripts are made of. They say which scripts have changed.
type watched struct {
	watcher *fsnotify.Watcher
	data    []string // folders that the host itself writes
	logger  *slog.Logger
	settled *time.Timer
	wake    chan struct{}

	mu      sync.Mutex
	scripts []sourced
	watched map[string]bool
	changed []bool // since next
	// giveUp ends what during runs, which is about the scripts of building.
	giveUp   context.CancelFunc
	building []bool
	givenUp  int
}

// sourced is where a script's files lie. All paths are absolute.
type sourced struct {
	// the script's config and main, and their folders with all below them
	roots   []string
	folders []string            // of other packages, without
	embeds  map[string][]string // extensions of what is embedded, by folder
	listing context.CancelFunc  // ends the listing of folders that is under way
}

func newWatched(data string, scripts int, logger *slog.Logger) (*watched, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w (is fs.inotify.max_user_instances too low?)", err)
	}
	f := &watched{watcher: watcher, logger: logger, wake: make(chan struct{}, 1),
		scripts: make([]sourced, scripts), changed: make([]bool, scripts),
		watched: map[string]bool{}}
	for _, part := range dataParts {
		f.data = append(f.data, absolute(filepath.Join(data, part)))
	}
	f.settled = time.AfterFunc(time.Hour, func() {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	})
	f.settled.Stop()
	go f.run()
	return f, nil
}

// close ends the watch.
func (f *watched) close() {
	f.settled.Stop()
	f.watcher.Close()
}

// next waits until files have changed and are left alone, and says of which scripts;
// nil when ctx is done.
func (f *watched) next(ctx context.Context) []bool {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
			f.mu.Lock()
			changed := slices.Clone(f.changed)
			clear(f.changed)
			f.mu.Unlock()
			if slices.Contains(changed, true) {
				return changed
			}
		}
	}
}

// during runs fn, which is about some of the scripts, and ends its context when their
// files change again meanwhile: what it makes would be old.
func (f *watched) during(ctx context.Context, scripts []bool,
	fn func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.mu.Lock()
	f.giveUp, f.building = cancel, scripts
	f.mu.Unlock()
	err := fn(ctx)
	f.mu.Lock()
	if ctx.Err() == nil {
		f.givenUp = 0
	}
	f.giveUp = nil
	f.mu.Unlock()
	return err
}

// follow sets where a script's files lie: roots now, and what list gives when it is
// done. list may be nil: the folders stay as they are.
func (f *watched) follow(i int, roots []string,
	list func(context.Context) ([]string, map[string][]string)) {
	began := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.scripts[i]
	s.roots = nil
	for _, root := range roots {
		s.roots = append(s.roots, absolute(root))
	}
	f.watchRootsLocked(s)
	if list == nil {
		return
	}
	if s.listing != nil {
		s.listing()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.listing = cancel
	go func() {
		defer cancel()
		folders, embeds := list(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		if ctx.Err() == nil && folders != nil {
			f.foldersLocked(i, folders, embeds, began)
		}
	}()
}

// foldersLocked sets the folders of a script's packages. What was written in a new one
// before it was watched is a change.
func (f *watched) foldersLocked(i int, folders []string, embeds map[string][]string,
	since time.Time) {
	s := &f.scripts[i]
	s.folders, s.embeds = folders, embeds
	for _, dir := range folders {
		if f.watched[dir] || !f.addLocked(dir) {
			continue
		}
		list, _ := os.ReadDir(dir) // one that cannot be read does not build
		for _, entry := range list {
			if info, err := entry.Info(); err == nil && info.ModTime().After(since) {
				f.eventLocked(filepath.Join(dir, entry.Name()), false)
			}
		}
	}
}

// run takes the events of the file system.
func (f *watched) run() {
	for {
		select {
		case err, ok := <-f.watcher.Errors:
			if !ok {
				return
			}
			f.logger.Warn("watch files", "error", err)
			if errors.Is(err, fsnotify.ErrEventOverflow) { // whose, nobody knows
				f.mu.Lock()
				for i := range f.scripts {
					f.touchLocked(i)
				}
				f.mu.Unlock()
			}
		case event, ok := <-f.watcher.Events:
			if !ok {
				return
			}
			if event.Op == fsnotify.Chmod || slices.ContainsFunc(f.data, func(dir string) bool {
				return inside(dir, event.Name)
			}) {
				continue // ours, wherever the data folder is: a build would cause the next
			}
			f.mu.Lock()
			f.eventLocked(event.Name, event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename))
			f.mu.Unlock()
		}
	}
}

// eventLocked notes that something is another than it was.
func (f *watched) eventLocked(path string, gone bool) {
	folder := f.watched[path]
	if gone {
		delete(f.watched, path)
	} else if info, err := os.Stat(path); err == nil && info.IsDir() {
		folder = true
	}
	for i := range f.scripts {
		s := &f.scripts[i]
		above := slices.ContainsFunc(s.roots, func(root string) bool { return inside(path, root) })
		below := slices.ContainsFunc(s.roots, func(root string) bool { return inside(root, path) })
		if above || folder && below && source(path) { // with all that is in it
			f.watchRootsLocked(s)
		}
		beside := slices.Contains(s.folders, filepath.Dir(path)) || slices.Contains(s.folders, path)
		if above || (below || beside) && (folder && source(path) || s.made(path)) {
			f.touchLocked(i)
		}
	}
}

// touchLocked notes that a script has changed.
func (f *watched) touchLocked(i int) {
	f.changed[i] = true
	if f.giveUp != nil && f.building[i] && f.givenUp < maxGivenUp {
		f.givenUp++
		f.giveUp()
		f.giveUp = nil
	}
	f.settled.Reset(settle)
}

// made reports whether a file can be what a script is made of. Others may lie beside
// it that change all the time, such as the log of cairn itself.
func (s *sourced) made(path string) bool {
	name := filepath.Base(path)
	switch {
	case variables(name), strings.HasPrefix(name, "wrangler."):
		return true
	case !source(path):
		return false
	}
	switch ext := filepath.Ext(name); ext {
	case ".go", ".mod", ".sum", ".work", ".s", ".c", ".h", ".syso", ".pgo", ".wasm", ".js", ".mjs",
		".ts", ".jsonc", ".toml":
		return true
	default:
		return slices.Contains(s.embeds[filepath.Dir(path)], ext) || name == "modules.txt"
	}
}

// watchRootsLocked watches a script's roots with all that is below them, and in the
// place of one that is missing what is above it.
func (f *watched) watchRootsLocked(s *sourced) {
	for _, root := range s.roots {
		for dir := root; ; {
			if info, err := os.Stat(root); err == nil && info.IsDir() {
				f.addTreeLocked(root)
				break
			}
			for !isFolder(dir) && filepath.Dir(dir) != dir {
				dir = filepath.Dir(dir)
			}
			if !f.addLocked(dir) || !isFolder(root) { // the folder may have come meanwhile
				break
			}
		}
	}
}

// addTreeLocked watches a folder and those below it.
func (f *watched) addTreeLocked(root string) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
			return nil
		case err != nil || !d.IsDir():
			return err
		case path != root && !source(path), slices.Contains(f.data, path):
			return fs.SkipDir
		}
		f.addLocked(path)
		return nil
	})
	if err != nil {
		f.logger.Warn("watch files", "folder", root, "error", err)
	}
}

// addLocked watches a folder, and reports whether it does.
func (f *watched) addLocked(dir string) bool {
	if err := f.watcher.Add(dir); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.logger.Warn("changes are not seen", "folder", dir, "error", err)
		}
		return false
	}
	f.watched[dir] = true
	return true
}

// roots are a script's own files and where they are.
func roots(c *config.Config) []string {
	main := c.MainPath()
	dir := main
	if !isFolder(dir) { // a module; a folder is a Go package
		dir = filepath.Dir(dir)
	}
	return []string{c.Path, main, c.Dir, dir}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// source reports whether a change of the file can change a module: what is
// hidden, such as the store and git's own, and what editors leave cannot.
func source(path string) bool {
	name := filepath.Base(path)
	return !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "~") && name != "node_modules"
}

// variables reports whether a file beside a config gives its variables.
func variables(name string) bool {
	return name == ".env" || name == ".dev.vars" || strings.HasPrefix(name, ".env.") ||
		strings.HasPrefix(name, ".dev.vars.")
}

// inside reports whether a path is in a folder, or is that.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(absolute(dir), absolute(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// absolute is filepath.Abs; where the working folder is gone the path stays.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
