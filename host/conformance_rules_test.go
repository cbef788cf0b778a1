package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/conformance"
	"github.com/cairn-dev/cairn/host/hostfunc"
	inspect "github.com/cairn-dev/cairn/host/program/abi"
)

// A fault of a small kind, and the cases that find it. Many of them make one
// wrong host, as a run of the kit takes seconds.
type smallFault struct {
	wrap  wrapper
	fails []string
}

// together is a mutation of many small faults.
func together(name string, faults []smallFault) mutation {
	m := mutation{name: name, wrap: func(name string, run hostfunc.Function,
		funcs functions) hostfunc.Function {
		for _, f := range faults {
			run = f.wrap(name, run, funcs)
		}
		return run
	}}
	for _, f := range faults {
		m.fails = append(m.fails, f.fails...)
	}
	return m
}

// instead answers one status where another is right.
func instead(name string, right, wrong abi.Status) wrapper {
	return answered(name, func(_ *hostfunc.Call, _ []uint64, got abi.Status) abi.Status {
		if got == right {
			return wrong
		}
		return got
	})
}

// before changes the arguments of a function, or the memory they name, for as
// long as it runs.
func before(name string, change func(c *hostfunc.Call, args []uint64) (undo func())) wrapper {
	return only(name, func(run hostfunc.Function) hostfunc.Function {
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			args = slices.Clone(args)
			if undo := change(c, args); undo != nil {
				defer undo()
			}
			return run(c, args)
		}
	})
}

var smallFaults = []smallFault{
	{instead(abi.FuncIDFromName, abi.StatusInvalid, abi.StatusOK),
		[]string{"id_from_name/invalid"}},
	{instead(abi.FuncFetchSend, abi.StatusInvalid, abi.StatusNotFound),
		[]string{"fetch_send/invalid"}},
	{instead(abi.FuncFetchSend, abi.StatusError, abi.StatusOK), []string{"fetch_send/not_allowed",
		"transaction_begin/call_out"}},
	{instead(abi.FuncInputRead, abi.StatusTooSmall, abi.StatusOK),
		[]string{"input_read/too_small", "input_read/again", "entry/own"}},
	{instead(abi.FuncClassRegister, abi.StatusForbidden, abi.StatusOK),
		[]string{"class_register/forbidden"}},
	{instead(abi.FuncClassRegister, abi.StatusInvalid, abi.StatusNotFound),
		[]string{"class_register/start"}},
	{instead(abi.FuncLogWrite, abi.StatusTooLarge, abi.StatusOK),
		[]string{"log_write/too_large", "fd_write/budget"}},
	{instead(abi.FuncStubCall, abi.StatusInvalid, abi.StatusNotFound),
		[]string{"stub_call/invalid"}},
	{instead(abi.FuncListOpen, abi.StatusError, abi.StatusOK),
		[]string{"list_open/error", "list_open/many"}},
	{instead(abi.FuncTransactionBegin, abi.StatusError, abi.StatusOK),
		[]string{"transaction_begin/depth"}},
	{instead(abi.FuncAlarmSet, abi.StatusError, abi.StatusOK), []string{"alarm_set/error"}},
	{instead(abi.FuncBackgroundRequest, abi.StatusForbidden, abi.StatusOK),
		[]string{"background_request/forbidden",
			"start/forbidden"}},
	{instead(abi.FuncObjectReset, abi.StatusInvalid, abi.StatusOK), []string{"object_reset/flags"}},
	{instead(abi.FuncStubFetch, abi.StatusError, abi.StatusNotFound),
		[]string{"stub_fetch/no_fetch", "entry/error"}},
	{instead(abi.FuncAlarmGet, abi.StatusNotFound, abi.StatusOK),
		[]string{"alarm_get/set", "object_alarm/runs",
			"object_alarm/again", "object_alarm/restart", "object_reset/alarm",
			"storage_delete_all/all", "storage_put/invalid", "alarm_set/trap",
			"transaction_rollback/nested"}},
	{answered(abi.FuncIDNew, func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
		if got == abi.StatusOK {
			c.Memory.Write(uint32(args[2]), make([]byte, abi.IDBytes))
		}
		return got
	}), []string{"id_new/calls"}},
	{answered(abi.FuncIDFromName, func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
		if got == abi.StatusOK && args[3] == 1 {
			once.Lock()
			defer once.Unlock()
			ids++
			c.Memory.WriteByte(uint32(args[4]), ids)
		}
		return got
	}), []string{"id_from_name/same"}},
	{answered(abi.FuncStorageGet, func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
		if n, _ := c.Memory.ReadUint32Le(uint32(args[4])); got == abi.StatusOK && n == 0 {
			return abi.StatusNotFound
		}
		return got
	}), []string{"storage_get/not_found", "background_run/error",
		"memory/edges", "memory/kept"}},
	{before(abi.FuncListOpen, func(c *hostfunc.Call, args []uint64) func() {
		at := uint32(args[0]) + 1
		flags, ok := c.Memory.ReadByte(at)
		if !ok {
			return nil
		}
		c.Memory.WriteByte(at, flags&^abi.ListReverse)
		return func() { c.Memory.WriteByte(at, flags) }
	}), []string{"list_next/order", "list_open/options"}},
	{before(abi.FuncStubCall, func(c *hostfunc.Call, args []uint64) func() {
		if b, ok := c.Memory.Read(uint32(args[7]), uint32(args[8])); ok &&
			bytes.HasPrefix(b, []byte("  ")) {
			args[7], args[8] = args[7]+2, args[8]-2
		}
		return nil
	}), []string{"stub_call/unchanged"}},
	{before(abi.FuncStubCall, func(c *hostfunc.Call, args []uint64) func() {
		at := uint32(args[3])
		last, ok := c.Memory.ReadByte(at)
		if !ok || args[2] != 1 || args[4] != abi.IDBytes {
			return nil
		}
		c.Memory.WriteByte(at, last^1)
		return func() { c.Memory.WriteByte(at, last) }
	}), []string{"stub_call/same", "id_new/calls"}},
}

