package abi

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
)

// TestInstanceBytes measures what an instance of a Go guest takes of the heap, with
// what is counted for it: not less, and not many times as much.
func TestInstanceBytes(t *testing.T) {
	a := account.New(4 << 30)
	e, err := module.NewEngine(t.Context(), module.Options{
		CacheDir: testguest.CacheDir(t), Account: a,
		Compiler: module.NewCompiler(0).WithPasses(testguest.Passes()),
		System:   hostfunc.System{Now: time.Now, Random: func(b []byte) { clear(b) }}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := Compile(t.Context(), e, testguest.Build(t, "counter"))
	if err != nil {
		t.Fatal(err)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const count = 50
	before, taken := heap(), a.Used(account.Instances)
	var all []program.Instance
	for range count {
		i, err := v.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, i)
	}
	has, counted := (heap()-before)/count, (a.Used(account.Instances)-taken)/count
	if has > counted || counted > 4*has {
		t.Errorf("an instance takes %d bytes of the heap, and %d are counted", has, counted)
	}
	for _, i := range all {
		i.Discard()
	}
	v.Close()
	if a.Total() != 0 {
		t.Errorf("%d bytes are left of a version that was closed", a.Total())
	}
}

// TestClassesAreBounded registers as many classes as there may be, and one more.
func TestClassesAreBounded(t *testing.T) {
	l := &loader{classes: map[string]program.Class{}}
	for n := range abi.MaxClasses {
		if got := l.ClassRegister(fmt.Append(nil, n), 0); got != abi.StatusOK {
			t.Fatalf("class %d: %v", n, got)
		}
	}
	got := l.ClassRegister([]byte("one more"), 0)
	if got != abi.StatusTooLarge || len(l.classes) != abi.MaxClasses {
		t.Errorf("one more: %v, there are %d", got, len(l.classes))
	}
}
