package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/program/abi"
)

func newBuild() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "build [PACKAGE]",
		Short: "compile a Go guest and check that it speaks the ABI",
		Long: "build compiles a Go package, this folder's when it is left out, with GOOS=wasip1 " +
			"GOARCH=wasm\n" +
			"-buildmode=c-shared, starts it once, and says what it registers.\n" +
			"It warns of methods that no stub can call as they are.",
		Args: maxArgs(1),
	}
	cmd.Flags().StringVarP(&out, "output", "o", "",
		"the module file (default: the package's folder name and .wasm)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		pkg := "."
		if len(args) == 1 {
			pkg = args[0]
		}
		if out == "" {
			abs, err := filepath.Abs(pkg)
			if err != nil {
				return err
			}
			out = filepath.Base(abs) + ".wasm"
		}
		if info, err := os.Stat(pkg); err == nil && info.IsDir() && !filepath.IsAbs(pkg) &&
			!strings.HasPrefix(pkg, ".") {
			pkg = "./" + pkg
		}
		// The first build takes half a minute. A script wants what went wrong alone.
		if isTerminal(cmd.ErrOrStderr()) {
			fmt.Fprintf(cmd.ErrOrStderr(), "building %s\n", pkg)
		}
		if err := build.Package(cmd.Context(), ".", pkg, out); err != nil {
			return err
		}
		if info, err := os.Stat(pkg); err == nil && info.IsDir() { // and no import path
			warnings, err := build.Lint(pkg)
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", w.Pos, w.Message)
			}
		}
		wasm, err := os.ReadFile(out)
		if err != nil {
			return err
		}
		v, err := inspect(cmd, wasm)
		if err != nil {
			return fmt.Errorf("%s: %w", out, err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", out, describe(v))
		return err
	}
	return cmd
}

// describe says what a module is.
func describe(v program.Program) string {
	classes := v.Classes()
	slices.Sort(classes)
	worker := "no Worker"
	if v.HasWorker() {
		worker = "a Worker"
	}
	return fmt.Sprintf("%d bytes, %s, classes %v", v.Size(), worker, classes)
}

// inspect starts a module once, by the interpreter, which need not compile it.
func inspect(cmd *cobra.Command, wasm []byte) (program.Program, error) {
	engine, err := module.NewEngine(cmd.Context(), module.Options{
		Interpreter: true,
		System:      hostfunc.System{Now: time.Now, Random: func(b []byte) { clear(b) }},
	})
	if err != nil {
		return nil, err
	}
	defer engine.Close(cmd.Context())
	return abi.Compile(cmd.Context(), engine, wasm)
}
