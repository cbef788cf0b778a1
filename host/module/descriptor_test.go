package module_test

import (
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// What object_call of the closer does, by the length of its input. It reports in
// memory: at 16 what fd_fdstat_get of 1 answers, at 98 the flags of 2, at 20 what
// fd_write to 1 answers.
const (
	lookAtStreams = iota + 1
	closeOutput
	setFlags
	renumber
	closeAll // then 0 and 2 are closed as well
)

func closer() []byte {
	const wasi = "wasi_snapshot_preview1"
	const fdClose, fdStat, fdFlags, fdWrite, fdRenumber = 1, 2, 3, 4, 5
	return guest(asmFunc{"object_call", tII, 0, code(
		when(lookAtStreams,
			i32(16), i32(1), i32(64), callFunc(fdStat), store,
			i32(2), i32(96), callFunc(fdStat), drop,
			i32(20), i32(1), i32(128), i32(1), i32(136), callFunc(fdWrite), store),
		when(closeOutput, i32(1), callFunc(fdClose), drop),
		when(setFlags, i32(2), i32(4), callFunc(fdFlags), drop),
		when(renumber, i32(2), i32(1), callFunc(fdRenumber), drop),
		when(closeAll, i32(0), callFunc(fdClose), drop, i32(2), callFunc(fdClose), drop),
		i32(0),
	)}).importing(wasi, "fd_close", tII).importing(wasi, "fd_fdstat_get", tIII).
		importing(wasi, "fd_fdstat_set_flags", tIII).importing(wasi, "fd_write", tIIIII).
		importing(wasi, "fd_renumber", tIII).bytes()
}

// streams are what the closer found out.
type streams struct{ stat, write, flags uint32 }

func lookAt(t *testing.T, i *module.Instance) (s streams) {
	t.Helper()
	if err := enter(t, i, lookAtStreams, time.Second); err != nil {
		t.Fatal(err)
	}
	s.stat, _ = i.Memory().ReadUint32Le(16)
	s.write, _ = i.Memory().ReadUint32Le(20)
	flags, _ := i.Memory().ReadUint16Le(98)
	s.flags = uint32(flags)
	return s
}

// TestDescriptors closes a stream and sets flags: the guest that did so finds them
// again whenever its memory comes back, and no other guest does, in whatever way
// the instance came to it.
func TestDescriptors(t *testing.T) {
	const badf = 8
	whole, changed := streams{}, streams{stat: badf, write: badf, flags: 4}
	change := func(t *testing.T, i *module.Instance) {
		for _, what := range []int{closeOutput, setFlags, renumber} {
			if err := enter(t, i, what, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if got := lookAt(t, i); got != changed {
			t.Fatalf("after the changes: %+v, want %+v", got, changed)
		}
	}
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			v, err := start(newEngine(t, o), closer())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(v.Close)
			for range 2 { // the pool gives the same instance again
				i := get(t, v)
				if got := lookAt(t, i); got != whole {
					t.Errorf("begins with %+v", got)
				}
				change(t, i)
				if err := enter(t, i, closeAll, time.Second); err != nil {
					t.Fatal(err)
				}
				v.Put(i)
			}
			i := get(t, v)
			defer func() { v.Put(i) }()
			if image, _ := v.Taken(); !image {
				return
			}
			change(t, i)
			state, err := i.Suspend(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := lookAt(t, i); got != whole {
				t.Errorf("the next guest finds %+v", got)
			}
			if err := i.Reset(); err != nil {
				t.Fatal(err)
			}
			if err := i.Resume(state); err != nil {
				t.Fatal(err)
			}
			if got := lookAt(t, i); got != changed {
				t.Errorf("resumed with %+v, want %+v", got, changed)
			}
		})
	}
}
