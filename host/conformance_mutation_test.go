package host_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/conformance"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// wrapper gets what is wrong into a function of the ABI. funcs has the right
// ones, by name.
type wrapper func(name string, run hostfunc.Function, funcs functions) hostfunc.Function

type functions map[string]hostfunc.Function

// mutation is a host that gets one thing wrong, and what the kit must find.
type mutation struct {
	name string
	wrap wrapper
	// app and load get it into the rest.
	app  func(*kitApp) conformance.App
	load func(kitHost) conformance.Host
	// fails lists every case that fails, as patterns of package path.
	fails []string
}

// only makes a wrap of one function.
func only(name string, wrap func(run hostfunc.Function) hostfunc.Function) wrapper {
	return func(n string, run hostfunc.Function, _ functions) hostfunc.Function {
		if n == name {
			return wrap(run)
		}
		return run
	}
}

// answered makes a wrap that does something with what a function has answered.
func answered(name string, then func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status,
) wrapper {
	return only(name, func(run hostfunc.Function) hostfunc.Function {
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			args = slices.Clone(args)
			return then(c, args, run(c, args))
		}
	})
}

var mutations = []mutation{
	{name: "a byte behind the value", wrap: answered(abi.FuncEnvGet,
		func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
			if length, ok := c.Memory.ReadUint32Le(uint32(args[4])); ok && got == abi.StatusOK {
				c.Memory.WriteByte(uint32(args[2])+length, 0)
			}
			return got
		}), fails: []string{"env_get/value", "memory/kept"}},
	{name: "no length when it does not fit", wrap: answered(abi.FuncStorageGet,
		func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
			if got == abi.StatusTooSmall {
				c.Memory.WriteUint32Le(uint32(args[4]), 0xEEEEEEEE)
			}
			return got
		}), fails: []string{"storage_get/too_small", "storage_put/too_large", "storage_put/batch",
		"result_read/too_small", "result_read/kept", "entry/own", "memory/edges",
		"memory/overlap"}},
	{name: "an absent key was deleted", wrap: answered(abi.FuncStorageDelete,
		func(_ *hostfunc.Call, _ []uint64, got abi.Status) abi.Status {
			if got == abi.StatusNotFound {
				return abi.StatusOK
			}
			return got
		}), fails: []string{"storage_delete/found"}},
	{name: "bad ranges pass", wrap: answered(abi.FuncIDNew,
		func(_ *hostfunc.Call, _ []uint64, got abi.Status) abi.Status {
			if got == abi.StatusFault {
				return abi.StatusOK
			}
			return got
		}), fails: []string{"id_new/fault", "memory/fault_first"}},
	{name: "lengths wrap",
		wrap: only(abi.FuncStoragePut, func(run hostfunc.Function) hostfunc.Function {
			return func(c *hostfunc.Call, args []uint64) abi.Status {
				if ptr, n := uint32(args[0]), uint32(args[1]); ptr+n < ptr {
					return abi.StatusOK
				}
				return run(c, args)
			}
		}), fails: []string{"storage_put/fault"}},
	{name: "an import writes although it fails", wrap: answered(abi.FuncIDParse,
		func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
			if got == abi.StatusError {
				c.Memory.Write(uint32(args[4]), make([]byte, abi.IDBytes))
			}
			return got
		}), fails: []string{"id_parse/error", "result_read/error", "message/version"}},
	{name: "unknown flags pass",
		wrap: only(abi.FuncStoragePut, func(run hostfunc.Function) hostfunc.Function {
			return func(c *hostfunc.Call, args []uint64) abi.Status {
				args = slices.Clone(args)
				args[4] &= abi.WriteUnconfirmed
				return run(c, args)
			}
		}), fails: []string{"storage_put/invalid"}},
	{name: "the length is written before the key is read", wrap: only(abi.FuncStorageGet,
		func(run hostfunc.Function) hostfunc.Function {
			return func(c *hostfunc.Call, args []uint64) abi.Status {
				if old, ok := c.Memory.ReadUint32Le(uint32(args[4])); ok {
					c.Memory.WriteUint32Le(uint32(args[4]), 0)
					got := run(c, slices.Clone(args))
					if n, _ := c.Memory.ReadUint32Le(uint32(args[4])); n == 0 &&
						got == abi.StatusNotFound {
						c.Memory.WriteUint32Le(uint32(args[4]), old)
					}
					return got
				}
				return run(c, args)
			}
		}), fails: []string{"memory/overlap", "*/fault", "memory/grown", "storage_put/too_large",
		"storage/forbidden",
		"start/forbidden", "result_read/kept", "memory/fault_first"}},
	{name: "a result can be read once", wrap: answered(abi.FuncResultRead,
		func(c *hostfunc.Call, args []uint64, got abi.Status) abi.Status {
			n, _ := c.Memory.ReadUint32Le(uint32(args[2]))
			once.Lock()
			defer once.Unlock()
			if got != abi.StatusOK || n == 0 {
				return got
			}
			buf, _ := c.Memory.Read(uint32(args[0]), n)
			if key := string(buf); onceRead[c] == key {
				return abi.StatusNotFound
			} else {
				onceRead[c] = key
			}
			return got
		}), fails: []string{"result_read/too_small", "result_read/error"}},
	{name: "an entry that did not fit is lost",
		wrap: only(abi.FuncListNext, func(run hostfunc.Function) hostfunc.Function {
			return func(c *hostfunc.Call, args []uint64) abi.Status {
				got := run(c, slices.Clone(args))
				if got != abi.StatusTooSmall {
					return got
				}
				need, _ := c.Memory.ReadUint32Le(uint32(args[3]))
				scratch, _ := c.Memory.Read(0, c.Memory.Size())
				old := slices.Clone(scratch)
				run(c, []uint64{args[0], 0, uint64(need), args[3]})
				copy(scratch, old)
				return got
			}
		}), fails: []string{"list_next/too_small"}},
	{name: "who waited for a reset is served", app: func(a *kitApp) conformance.App {
		return again{a}
	},
		fails: []string{"reset/in_flight"}},
	{name: "a rollback commits", wrap: func(
		name string, run hostfunc.Function, funcs functions) hostfunc.Function {
		if name != abi.FuncTransactionRollback {
			return run
		}
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			return funcs[abi.FuncTransactionCommit](c, args)
		}
	}, fails: []string{"transaction_rollback/nested", "transaction_commit/nested",
		"transaction_begin/list"}},
	{name: "critical sections let in", wrap: func(
		name string, run hostfunc.Function, _ functions) hostfunc.Function {
		if !strings.HasPrefix(name, "critical_") {
			return run
		}
		return func(c *hostfunc.Call, args []uint64) abi.Status { return abi.StatusOK }
	}, fails: []string{"critical_*/*", "entry/own", "entry/left_open", "storage/forbidden",
		"start/forbidden"}},
	{name: "a sync does not wait",
		wrap: only(abi.FuncStorageSync, func(hostfunc.Function) hostfunc.Function {
			return func(*hostfunc.Call, []uint64) abi.Status { return abi.StatusOK }
		}), fails: []string{"storage_sync/durable", "batch/call_out", "transaction_begin/call_out",
			"storage/forbidden", "start/forbidden"}},
	{name: "nested entries are not let in", wrap: notNested,
		fails: []string{"nested/*", "entry/own", "critical_begin/*", "background_run/nested",
			"output_write/last"}},
	{name: "the last answer was not durable",
		app: func(a *kitApp) conformance.App { return &forgetful{kitApp: a} },
		fails: []string{"durable/*", "storage_sync/durable", "alarm_get/set",
			"object_alarm/restart"}},
	{name: "errors lose their flags", app: func(a *kitApp) conformance.App { return flagless{a} },
		fails: []string{"batch/*", "entry/error", "nested/trap", "nested/abort", "object_init/*",
			"object_reset/flags", "cpu/*",
			"alarm_set/trap", "storage_delete_all/trap", "transaction_commit/batch",
			"storage_sync/durable",
			"background_run/error", "durable/nested", "durable/answered", "reset/in_flight"}},
	{name: "two activations of an object", load: func(k kitHost) conformance.Host {
		return twice{k}
	},
		fails: []string{"activation/*", "entry/one_at_a_time"}},
	{name: "every module is accepted", load: func(k kitHost) conformance.Host {
		return credulous{k}
	}},
}

