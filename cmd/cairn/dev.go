package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
)

// settle is how long files must be left alone before they are built: an editor
// writes a file in several steps, a checkout writes many.
const settle = 150 * time.Millisecond

func newDev() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "dev [CONFIG...]",
		Short: "serve, rebuild on change, and swap the module without dropping a request",
		Long: "dev serves like cairn serve, and watches the folders of the configs. After a change it builds the\n" +
			"script anew and lets the new version take over; if it does not build, the old one keeps serving.\n" +
			"It begins with what the files say, whatever was deployed before.",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.draft, f.sources.beside = true, true // what is edited counts, not what was deployed
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr(), watch)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.clear, "clear", false, "empty the store first")
	return cmd
}

// asideName is where --clear keeps a store until the start has succeeded.
func asideName(dir string) string { return dir + ".cleared" }

// setAside takes a store out of the way, unless another host has it open, or the
// folder holds anything that no store does: nobody wants to lose that to a wrong
// --data. undo brings it back, for a start that fails.
func setAside(dir string) (undo func() error, err error) {
	nothing := func() error { return nil }
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == dir && d.IsDir(), path == filepath.Join(dir, "wal") && d.IsDir():
			return nil
		case !d.Type().IsRegular() || !storage.IsFile(d.Name()):
			return fmt.Errorf("%s is no part of a store, and nothing was removed "+
				"(remove %s yourself, or choose another folder with --data)", path, dir)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("empty the store: %w", err)
	}
	lock, err := storage.Lock(dir) // and no more: one that does not open can be removed all the same
	if err != nil {
		return nil, err
	}
	defer lock.Close() // it frees the file wherever that is by then
	aside := asideName(dir)
	if err := errors.Join(os.RemoveAll(aside), os.Rename(dir, aside)); err != nil {
		return nil, fmt.Errorf("empty the store: %w", err)
	}
	return func() error { return errors.Join(os.RemoveAll(dir), os.Rename(aside, dir)) }, nil
}

// watch rebuilds scripts when their files change, until ctx is done.
func watch(ctx context.Context, r *host.Runtime, configs []*config.Config, f serveFlags, logger *slog.Logger) error {
	data := f.data
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	defer watcher.Close()
	for _, c := range configs {
		for _, dir := range folders(c) {
			if err := watchTree(watcher, dir); err != nil {
				return err
			}
		}
	}
	configs = slices.Clone(configs)
	changed := make([]bool, len(configs))
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-watcher.Errors:
			logger.Warn("watch files", "error", err)
			if errors.Is(err, fsnotify.ErrEventOverflow) { // whose, nobody knows
				for i := range changed {
					changed[i] = true
				}
				timer.Reset(settle)
			}
		case event := <-watcher.Events:
			if event.Op == fsnotify.Chmod || !source(event.Name) || inside(filepath.Join(data, "store"), event.Name) ||
				inside(filepath.Join(data, "cache"), event.Name) || inside(filepath.Join(data, "build"), event.Name) {
				continue // ours, wherever the data folder is: a build would cause the next
			}
			if info, err := os.Stat(event.Name); err == nil && info.IsDir() {
				if err := watchTree(watcher, event.Name); err != nil {
					logger.Warn("watch files", "error", err)
				}
			}
			for i, c := range configs {
				changed[i] = changed[i] || slices.ContainsFunc(folders(c), func(dir string) bool { return inside(dir, event.Name) })
			}
			timer.Reset(settle)
		case <-timer.C:
			for i, c := range configs {
				if !changed[i] {
					continue
				}
				configs[i] = rebuild(ctx, r, c, &f, logger)
				for _, dir := range folders(configs[i]) { // main may be elsewhere now
					if err := watchTree(watcher, dir); err != nil {
						logger.Warn("watch files", "error", err)
					}
				}
			}
			clear(changed)
		}
	}
}

// folders are where a script's files are: its config's folder, and its main's.
func folders(c *config.Config) []string {
	dir := c.MainPath()
	if info, err := os.Stat(dir); err != nil || !info.IsDir() { // a module; a folder is a Go package
		dir = filepath.Dir(dir)
	}
	if inside(c.Dir, dir) {
		return []string{c.Dir}
	}
	return []string{c.Dir, dir}
}

// rebuild builds and deploys a script, and returns its config as it is now.
// What goes wrong is shown, and the old version keeps serving.
func rebuild(ctx context.Context, r *host.Runtime, c *config.Config, f *serveFlags, logger *slog.Logger) *config.Config {
	next, warnings, err := f.sources.load(c.Path)
	if err != nil {
		return wrong(ctx, c, "config is wrong", err, logger)
	}
	changed := !alike(c, next)
	if changed {
		for _, w := range warnings {
			logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
		}
	}
	wasm, err := build.Main(ctx, next.MainPath(), filepath.Join(f.data, "build", next.Name))
	var compile *build.Error
	if errors.As(err, &compile) {
		err = errors.New(compile.Output)
	}
	if err != nil {
		return wrong(ctx, c, "build failed", err, logger)
	}
	if !changed && serves(r, c.Name, wasm) {
		logger.Debug("nothing changed", "script", c.Name) // a file that the module is not made of
		return next
	}
	v, err := r.Deploy(ctx, host.Deploy{Script: c.Name, Wasm: wasm, Config: next})
	if err != nil {
		return wrong(ctx, c, "new version refused", err, logger)
	}
	logger.Info("swapped", "script", next.Name, "version", v.Number)
	return next
}

// wrong shows why a script was not swapped: places in files, and migrations to
// copy, as they are, which the log would put on one line.
func wrong(ctx context.Context, c *config.Config, what string, err error, logger *slog.Logger) *config.Config {
	if ctx.Err() == nil {
		logger.Error(what+", the old version keeps serving", "script", c.Name)
		fmt.Fprintln(os.Stderr, strings.TrimRight(err.Error(), "\n"))
	}
	return c
}

// alike reports whether two configs say the same.
func alike(a, b *config.Config) bool {
	x, errX := a.Fingerprint()
	y, errY := b.Fingerprint()
	return errX == nil && errY == nil && x == y && reflect.DeepEqual(a.Secrets, b.Secrets)
}

// serves reports whether a module is what all objects of a script run.
func serves(r *host.Runtime, script string, wasm []byte) bool {
	list, err := r.Versions(script)
	hash := sha256.Sum256(wasm)
	return err == nil && slices.ContainsFunc(list, func(v host.Version) bool {
		return v.Percent == 100 && v.Hash == hex.EncodeToString(hash[:])
	})
}

// watchTree watches a folder and those below it.
func watchTree(w *fsnotify.Watcher, dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return err
		case path != dir && !source(path):
			return fs.SkipDir
		}
		return w.Add(path)
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	return nil
}

// source reports whether a change of the file can change a module: what is
// hidden, such as the store and git's own, and what editors leave cannot.
func source(path string) bool {
	name := filepath.Base(path)
	if name == ".env" || name == ".dev.vars" || strings.HasPrefix(name, ".env.") || strings.HasPrefix(name, ".dev.vars.") {
		return true // variables of the app
	}
	return !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "~") && name != "node_modules"
}

// inside reports whether a path, as the watcher gives it, is in a folder.
func inside(dir, path string) bool {
	dir, dirErr := filepath.Abs(dir)
	path, pathErr := filepath.Abs(path)
	if dirErr != nil || pathErr != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
