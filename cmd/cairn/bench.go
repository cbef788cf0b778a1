package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/cmd/cairn/internal/loadgen"
)

func newBench() *cobra.Command {
	var o loadgen.Options
	var asJSON, progress bool
	cmd := &cobra.Command{
		Use:   "bench URL",
		Short: "load an HTTP server and measure its latency honestly",
		Long: "bench sends GET requests to a server at http://HOST[:PORT][/PATH] and prints what it measured.\n\n" +
			"With --rate the load is open: a request's latency counts from when it was due, so a server that\n" +
			"stalls pays for every request that it kept waiting. Without, each connection sends as soon as it\n" +
			"has its answer, and the latency is service time under a full queue.\n\n" +
			"{name} in a path stands for o1 to oN, at random. A URL without a path, not even /, is the\n" +
			"counter's: /increment?name={name} writes and /?name={name} reads.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("a URL is missing, like http://127.0.0.1:8787 (see %s --help)", cmd.CommandPath())}
			}
			return maxArgs(1)(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Connections, "connections", loadgen.DefaultConnections, "how many `connections`, each with one request at a time")
	flags.DurationVar(&o.Duration, "duration", loadgen.DefaultDuration, "how long")
	flags.Uint64Var(&o.Requests, "requests", 0, "end after `N` requests if that comes first; 0 for no such limit")
	flags.Float64Var(&o.Rate, "rate", 0, "requests per second; 0 for as fast as it goes")
	flags.IntVar(&o.Names, "names", loadgen.DefaultNames, "how many names {name} takes")
	flags.Float64Var(&o.Reads, "reads", 0, "`share` of the requests that read, 0 to 1")
	flags.StringVar(&o.ReadPath, "read-path", "", "`path` of the requests that read, with a URL that has a path")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the names and of which requests read")
	flags.DurationVar(&o.Warmup, "warmup", 0, "send the load for so long before it counts")
	flags.DurationVar(&o.Timeout, "timeout", loadgen.DefaultTimeout, "how long to wait for an answer")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&progress, "progress", false, "a line each second on standard error, also when it is no terminal")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.URL = args[0]
		if progress || isTerminal(cmd.ErrOrStderr()) {
			o.Progress = cmd.ErrOrStderr()
		}
		bench, err := loadgen.New(o)
		if err != nil {
			return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		report, err := bench.Run(cmd.Context())
		if err != nil {
			return err
		}
		write := report.WriteTable
		if asJSON {
			write = report.WriteJSON
		}
		if err := write(cmd.OutOrStdout()); err != nil {
			return err
		}
		if report.OK == 0 && !report.Interrupted {
			return errors.New("no request had an answer with 2xx")
		}
		return nil
	}
	return cmd
}

// isTerminal tells whether somebody may be reading.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
