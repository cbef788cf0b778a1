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
	var empty bool
	cmd := &cobra.Command{
		Use:   "dev [CONFIG...]",
		Short: "serve, rebuild on change, and swap the module without dropping a request",
		Long: "dev serves like cairn serve, and watches the folders of the configs. After a change it builds the\n" +
			"script anew and lets the new version take over; if it does not build, the old one keeps serving.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if empty {
				if err := emptyStore(filepath.Join(f.data, "store")); err != nil {
					return err
				}
			}
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr(), watch)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&empty, "clear", false, "empty the store first")
	return cmd
}

// emptyStore removes a store, unless another host has it open.
func emptyStore(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		store, err := storage.Open(dir, storage.Options{})
		if errors.Is(err, storage.ErrLocked) {
			return err
		}
		if err == nil { // one that does not open can be removed all the same
			store.Close()
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("empty the store: %w", err)
	}
	return nil
}

// watch rebuilds scripts when their files change, until ctx is done.
func watch(ctx context.Context, r *host.Runtime, configs []*config.Config, data string, logger *slog.Logger) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	defer watcher.Close()
	for _, c := range configs {
		if err := watchTree(watcher, c.Dir); err != nil {
			return err
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
			if !source(event.Name) || inside(filepath.Join(data, "store"), event.Name) ||
				inside(filepath.Join(data, "cache"), event.Name) || inside(filepath.Join(data, "build"), event.Name) {
				continue // ours, wherever the data folder is: a build would cause the next
			}
			if info, err := os.Stat(event.Name); err == nil && info.IsDir() {
				if err := watchTree(watcher, event.Name); err != nil {
					logger.Warn("watch files", "error", err)
				}
			}
			for i, c := range configs {
				changed[i] = changed[i] || inside(c.Dir, event.Name)
			}
			timer.Reset(settle)
		case <-timer.C:
			for i, c := range configs {
				if changed[i] {
					configs[i] = rebuild(ctx, r, c, data, logger)
				}
			}
			clear(changed)
		}
	}
}

// rebuild builds and deploys a script, and returns its config as it is now.
// What goes wrong is shown, and the old version keeps serving.
func rebuild(ctx context.Context, r *host.Runtime, c *config.Config, data string, logger *slog.Logger) *config.Config {
	next, _, err := config.Load(c.Path)
	if err != nil {
		logger.Error("config is wrong, the old version keeps serving", "error", err)
		return c
	}
	wasm, err := build.Main(ctx, next.MainPath(), filepath.Join(data, "build", next.Name))
	if err != nil {
		var compile *build.Error
		if ctx.Err() != nil {
			return c
		}
		if errors.As(err, &compile) {
			logger.Error("build failed, the old version keeps serving")
			fmt.Fprintln(os.Stderr, compile.Output)
			return c
		}
		logger.Error("build failed, the old version keeps serving", "error", err)
		return c
	}
	if reflect.DeepEqual(c, next) && serves(r, c.Name, wasm) {
		logger.Debug("nothing changed", "script", c.Name) // a file that the module is not made of
		return c
	}
	v, err := r.Deploy(ctx, host.Deploy{Script: c.Name, Wasm: wasm, Config: next, Main: true})
	if ctx.Err() != nil {
		return c
	}
	if err != nil {
		logger.Error("new version refused, the old one keeps serving", "error", err)
		return c
	}
	logger.Info("swapped", "script", next.Name, "version", v.Number)
	return next
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
