package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
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
				if err := os.RemoveAll(filepath.Join(f.data, "store")); err != nil {
					return fmt.Errorf("empty the store: %w", err)
				}
			}
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr(), watch)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&empty, "clear", false, "empty the store first")
	return cmd
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
	changed := map[*config.Config]bool{}
	timer := time.NewTimer(0)
	<-timer.C
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-watcher.Errors:
			logger.Warn("watch files", "error", err)
		case event := <-watcher.Events:
			if !source(event.Name) {
				continue
			}
			if info, err := os.Stat(event.Name); err == nil && info.IsDir() {
				if err := watchTree(watcher, event.Name); err != nil {
					logger.Warn("watch files", "error", err)
				}
			}
			for _, c := range configs {
				if inside(c.Dir, event.Name) {
					changed[c] = true
				}
			}
			timer.Reset(settle)
		case <-timer.C:
			for i, c := range configs {
				if changed[c] {
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
		if errors.As(err, &compile) {
			logger.Error("build failed, the old version keeps serving")
			fmt.Fprintln(os.Stderr, compile.Output)
			return c
		}
		logger.Error("build failed, the old version keeps serving", "error", err)
		return c
	}
	v, err := r.Deploy(ctx, host.Deploy{Script: c.Name, Wasm: wasm, Config: next})
	if err != nil {
		logger.Error("new version refused, the old one keeps serving", "error", err)
		return c
	}
	logger.Info("swapped", "script", next.Name, "version", v.Number)
	return next
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

func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
