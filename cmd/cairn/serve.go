package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/worker"
)

// drainLimit is how long running calls may take after SIGTERM: upstream's
// figure at a deploy.
const drainLimit = 30 * time.Second

// serveFlags are the host's settings; none of them stands in the config file.
type serveFlags struct {
	listen, admin, data   string
	adminToken            string
	allowHosts            []string
	trustProxies          []string
	drainDelay            time.Duration
	memory                string
	maxBusy               int
	evictIdle             time.Duration
	logFormat, logLevel   string
	interpreter, noImages bool
	routes                []string
	sources               sources
	draft                 bool // not a flag: see host.Options.Draft
	clear                 bool // dev's: begin with an empty store
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [CONFIG...]",
		Short: "run an app: CONFIG is a wrangler.jsonc, wrangler.json or wrangler.toml",
		Long: "serve runs the app of a wrangler file, the one in this folder when CONFIG is left out.\n" +
			"Of several, each answers the requests of its routes and of --route, and the first one all others; bindings\n" +
			"with a script_name find any of them.\n" +
			"A config and the module that it names are deployed when they are new: not those of the last start, and not\n" +
			"deployed since. Otherwise what served before serves again, with its config: a restart undoes neither\n" +
			"cairn deploy nor cairn rollback. What it did is in the log.\n" +
			"Every flag has an environment variable, such as CAIRN_LISTEN.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	return cmd
}

// add defines the flags of serve and dev.
func (f *serveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8787", "address of the public listener")
	flags.StringVar(&f.admin, "admin", "127.0.0.1:8788", "address of the admin listener")
	flags.StringVar(&f.adminToken, "admin-token", "", "bearer token of the admin listener; needed where that is not loopback")
	flags.StringSliceVar(&f.allowHosts, "allow-host", nil,
		"host that guests may send requests to: a name, *.NAME, an address, or * for all public ones")
	flags.StringSliceVar(&f.trustProxies, "trust-proxy", nil,
		"proxy that is believed when it says who a client is: an address, or a range like 10.0.0.0/8")
	flags.DurationVar(&f.drainDelay, "drain-delay", 0,
		"how long requests are still taken after SIGTERM, while readiness fails")
	flags.StringVar(&f.data, "data", ".cairn", "folder of the store")
	flags.StringVar(&f.memory, "memory", "", "memory for guests, their code and objects, requests, writes and the store's\n"+
		"cache, like 2GiB; the host itself takes some 50 MiB more (default half of the machine's)")
	flags.IntVar(&f.maxBusy, "max-busy", worker.DefaultMaxBusy, "requests that Workers run at a time; others wait in turn")
	flags.DurationVar(&f.evictIdle, "evict-idle", 10*time.Second, "from then on an idle object may forget its memory")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&f.interpreter, "interpreter", false, "run guests without compiling them")
	flags.BoolVar(&f.noImages, "no-images", false, "start every instance the plain way")
	flags.StringSliceVar(&f.routes, "route", nil, "who answers what, as HOST=SCRIPT or HOST/PATH=SCRIPT; before the configs' routes")
	f.sources.flags(cmd)
}

