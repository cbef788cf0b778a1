package release

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/program/abi"
)

// compileLimit is how long a deploy waits for its module to compile and to
// start once. The compiler cannot be stopped; what comes later is thrown away.
const compileLimit = 2 * time.Minute

// prepare compiles a module and makes the instance that the first request will
// take.
func (r *Releases) prepare(ctx context.Context, wasm []byte) (program.Program, error) {
	v, err := r.compileWithin(ctx, wasm)
	if err == nil {
		var i program.Instance
		if i, err = v.Get(ctx); err == nil {
			i.Put()
			return v, nil
		}
		v.Close()
	}
	var bad *module.CompileError
	if errors.As(err, &bad) {
		if bad.Err != nil {
			r.options.Logger.Warn("deploy refused", "problem", bad.Problem, "error", bad.Err)
		}
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil, err
}

// compileWithin compiles a module, or gives up waiting.
func (r *Releases) compileWithin(ctx context.Context, wasm []byte) (program.Program, error) {
	type result struct {
		v   program.Program
		err error
	}
	ctx, cancel := context.WithTimeoutCause(ctx, compileLimit, &module.CompileError{
		Problem: fmt.Sprintf("module did not compile and start within %v", compileLimit)})
	defer cancel()
	done := make(chan result)
	r.compiles.Go(func() {
		v, err := r.compileGuarded(context.WithoutCancel(ctx), wasm)
		select {
		case done <- result{v, err}:
		case <-ctx.Done():
			if v != nil {
				v.Close()
			}
		}
	})
	select {
	case got := <-done:
		return got.v, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("compile module: %w", context.Cause(ctx))
	}
}

// compileGuarded turns a panic of the compiler into an error: what a caller of
// Deploy sends must not end the host.
func (r *Releases) compileGuarded(ctx context.Context, wasm []byte) (
	v program.Program, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.options.Logger.Error("compiler failed",
				"error", fmt.Sprint(p), "stack", string(debug.Stack()))
			v, err = nil, &module.CompileError{Problem: fmt.Sprintf("the compiler failed: %v", p),
				Hint: "this is a bug of cairn or of wazero; the log has the rest"}
		}
	}()
	return abi.Compile(ctx, r.options.Engine, wasm)
}
