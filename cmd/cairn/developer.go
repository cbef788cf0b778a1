package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/release"
)

// developer is cairn dev: it serves what the files say, as far as they can be served.
type developer struct {
	flags   serveFlags
	start   func([]release.Script) (*host.Runtime, error)
	stdout  io.Writer
	told    told
	logger  *slog.Logger
	page    *page
	files   *watched
	apps    []*edited
	runtime *host.Runtime // nil until something serves
}

// edited is a script that is being edited.
type edited struct {
	path   string         // of its config, as the command line names it
	config *config.Config // the one that serves, or the last that was right; nil: none yet
	wrong  bool           // the files cannot be served as they are
}

func newDeveloper(f serveFlags, paths []string, listener net.Listener,
	start func([]release.Script) (*host.Runtime, error), stdout io.Writer, told told,
	logger *slog.Logger) *developer {
	d := &developer{flags: f, start: start, stdout: stdout, told: told, logger: logger,
		page: &page{listener: listener}}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		d.apps = append(d.apps, &edited{path: path})
	}
	return d
}

// begin returns a runtime as soon as the files can be served; nil if ctx is done
// before. While they cannot, the public listener says why.
func (d *developer) begin(ctx context.Context) (r *host.Runtime,
	configs []*config.Config, err error) {
	for _, app := range d.apps { // a path that is wrong is no file to wait for
		if _, err := os.Stat(app.path); err != nil {
			return nil, nil, fmt.Errorf("read config: %w", err)
		}
	}
	if d.files, err = newWatched(d.flags.data, len(d.apps), d.logger); err != nil {
		return nil, nil, err
	}
	for i := range d.apps {
		d.follow(i)
	}
	defer d.page.hide()
	var said sync.Once
	all := slices.Repeat([]bool{true}, len(d.apps))
	for changed := all; changed != nil; changed = d.files.next(ctx) {
		err := d.files.during(ctx, all, func(ctx context.Context) error { return d.first(ctx) })
		switch {
		case ctx.Err() != nil:
			return nil, nil, nil
		case err == nil && d.runtime != nil:
			for _, app := range d.apps {
				configs = append(configs, app.config)
			}
			return d.runtime, configs, nil
		case err != nil && !fixable(err):
			return nil, nil, err
		case err != nil:
			d.page.show(explain(err))
			said.Do(func() {
				fmt.Fprintf(d.stdout, "cairn waits for a fix, and says so on http://%s\n",
					d.page.listener.Addr())
			})
		}
	}
	return nil, nil, nil
}

// first loads, builds and starts all scripts. An error that is fixable is in the log.
func (d *developer) first(ctx context.Context) error {
	var scripts []release.Script
	for i, app := range d.apps {
		c, warnings, err := d.flags.sources.load(app.path)
		if err == nil {
			app.config = c
			d.told.tell(c, warnings, d.logger)
			d.follow(i)
			var wasm []byte
			wasm, err = d.build(ctx, c)
			scripts = append(scripts, release.Script{Config: c, Wasm: wasm})
		}
		if err != nil {
			return d.waits(ctx, app.path, err)
		}
	}
	r, err := d.start(scripts)
	if err != nil {
		return d.waits(ctx, d.apps[0].path, err)
	}
	d.runtime = r
	return nil
}

// waits is report for an error that keeps all from being served. One that ends cairn
// is printed as that, and once.
func (d *developer) waits(ctx context.Context, path string, err error) error {
	if !fixable(err) {
		return err
	}
	return d.report(ctx, "nothing is served", path, err)
}

// watch lets new versions take over when their files change, until ctx is done.
func (d *developer) watch(ctx context.Context) error {
	defer d.files.close()
	for {
		changed := d.files.next(ctx)
		if changed == nil {
			return nil
		}
		d.files.during(ctx, changed, func(ctx context.Context) error {
			for i, app := range d.apps {
				if changed[i] && ctx.Err() == nil {
					d.rebuild(ctx, i, app)
				}
			}
			return nil
		})
	}
}

// rebuild builds and deploys a script. What goes wrong is shown, and the old version
// keeps serving.
func (d *developer) rebuild(ctx context.Context, i int, app *edited) {
	began := time.Now()
	defer d.follow(i)
	next, warnings, err := d.flags.sources.load(app.path)
	if err != nil {
		what := "config is wrong, the old version keeps serving"
		if errors.Is(err, fs.ErrNotExist) {
			what = "config is gone, the old version keeps serving"
		}
		app.wrong = d.report(ctx, what, app.path, err) != nil || app.wrong
		return
	}
	changed := !alike(app.config, next)
	if changed {
		for _, w := range warnings {
			d.logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
		}
	}
	wasm, err := d.build(ctx, next)
	if err != nil {
		app.wrong = d.report(ctx, "build failed, the old version keeps serving",
			app.path, err) != nil || app.wrong
		return
	}
	d.files.follow(i, roots(next), nil) // main may be elsewhere now
	if number := serving(d.runtime, app.config.Name, wasm); number != 0 && !changed {
		if app.wrong {
			d.logger.Info("as it was again", "script", app.config.Name, "version", number)
		}
		app.wrong = false
		return
	}
	v, err := d.runtime.Releases().Deploy(ctx,
		release.Deploy{Script: app.config.Name, Wasm: wasm, Config: next})
	if err != nil {
		app.wrong = d.report(ctx, "new version refused, the old version keeps serving",
			app.path, err) != nil || app.wrong
		return
	}
	app.config, app.wrong = next, false
	d.logger.Info("swapped", "script", next.Name, "version", v.Number, "took",
		time.Since(began).Round(time.Millisecond))
}

