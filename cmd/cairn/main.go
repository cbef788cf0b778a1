// Command cairn runs durable objects.
//
//	cairn serve [CONFIG]      run an app
//	cairn dev [CONFIG]        serve, rebuild on change, swap
//	cairn new NAME            write an app that runs, with a test
//	cairn check [CONFIG]      say what is wrong in a config, or ignored
//	cairn build [PACKAGE]     compile a Go guest and check that it speaks the ABI
//	cairn deploy FILE|CONFIG  put a new version on a running host
//	cairn versions            list the versions that it keeps
//	cairn rollback [VERSION]  let an earlier one serve again
//	cairn objects …           list and show objects of a running host
//	cairn abi check FILE      say what a module lacks to be a guest
//	cairn abi transcript …    run a module and show its talk with the host
//	cairn bench URL           put load on a host and measure its latency
//	cairn version             print the version
//
// Exit codes: 0 done, 1 failed, 2 a wrong command line. An error is one line
// that says what, where, and what to try.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	signalled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, end := context.WithCancel(context.Background())
	// A second signal ends the process at once, also where it comes as soon as
	// somebody sees that the first one came.
	context.AfterFunc(signalled, func() { stop(); end() })
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is a wrong command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "cairn: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "cairn",
		Short:         "cairn runs durable objects: named, stateful WebAssembly instances",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags())
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServe(), newDev(), newNew(), newCheck(), newBuild(), newDeploy(),
		newVersions(), newRollback(),
		newObjects(), newABI(), newBench(), newVersion())
	return root
}

// fromEnvironment gives every flag that the command line left out the value of
// its variable: CAIRN_EVICT_IDLE for --evict-idle.
func fromEnvironment(flags *pflag.FlagSet) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "CAIRN_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if !ok || f.Changed || err != nil || f.Name == "help" || f.Name == "version" {
			return
		}
		if setErr := flags.Set(f.Name, value); setErr != nil {
			err = usageError{fmt.Errorf("environment variable %s=%q: %w", name, value, setErr)}
		}
	})
	return err
}

// maxArgs is cobra's check with our exit code.
func maxArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usageError{fmt.Errorf("unexpected argument %q (see %s --help)",
				args[n], cmd.CommandPath())}
		}
		return nil
	}
}
