package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/storage"
)

// drainLimit is how long running calls may take after SIGTERM: upstream's
// figure at a deploy.
const drainLimit = 30 * time.Second

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [CONFIG...]",
		Short: "run an app: CONFIG is a wrangler.jsonc, wrangler.json or wrangler.toml",
		Long: "serve runs the app of a wrangler file, the one in this folder when CONFIG " +
			"is left out.\n" +
			"Of several, each answers the requests of its routes and of --route, and the first " +
			"one all others; bindings\n" +
			"with a script_name find any of them.\n" +
			"A config and the module that it names are deployed when they are new: not those of " +
			"the last start, and not\n" +
			"deployed since. Otherwise what served before serves again, with its config: a " +
			"restart undoes neither\n" +
			"cairn deploy nor cairn rollback. What it did is in the log.\n" +
			"Every flag has an environment variable, such as CAIRN_LISTEN.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	return cmd
}

// serve runs an app until ctx is done or something fails. What can be wrong in
// flags, in configs and on this machine comes first: a start that fails has deployed
// nothing, migrated nothing and destroyed nothing.
func serve(ctx context.Context, f serveFlags, args []string, stdout, stderr io.Writer) error {
	logger, err := newLogger(f, stderr)
	if err != nil {
		return err
	}
	s := &server{serveFlags: f, args: args, stdout: stdout, logger: logger}
	if err := s.read(); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil || s.runtime == nil {
		return errors.Join(err, s.undo(), s.public.Close(), s.operator.Close())
	}
	return s.run(ctx)
}

// server is cairn serve, or cairn dev. Its methods stand in the order in which they
// are called.
type server struct {
	serveFlags
	args    []string // paths of configs
	stdout  io.Writer
	logger  *slog.Logger
	told    told
	configs []*config.Config
	options host.Options

	public, operator net.Listener
	undo             func() error // brings back the store that --clear has taken away

	developer *developer    // of cairn dev; nil otherwise
	runtime   *host.Runtime // nil when it was stopped before anything served
}

// read reads flags and configs.
func (s *server) read() (err error) {
	if s.options, err = s.hostOptions(s.logger); err != nil {
		return err
	}
	s.told = readTold(s.data)
	if !s.draft { // dev waits for a config that is right
		if s.configs, err = loadConfigs(&s.sources, s.args, s.told, s.logger); err != nil {
			return err
		}
	}
	s.options.Routes, err = parseRoutes(s.routes)
	return err
}

// open opens the listeners and prepares the data folder. What it has opened is closed
// again after an error.
func (s *server) open() (err error) {
	if s.public, err = net.Listen("tcp", s.listen); err != nil {
		return fmt.Errorf("%w (choose another address with --listen)", err)
	}
	if s.operator, err = net.Listen("tcp", s.admin); err != nil {
		err = fmt.Errorf("%w (choose another address with --admin)", err)
		return errors.Join(err, s.public.Close())
	}
	err = admin.Allow(s.operator.Addr(), s.adminToken)
	if err == nil {
		err = prepareData(s.data, s.logger)
	}
	s.undo = func() error { return nil }
	if err == nil && s.clear {
		s.undo, err = setAside(filepath.Join(s.data, "store"))
	}
	if err != nil {
		return errors.Join(err, s.public.Close(), s.operator.Close())
	}
	return nil
}

// start starts the runtime and waits until what it has deployed is recorded. Only then
// a store that was cleared is gone.
func (s *server) start(ctx context.Context) (err error) {
	start := func(scripts []release.Script) (*host.Runtime, error) {
		o := s.options
		o.Config, o.Wasm, o.More = scripts[0].Config, scripts[0].Wasm, scripts[1:]
		return host.Start(ctx, o)
	}
	if s.draft {
		s.options.Answered = printRequests(s.stdout)
		s.developer = newDeveloper(s.serveFlags, s.args, s.public, start, s.stdout,
			s.told, s.logger)
		s.runtime, s.configs, err = s.developer.begin(ctx)
	} else {
		s.runtime, err = start(scriptsOf(s.configs))
	}
	if err != nil || s.runtime == nil {
		return err
	}
	if err := s.runtime.Recorded(ctx); err != nil {
		return errors.Join(err, s.runtime.Shutdown(context.WithoutCancel(ctx)))
	}
	if s.clear {
		if err := os.RemoveAll(asideName(filepath.Join(s.data, "store"))); err != nil {
			s.logger.Warn("the store that was cleared is still there", "error", err)
		}
	}
	return nil
}

// run serves until ctx is done or a listener fails, and ends what runs.
func (s *server) run(ctx context.Context) error {
	governed, stopGoverning := context.WithCancel(context.WithoutCancel(ctx))
	defer stopGoverning()
	go governHeap(governed, s.runtime.Account())
	operator := admin.New(admin.Options{Host: s.runtime.Admin(), Token: s.adminToken,
		Metrics: s.runtime.Metrics(), Logger: s.logger})
	served := make(chan error, 3)
	go func() { served <- s.runtime.Serve(s.public) }()
	go func() { served <- operator.Serve(s.operator) }()
	if s.developer != nil {
		go func() { served <- s.developer.watch(ctx) }()
	}
	s.told.keep(s.logger)
	fmt.Fprintf(s.stdout, "cairn serves %s on http://%s\n", names(s.configs), s.public.Addr())
	printRoutes(s.stdout, s.configs, s.options.Routes)

	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		s.logger.Info("draining", "delay", s.drainDelay)
		operator.Drain()
		select { // a load balancer sees that and goes elsewhere
		case err = <-served:
		case <-time.After(s.drainDelay):
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	// While the admin listener tells how it stands; Shutdown has its error.
	_ = s.runtime.Drain(drain)
	ended := errors.Join(operator.Shutdown(drain), s.runtime.Shutdown(drain))
	if errors.Is(err, storage.ErrReplaced) {
		return err // the rest follows from it
	}
	return errors.Join(err, ended)
}

// scriptsOf are the scripts of configs, whose modules are built at the start.
func scriptsOf(configs []*config.Config) (scripts []release.Script) {
	for _, c := range configs {
		scripts = append(scripts, release.Script{Config: c})
	}
	return scripts
}

// names lists the scripts, the public one first.
func names(configs []*config.Config) string {
	var list []string
	for _, c := range configs {
		list = append(list, c.Name)
	}
	return strings.Join(list, ", ")
}

// loadConfigs reads the configs that the command line names, the one of this
// folder if it names none, and logs their warnings. Problems of all of them come
// together.
func loadConfigs(from *sources, args []string, told told,
	logger *slog.Logger) ([]*config.Config, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var configs []*config.Config
	var errs []error
	warnings := make([][]config.Warning, len(args))
	for i, path := range args {
		c, found, err := from.load(path)
		configs, errs, warnings[i] = append(configs, c), append(errs, err), found
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err // alone: what is ignored means nothing where nothing runs
	}
	for i, c := range configs {
		told.tell(c, warnings[i], logger)
	}
	return configs, nil
}
