package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/worker"
)

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

// add defines the flags of serve and dev.
func (f *serveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8787", "address of the public listener")
	flags.StringVar(&f.admin, "admin", "127.0.0.1:8788", "address of the admin listener")
	flags.StringVar(&f.adminToken, "admin-token", "",
		"bearer token of the admin listener; needed where that is not loopback")
	flags.StringSliceVar(&f.allowHosts, "allow-host", nil,
		"host that guests may send requests to: a name, *.NAME, an address, or * for "+
			"all public ones")
	flags.StringSliceVar(&f.trustProxies, "trust-proxy", nil,
		"proxy that is believed when it says who a client is: an address, or a range "+
			"like 10.0.0.0/8")
	flags.DurationVar(&f.drainDelay, "drain-delay", 0,
		"how long requests are still taken after SIGTERM, while readiness fails")
	flags.StringVar(&f.data, "data", ".cairn", "folder of the store")
	flags.StringVar(&f.memory, "memory", "",
		"memory for guests, their code and objects, requests, writes and the store's\n"+
			"cache, like 2GiB; the host itself takes some 50 MiB more (default half of "+
			"the machine's)")
	flags.IntVar(&f.maxBusy, "max-busy", worker.DefaultMaxBusy,
		"requests that Workers run at a time; others wait in turn")
	flags.DurationVar(&f.evictIdle, "evict-idle", 10*time.Second,
		"from then on an idle object may forget its memory")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&f.interpreter, "interpreter", false, "run guests without compiling them")
	flags.BoolVar(&f.noImages, "no-images", false, "start every instance the plain way")
	flags.StringSliceVar(&f.routes, "route", nil,
		"who answers what, as HOST=SCRIPT or HOST/PATH=SCRIPT; before the configs' routes")
	f.sources.flags(cmd)
}

// hostOptions are the host's options, but for the scripts and the routes. What a flag
// cannot mean is a usageError.
func (f *serveFlags) hostOptions(logger *slog.Logger) (host.Options, error) {
	var none host.Options
	if f.evictIdle <= 0 {
		return none, usageError{fmt.Errorf("--evict-idle %v is not above zero", f.evictIdle)}
	}
	if f.drainDelay < 0 {
		return none, usageError{fmt.Errorf("--drain-delay %v is below zero", f.drainDelay)}
	}
	proxies, err := parseProxies(f.trustProxies)
	if err != nil {
		return none, err
	}
	budget, err := memoryBudget(f.memory)
	if err != nil {
		return none, err
	}
	if f.maxBusy <= 0 {
		return none, usageError{fmt.Errorf("--max-busy %d is not above zero", f.maxBusy)}
	}
	if machine := machineMemory(); budget > machine {
		logger.Warn("--memory is more than there is",
			"memory", account.Size(budget), "machine", account.Size(machine))
	}
	return host.Options{
		DataDir: f.data, CacheDir: filepath.Join(f.data, "cache"), PruneCache: true,
		EvictIdle: f.evictIdle, MemoryBudget: budget, MaxBusy: f.maxBusy,
		AllowHosts: f.allowHosts, TrustProxies: proxies,
		Draft: f.draft, Interpreter: f.interpreter, NoImages: f.noImages,
		Logger: logger,
	}, nil
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