// build returns a script's module. Building one for the first time takes long, as all
// of Go's library is built with it.
func (d *developer) build(ctx context.Context, c *config.Config) ([]byte, error) {
	switch {
	case !isPackage(c):
	case d.runtime == nil:
		d.logger.Info("building, which takes a while for the first time",
			"script", c.Name, "main", c.MainPath())
	default:
		d.logger.Info("building", "script", c.Name)
	}
	return build.Main(ctx, c.MainPath(), filepath.Join(d.flags.data, "build", c.Name))
}

// follow watches what a script is made of: at once where its files must be, and when
// go list has said so the folders of its packages.
func (d *developer) follow(i int) {
	app := d.apps[i]
	if app.config == nil {
		dir := app.path
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			dir = filepath.Dir(dir)
		}
		d.files.follow(i, []string{dir}, nil)
		return // the config names the rest
	}
	main := ""
	if isPackage(app.config) {
		main = app.config.MainPath()
	}
	d.files.follow(i, roots(app.config), func(ctx context.Context) ([]string, map[string][]string) {
		if main == "" {
			return nil, nil
		}
		folders, embeds, err := build.Folders(ctx, main)
		if err != nil {
			d.logger.Debug("list packages", "main", main, "error", err) // the build says it
		}
		return folders, embeds
	})
}

// report logs why files cannot be served, and returns err; nil when it is only that
// something newer came or that cairn stops. Places in files, and migrations to copy,
// are printed as they are, which the log would put on one line.
func (d *developer) report(ctx context.Context, what, path string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	d.logger.Error(what, "config", path)
	printing.Lock()
	defer printing.Unlock()
	fmt.Fprintln(os.Stderr, explain(err))
	return err
}

// explain is an error for somebody who edits: the compiler's words alone.
func explain(err error) string {
	var compile *build.Error
	if errors.As(err, &compile) {
		return strings.TrimRight(compile.Output, "\n")
	}
	return strings.TrimRight(err.Error(), "\n")
}

// fixable reports whether an error is in the files that are edited. Of a script no
// edit makes a module: who begins with one is told at once, by the exit.
func fixable(err error) bool {
	if errors.Is(err, build.ErrScript) {
		return false
	}
	var compile *build.Error
	var wrong *config.Error
	var refused *module.CompileError
	return errors.As(err, &compile) || errors.As(err, &wrong) || errors.As(err, &refused) ||
		errors.Is(err, fs.ErrNotExist)
}

// printing is held by who prints lines that belong together.
var printing sync.Mutex

// printRequests prints a line for each request.
func printRequests(w io.Writer) func(method, target []byte, status int, took time.Duration) {
	return func(method, target []byte, status int, took time.Duration) {
		line := fmt.Appendf(nil, "%s %s %d %v\n", printable(method), printable(target), status,
			took.Round(100*time.Microsecond))
		printing.Lock()
		defer printing.Unlock()
		w.Write(line)
	}
}

// printable cuts what a client sent, and keeps it from telling the terminal anything.
func printable(b []byte) string {
	const most = 500
	more := ""
	if len(b) > most {
		b, more = b[:most], "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0x7e && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(string(b), "?")) + more
}

// isPackage reports whether a script is a Go package, and no file.
func isPackage(c *config.Config) bool {
	info, err := os.Stat(c.MainPath())
	return err == nil && info.IsDir()
}

// alike reports whether two configs say the same.
func alike(a, b *config.Config) bool {
	x, errX := a.Fingerprint()
	y, errY := b.Fingerprint()
	return errX == nil && errY == nil && x == y && reflect.DeepEqual(a.Secrets, b.Secrets)
}

// serving returns the version that all objects of a script run if that is a module;
// 0 if it is not.
func serving(r *host.Runtime, script string, wasm []byte) int {
	list, err := r.Releases().Versions(script)
	hash := sha256.Sum256(wasm)
	if err != nil {
		return 0
	}
	for _, v := range list {
		if v.Percent == 100 && v.Hash == hex.EncodeToString(hash[:]) {
			return v.Number
		}
	}
	return 0
}
