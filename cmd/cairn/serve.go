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
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
)

// drainLimit is how long running calls may take after SIGTERM: upstream's
// figure at a deploy.
const drainLimit = 30 * time.Second

// serveFlags are the host's settings; none of them stands in the config file.
type serveFlags struct {
	listen, admin, data   string
	memory                string
	evictIdle             time.Duration
	logFormat, logLevel   string
	interpreter, noImages bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve [CONFIG]",
		Short: "run an app: CONFIG is a wrangler.jsonc, wrangler.json or wrangler.toml",
		Long: "serve runs the app of a wrangler file, the one in this folder when CONFIG is left out.\n" +
			"Every flag has an environment variable, such as CAIRN_LISTEN.",
		Args: maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8787", "address of the public listener")
	flags.StringVar(&f.admin, "admin", "127.0.0.1:8788", "address of the admin listener")
	flags.StringVar(&f.data, "data", ".cairn", "folder of the store")
	flags.StringVar(&f.memory, "memory", "", "budget for guests' memory, like 2GiB (default half of the machine's)")
	flags.DurationVar(&f.evictIdle, "evict-idle", 10*time.Second, "from then on an idle object may forget its memory")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&f.interpreter, "interpreter", false, "run guests without compiling them")
	flags.BoolVar(&f.noImages, "no-images", false, "start every instance the plain way")
	return cmd
}

func serve(ctx context.Context, f serveFlags, args []string, stdout, stderr io.Writer) error {
	logger, err := newLogger(f, stderr)
	if err != nil {
		return err
	}
	c, err := loadConfig(args, logger)
	if err != nil {
		return err
	}
	r, err := host.Start(ctx, host.Options{
		Config: c, DataDir: f.data, CacheDir: filepath.Join(f.data, "cache"), EvictIdle: f.evictIdle,
		Interpreter: f.interpreter, NoImages: f.noImages, Logger: logger,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return errors.Join(fmt.Errorf("%w (choose another address with --listen)", err), r.Shutdown(ctx))
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(listener) }()
	fmt.Fprintf(stdout, "cairn serves %s on http://%s\n", c.Name, listener.Addr())
	select {
	case err = <-served:
	case <-ctx.Done():
		logger.Info("draining")
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	return errors.Join(err, r.Shutdown(drain))
}

// loadConfig finds and reads the app's config and logs its warnings.
func loadConfig(args []string, logger *slog.Logger) (*config.Config, error) {
	var path string
	if len(args) == 1 {
		path = args[0]
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if path, err = config.Find(path); err != nil {
				return nil, err
			}
		}
	} else {
		found, err := config.Find(".")
		if err != nil {
			return nil, err
		}
		path = found
	}
	c, warnings, err := config.Load(path)
	for _, w := range warnings {
		logger.Warn("config", "at", fmt.Sprintf("%s:%d:%d", w.Pos.File, w.Pos.Line, w.Pos.Col), "warning", w.Message)
	}
	return c, err
}

func newLogger(f serveFlags, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q is not debug, info, warn or error", f.logLevel)}
	}
	options := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q is not text or json", f.logFormat)}
}
