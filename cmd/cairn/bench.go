package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/cmd/cairn/internal/loadgen"
)

// benchJSON is what a test compares with what --json prints.
const benchJSON = `--json prints one object. Its keys stay; new ones may come. Durations are ` +
	`nanoseconds:
  url, connections, rate, duration_ns, limit, names, read_share, seed
                        what was asked for; rate 0 is as fast as it goes, limit 0 is none
  interrupted           true if it was stopped before its end
  elapsed_ns            until the last answer
  ok, reads, writes     answers with 2xx, and of which kind they were
  unfinished            requests that were due and had no answer at the end
  requests_per_second   ok by elapsed_ns
  bytes_in, bytes_out   over all connections
  errors                {total, connect, write, read, timeout, malformed, status: {"503": 7, …}}
  latency_from          "due" with --rate, else "sent"
  latency_ns            {mean, p50, p90, p99, p99_9, max} of ok, timeouts and unfinished
  lateness_ns           the same, of how late requests were sent while a connection was free`

func newBench() *cobra.Command {
	var o loadgen.Options
	var asJSON, progress bool
	cmd := &cobra.Command{
		Use:   "bench URL",
		Short: "load an HTTP server and measure its latency honestly",
		Long: "bench sends GET requests to a server at http://HOST[:PORT][/PATH] and prints what " +
			"it measured.\n\n" +
			"With --rate the load is open: a request's latency counts from when it was due, so a " +
			"server that\n" +
			"stalls pays for every request that it kept waiting. Without, each connection sends " +
			"as soon as it\n" +
			"has its answer, and the latency is service time under a full queue.\n\n" +
			"{name} in a path stands for o1 to oN, at random. A URL without a path, not " +
			"even /, is the\n" +
			"counter's: /increment?name={name} writes and /?name={name} reads.\n\n" +
			"Exit code 0 for a report, also one with errors in it; 1 if no request had an answer " +
			"with 2xx.\n\n" +
			benchJSON,
		Example: "  cairn bench http://127.0.0.1:8787 --names 1000 --reads 0.9 --duration 30s\n" +
			"  cairn bench 'http://127.0.0.1:8787/COUNTERS/{name}/increment' --rate 5000 --json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("a URL is missing, like http://127.0.0.1:8787 (see "+
					"%s --help)", cmd.CommandPath())}
			}
			return maxArgs(1)(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Connections, "connections", loadgen.DefaultConnections,
		"how many `connections`, each with one request at a time")
	flags.DurationVar(&o.Duration, "duration", loadgen.DefaultDuration, "how long")
	flags.Uint64Var(&o.Requests, "requests", 0,
		"end after `N` requests if that comes first; 0 for no such limit")
	flags.Float64Var(&o.Rate, "rate", 0, "requests per second; 0 for as fast as it goes")
	flags.IntVar(&o.Names, "names", loadgen.DefaultNames, "how many names {name} takes")
	flags.Float64Var(&o.Reads, "reads", 0, "`share` of the requests that read, 0 to 1")
	flags.StringVar(&o.ReadPath, "read-path", "",
		"`path` of the requests that read, with a URL that has a path")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the names and of which requests read")
	flags.DurationVar(&o.Warmup, "warmup", 0, "send the load for so long before it counts")
	flags.DurationVar(&o.Timeout, "timeout", loadgen.DefaultTimeout,
		"how long to wait for an answer")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&progress, "progress", false,
		"a line each second on standard error, also when it is no terminal")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.URL = args[0]
		for _, name := range []string{"connections", "duration", "names", "timeout"} {
			// 0 is the default of the options below, and not what was asked for.
			if f := flags.Lookup(name); f.Changed &&
				(f.Value.String() == "0" || f.Value.String() == "0s") {
				return usageError{fmt.Errorf("--%s is 0, want more (see %s --help)",
					name, cmd.CommandPath())}
			}
		}
		if progress || isTerminal(cmd.ErrOrStderr()) {
			o.Progress = cmd.ErrOrStderr()
		}
		bench, err := loadgen.New(o)
		if err != nil {
			return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		return runBench(cmd.Context(), bench, cmd.OutOrStdout(), asJSON)
	}
	return cmd
}

// runBench sends the load and prints what was measured.
func runBench(ctx context.Context, bench *loadgen.Bench, out io.Writer, asJSON bool) error {
	report, err := bench.Run(ctx)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w (nobody listens there; cairn serve starts a server)", err)
	}
	if err != nil {
		return err
	}
	write := report.WriteTable
	if asJSON {
		write = report.WriteJSON
	}
	if err := write(out); err != nil {
		return err
	}
	if report.OK == 0 && !report.Interrupted {
		return errors.New("no request had an answer with 2xx")
	}
	return nil
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