var (
	once     sync.Mutex
	onceRead = map[*hostfunc.Call]string{}
)

// notNested makes an entry fail that begins while another waits.
func notNested(name string, run hostfunc.Function, _ functions) hostfunc.Function {
	switch name {
	case abi.FuncStubCall, abi.FuncStubFetch:
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			memory := c.Memory
			waits, _ := waiting.LoadOrStore(memory, new(atomic.Int32))
			waits.(*atomic.Int32).Add(1)
			defer waits.(*atomic.Int32).Add(-1)
			return run(c, args)
		}
	case abi.FuncInputRead:
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			if waits, ok := waiting.Load(c.Memory); ok && waits.(*atomic.Int32).Load() > 0 {
				return abi.StatusForbidden
			}
			return run(c, args)
		}
	}
	return run
}

var waiting sync.Map // of *atomic.Int32, by api.Memory

// forgetful loses the last call at a restart.
type forgetful struct {
	*kitApp
	mu     sync.Mutex
	before *vfs.MemFS
}

func (f *forgetful) Call(binding, object, method string, args []byte) ([]byte, error) {
	f.mu.Lock()
	f.before = f.disk.CrashClone(vfs.CrashCloneCfg{})
	f.mu.Unlock()
	return f.kitApp.Call(binding, object, method, args)
}

func (f *forgetful) Fetch(body []byte) ([]byte, error) {
	f.mu.Lock()
	f.before = f.disk.CrashClone(vfs.CrashCloneCfg{})
	f.mu.Unlock()
	return f.kitApp.Fetch(body)
}

