// Package build turns what a config's main names into a module's bytes: a
// WebAssembly file is read, a Go package is compiled.
//
// There is one function for each way in: [Main] for a config, [Package] for a
// Go package. [Folders] says where what a package is made of lies; [Check] and [Lint]
// only look. Checking that the module speaks the ABI is host/module's work.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// scripts are the extensions of main in languages that need an engine here.
var scripts = []string{".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".py"}

// ErrScript is the error about a main in a language that needs an engine.
var ErrScript = errors.New("is a script, which this cairn cannot run yet (name a .wasm file " +
	"or a Go package)")

// Check says why Main cannot make a module of path, as far as that shows without
// building it.
func Check(path string) error {
	info, err := os.Stat(path)
	ext := strings.ToLower(filepath.Ext(path))
	switch {
	case err == nil && info.IsDir():
		return nil
	case slices.Contains(scripts, ext): // there or not: a tool may be to make it
		return fmt.Errorf("main: %s %w", path, ErrScript)
	case err != nil:
		return fmt.Errorf("main: %w (main names a .wasm file or the folder of a Go package)", err)
	case ext == ".go":
		return fmt.Errorf("main: %s is a Go file (name its folder)", path)
	}
	return nil
}

// Main returns the bytes of the module at path, a .wasm file or the folder of
// a Go package. A package is built into a file of the folder scratch, which is
// made where it is missing.
func Main(ctx context.Context, path, scratch string) ([]byte, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if err := os.MkdirAll(scratch, 0o755); err != nil {
			return nil, fmt.Errorf("make build folder: %w", err)
		}
		out := filepath.Join(scratch, "main.wasm")
		if err := Package(ctx, path, ".", out); err != nil {
			return nil, err
		}
		path = out
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read module: %w", err)
	}
	return wasm, nil
}

// Error is what the Go compiler said of a package.
type Error struct {
	Package string
	Output  string // the compiler's, with file and line
}

func (e *Error) Error() string {
	return fmt.Sprintf("go build %s failed:\n%s", e.Package, e.Output)
}

// Package compiles a Go package into the module file out. dir is the folder
// that the go command runs in.
func Package(ctx context.Context, dir, pkg, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	// Without -s, which would take the functions' names: what a trap's stack shows.
	// c-shared makes a reactor: a module that starts and then waits for calls.
	_, err = goCommand(ctx, dir, "build", "-buildmode=c-shared", "-ldflags=-w",
		profile(dir, pkg), "-o", out, pkg)
	var failed *Error
	if errors.As(err, &failed) {
		failed.Package = pkg
	}
	return err
}

// goCommand runs the go command for guests in a folder and returns what it printed.
// When ctx is done it is told to stop, as by Ctrl-C: it takes its compilers with it.
func goCommand(ctx context.Context, dir string, args ...string) (stdout []byte, err error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return nil, errors.New("build: the go command is needed to compile a Go guest (install " +
			"Go, or give a .wasm file)")
	}
	cmd := exec.CommandContext(ctx, goTool, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	var out, output bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, &output), &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("build: %w", ctx.Err())
		}
		text := strings.TrimSpace(output.String())
		if text == "" {
			text = err.Error()
		}
		return out.Bytes(), &Error{Package: dir, Output: text}
	}
	return out.Bytes(), nil
}

// stopGrace is how long the go command may take to stop before it is killed.
const stopGrace = time.Second