func serve(ctx context.Context, f serveFlags, args []string, stdout, stderr io.Writer) error {
	logger, err := newLogger(f, stderr)
	if err != nil {
		return err
	}
	if f.evictIdle <= 0 {
		return usageError{fmt.Errorf("--evict-idle %v is not above zero", f.evictIdle)}
	}
	if f.drainDelay < 0 {
		return usageError{fmt.Errorf("--drain-delay %v is below zero", f.drainDelay)}
	}
	proxies, err := parseProxies(f.trustProxies)
	if err != nil {
		return err
	}
	budget, err := memoryBudget(f.memory)
	if err != nil {
		return err
	}
	if f.maxBusy <= 0 {
		return usageError{fmt.Errorf("--max-busy %d is not above zero", f.maxBusy)}
	}
	if machine := machineMemory(); budget > machine {
		logger.Warn("--memory is more than there is", "memory", account.Size(budget), "machine", account.Size(machine))
	}
	told := readTold(f.data)
	var configs []*config.Config
	if !f.draft { // dev waits for a config that is right
		if configs, err = loadConfigs(&f.sources, args, told, logger); err != nil {
			return err
		}
	}
	routes, err := parseRoutes(f.routes)
	if err != nil {
		return err
	}
	// What can be wrong on this machine comes first: a start that fails has deployed
	// nothing, migrated nothing and destroyed nothing.
	listener, adminListener, err := f.open()
	if err != nil {
		return err
	}
	if err := prepareData(f.data, logger); err != nil {
		return errors.Join(err, listener.Close(), adminListener.Close())
	}
	undo := func() error { return nil }
	if f.clear {
		if undo, err = setAside(filepath.Join(f.data, "store")); err != nil {
			return errors.Join(err, listener.Close(), adminListener.Close())
		}
	}
	options := host.Options{
		Routes:  routes,
		DataDir: f.data, CacheDir: filepath.Join(f.data, "cache"), PruneCache: true,
		EvictIdle: f.evictIdle, MemoryBudget: budget, MaxBusy: f.maxBusy,
		AllowHosts: f.allowHosts, TrustProxies: proxies,
		Draft: f.draft, Interpreter: f.interpreter, NoImages: f.noImages,
		Logger: logger,
	}
	start := func(scripts []host.Script) (*host.Runtime, error) {
		options.Config, options.Wasm, options.More = scripts[0].Config, scripts[0].Wasm, scripts[1:]
		return host.Start(ctx, options)
	}
	var r *host.Runtime
	var d *developer
	if f.draft {
		options.Answered = printRequests(stdout)
		d = newDeveloper(f, args, listener, start, stdout, told, logger)
		r, configs, err = d.begin(ctx)
	} else {
		r, err = start(scriptsOf(configs))
	}
	if err != nil || r == nil { // nil: stopped before anything served
		return errors.Join(err, undo(), listener.Close(), adminListener.Close())
	}
	if err := r.Recorded(ctx); err != nil {
		return errors.Join(err, r.Shutdown(context.WithoutCancel(ctx)), undo(), listener.Close(), adminListener.Close())
	}
	if f.clear {
		if err := os.RemoveAll(asideName(filepath.Join(f.data, "store"))); err != nil {
			logger.Warn("the store that was cleared is still there", "error", err)
		}
	}
	governed, stopGoverning := context.WithCancel(context.WithoutCancel(ctx))
	defer stopGoverning()
	go governHeap(governed, r.Account())
	operator := admin.New(admin.Options{Host: r.Admin(), Token: f.adminToken, Metrics: r.Metrics(), Logger: logger})
	served := make(chan error, 3)
	go func() { served <- r.Serve(listener) }()
	go func() { served <- operator.Serve(adminListener) }()
	if d != nil {
		go func() { served <- d.watch(ctx) }()
	}
	told.keep(logger)
	fmt.Fprintf(stdout, "cairn serves %s on http://%s\n", names(configs), listener.Addr())
	printRoutes(stdout, configs, routes)
	select {
	case err = <-served:
	case <-ctx.Done():
		logger.Info("draining", "delay", f.drainDelay)
		operator.Drain()
		select { // a load balancer sees that and goes elsewhere
		case err = <-served:
		case <-time.After(f.drainDelay):
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	_ = r.Drain(drain) // while the admin listener tells how it stands; Shutdown has its error
	ended := errors.Join(operator.Shutdown(drain), r.Shutdown(drain))
	if errors.Is(err, storage.ErrReplaced) {
		return err // the rest follows from it
	}
	return errors.Join(err, ended)
}

// parseProxies reads --trust-proxy.
func parseProxies(list []string) ([]netip.Prefix, error) {
	var proxies []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if a, addrErr := netip.ParseAddr(text); addrErr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, usageError{fmt.Errorf(
				"--trust-proxy %q is not an address or a range like 10.0.0.0/8 or fd00::/8", text)}
		}
		// Addresses are compared as IPv4 where they are that.
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		proxies = append(proxies, p)
	}
	return proxies, nil
}

// open opens the public listener and the admin listener. What it has opened is
// closed again after an error.
func (f *serveFlags) open() (public, operator net.Listener, err error) {
	if public, err = net.Listen("tcp", f.listen); err != nil {
		return nil, nil, fmt.Errorf("%w (choose another address with --listen)", err)
	}
	if operator, err = net.Listen("tcp", f.admin); err != nil {
		err = fmt.Errorf("%w (choose another address with --admin)", err)
		return nil, nil, errors.Join(err, public.Close())
	}
	if err := admin.Allow(operator.Addr(), f.adminToken); err != nil {
		return nil, nil, errors.Join(err, public.Close(), operator.Close())
	}
	return public, operator, nil
}

// scriptsOf are the scripts of configs, whose modules are built at the start.
func scriptsOf(configs []*config.Config) (scripts []host.Script) {
	for _, c := range configs {
		scripts = append(scripts, host.Script{Config: c})
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
func loadConfigs(from *sources, args []string, told told, logger *slog.Logger) ([]*config.Config, error) {
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