func (f *forgetful) Restart() error {
	f.disk = f.before
	return f.kitApp.Restart()
}

// flagless tells nobody what kind of error it was.
type flagless struct{ *kitApp }

func (f flagless) Call(binding, object, method string, args []byte) ([]byte, error) {
	result, err := f.kitApp.Call(binding, object, method, args)
	if told, ok := err.(*conformance.Error); ok {
		err = &conformance.Error{Name: told.Name, Message: told.Message}
	}
	return result, err
}

// twice has each object twice, and asks them in turn.
type twice struct{ kitHost }

func (w twice) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	one, err := w.kitHost.Load(wasm, c)
	if err != nil {
		return nil, err
	}
	two, err := w.kitHost.Load(wasm, c)
	return &twins{App: one, other: two}, err
}

type twins struct {
	conformance.App
	other conformance.App
	calls atomic.Int32
}

func (w *twins) Call(binding, object, method string, args []byte) ([]byte, error) {
	if strings.HasPrefix(object, "activation/") || strings.HasPrefix(object, "entry/one") {
		if w.calls.Add(1)%2 == 0 {
			return w.other.Call(binding, object, method, args)
		}
	}
	return w.App.Call(binding, object, method, args)
}

func (w *twins) runDue() {
	settle(w.App)
	settle(w.other)
}

// credulous accepts every module.
type credulous struct{ kitHost }

func (m credulous) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	app, err := m.kitHost.Load(wasm, c)
	if err != nil {
		return &kitApp{}, nil
	}
	return app, nil
}

// TestConformanceFindsMutations wants the kit to fail exactly those cases that
// a wrong host gets wrong.
func TestConformanceFindsMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("short: runs most of the kit once for each of many wrong hosts")
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel() // half of the time is waiting for limits of time
			suite := conformance.NewSuite(m.host(t))
			suite.Settle = settle
			defer suite.Close()
			var failed []string
			for _, c := range conformance.Cases() {
				// The retry takes seconds, and what is refused has its own mutation.
				if c.Name == "object_alarm/retry" || isRefusal(c) != (m.fails == nil) {
					continue
				}
				want := m.fails == nil || slices.ContainsFunc(m.fails, func(pattern string) bool {
					ok, err := path.Match(pattern, c.Name)
					if err != nil {
						t.Fatal(err)
					}
					return ok
				})
				if !want && slices.Contains(large, c.Name) {
					continue
				}
				err := suite.Check(c)
				if err != nil {
					failed = append(failed, c.Name)
				}
				switch {
				case err != nil && !want:
					t.Errorf("%s failed:\n%v", c.Name, err)
				case err == nil && want && slices.Contains(m.fails, c.Name):
					t.Errorf("%s passed", c.Name)
				}
			}
			if len(failed) == 0 {
				t.Error("every case passed")
			}
			t.Logf("found by %v", failed)
		})
	}
}

// settle runs what is due.
func settle(app conformance.App) error {
	app.(interface{ runDue() }).runDue()
	return nil
}

// large are cases that move so much memory that they run only on the wrong hosts
// that they are for; on the right one they run in TestConformance.
var large = []string{"storage_put/batch", "output_write/too_large"}

// isRefusal tells cases about modules that are refused from others.
func isRefusal(c conformance.Case) bool {
	m := c.Musts[0]
	return len(c.Musts) == 1 && len(m) == 3 && m >= "M11" && m <= "M24" && m != "M20" &&
		c.Name != "module/smallest" && c.Name != "module/exports_of_its_own"
}

// host makes the wrong host.
func (m *mutation) host(t *testing.T) conformance.Host {
	o := hosttest.Options{}
	if m.wrap != nil {
		funcs := functions{}
		o.WrapImports = func(name string, run hostfunc.Function) hostfunc.Function {
			funcs[name] = run
			return m.wrap(name, run, funcs)
		}
	}
	k := kitHost{t, o}
	switch {
	case m.load != nil:
		return m.load(k)
	case m.app != nil:
		return mutated{k, m.app}
	}
	return k
}

// mutated wraps each app of a host.
type mutated struct {
	kitHost
	wrap func(*kitApp) conformance.App
}

func (m mutated) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	app, err := m.kitHost.Load(wasm, c)
	if err != nil {
		return nil, err
	}
	return m.wrap(app.(*kitApp)), nil
}

// again sends a call that a reset has failed once more, unless it is the one that
// resets: it may not have begun.
type again struct{ *kitApp }

// Call implements conformance.App.
func (a again) Call(binding, object, method string, args []byte) ([]byte, error) {
	resets := bytes.Contains(args, []byte(hex.EncodeToString([]byte("in flight"))))
	for {
		result, err := a.kitApp.Call(binding, object, method, args)
		var told *conformance.Error
		if resets || !errors.As(err, &told) || told.Message != "in flight" {
			return result, err
		}
	}
}