// ids numbers the IDs that one name has.
var ids byte

func init() {
	mutations = append(mutations,
		together("many small faults", smallFaults),
		mutation{name: "a Worker never fails", app: func(a *kitApp) conformance.App {
			return cheerful{a}
		},
			fails: []string{"worker_fetch/error", "cpu/loop", "batch/abort", "batch/exit"}},
		mutation{name: "modules are refused for no reason", load: func(k kitHost) conformance.Host {
			return strict{k}
		},
			fails: []string{"module/exports_of_its_own", "image_prepare/fails",
				"image_prepare/exits"}},
		mutation{name: "no limit of memory", load: func(k kitHost) conformance.Host {
			return generous{k}
		},
			fails: []string{"memory_grow/limit"}},
	)
}

// cheerful answers for a Worker that fails.
type cheerful struct{ *kitApp }

func (c cheerful) Fetch(body []byte) ([]byte, error) {
	answer, err := c.kitApp.Fetch(body)
	if err != nil {
		return []byte(`""`), nil
	}
	return answer, nil
}

// strict refuses modules that have a _start, and those whose image_prepare fails.
type strict struct{ kitHost }

func (s strict) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	if bytes.Contains(wasm, []byte("_start")) {
		return nil, errors.New("it is a program")
	}
	r, err := inspect.Inspect(context.Background(), wasm, slog.New(slog.DiscardHandler))
	if err == nil && len(r.Problems) == 0 && !r.Image.Taken {
		return nil, fmt.Errorf("no image: %s", r.Image.Why)
	}
	return s.kitHost.Load(wasm, c)
}

// generous gives guests as much memory as they like.
type generous struct{ kitHost }

func (g generous) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	c.MemoryLimit = 0
	return g.kitHost.Load(wasm, c)
}

// unseen are the rules that no mutation breaks, and why.
var unseen = map[string]string{
	"M20": "what is called at the start, and when, is one place that no test reaches",
	"M26": "the same",
	"M29": "a Worker's instance is reset in one place that no test reaches",
	"M64": "a retry takes seconds",
	"M74": "every case that calls what fails is about it",
	"M92": "the functions of WASI cannot be wrapped",
	"M93": "the same", "M95": "the same", "M96": "the same",
}

// TestEveryRuleHasAMutation wants each rule of SPEC.md to have a case that a
// wrong host fails, or a reason why there is no such host.
func TestEveryRuleHasAMutation(t *testing.T) {
	broken := map[string]bool{}
	for _, c := range conformance.Cases() {
		for _, m := range mutations {
			hit := m.fails == nil && isRefusal(c) ||
				slices.ContainsFunc(m.fails, func(pattern string) bool {
					ok, err := path.Match(pattern, c.Name)
					return ok && err == nil
				})
			for _, must := range c.Musts {
				broken[must] = broken[must] || hit
			}
		}
	}
	for _, c := range conformance.Cases() {
		for _, must := range c.Musts {
			if !broken[must] && unseen[must] == "" {
				t.Errorf("no mutation breaks %s, which %s is about", must, c.Name)
			}
		}
	}
	for must := range unseen {
		if broken[must] {
			t.Errorf("a mutation breaks %s after all", must)
		}
	}
}
