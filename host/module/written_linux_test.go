package module_test

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// What object_call of the scribe does, by the lowest byte of its parameter. The rest is
// the page that it writes to.
const (
	writeNothing    = iota
	writeStore      // a word
	writeFill       // two pages, in bulk
	writeCopy       // what data there is
	writeRandom     // by a host function of WASI
	writeValue      // by storage_get, the value's length into the page behind
	writeGrown      // after memory has grown, and to its end
	writeBeforeWait // for storage_sync
	writeAfterWait  // for storage_sync
	writeBetween    // two calls of critical_begin, which are no wait
	waitOnly        // for storage_sync
	waitForFetch    // for fetch_send
	callOnly        // critical_begin
)

const scribePages = 48 // of the scribe's memory, WebAssembly's

func scribe() []byte {
	const get, sync, begin, random, fetch = 1, 2, 3, 4, 5
	request := wire.AppendRequest(nil, &wire.Request{Method: []byte("GET"),
		URL: []byte("http://a/")})
	op := func(n int32, body ...[]byte) []byte {
		return code(param, i32(0xff), []byte{0x71}, i32(n), eq, []byte{0x04, 0x40},
			code(body...), end)
	}
	at := code(param, i32(-4096), []byte{0x71})
	word := code(at, i32(7), store)
	g := guest(asmFunc{"object_call", tII, 0, code(
		op(writeStore, word),
		op(writeFill, at, i32(7), i32(8192), []byte{0xfc, 11, 0}),
		op(writeCopy, at, i32(0), i32(3), []byte{0xfc, 10, 0, 0}),
		op(writeRandom, at, i32(16), callFunc(random), drop),
		op(writeValue, i32(0), i32(3), at, i32(64), at, i32(4096), add, callFunc(get), drop),
		op(writeGrown, i32(1), grow, i32(16), []byte{0x74}, i32(65532), add, i32(7), store, word),
		op(writeBeforeWait, word, callFunc(sync), drop),
		op(writeAfterWait, callFunc(sync), drop, word),
		op(writeBetween, callFunc(begin), drop, word, callFunc(begin), drop),
		op(waitOnly, callFunc(sync), drop),
		op(waitForFetch, i32(3), i32(int32(len(request))), i32(256), i32(64), i32(512),
			callFunc(fetch), drop),
		op(callOnly, callFunc(begin), drop),
		i32(0),
	)}).importing("cairn_v1", "storage_get", tIIIIII).importing("cairn_v1", "storage_sync", tI).
		importing("cairn_v1", "critical_begin", tI).
		importing("wasi_snapshot_preview1", "random_get", tIII).
		importing("cairn_v1", "fetch_send", tIIIIII)
	g.data = append(g.data, request...)
	g.pages = scribePages
	return g.bytes()
}

// scribeHost is whom the scribe asks.
type scribeHost struct {
	hostfunc.Storage // nothing else is asked for
	sync, begin      func()
}

func (h *scribeHost) StorageGet([]byte) ([]byte, bool, error) { return []byte("value"), true, nil }

func (h *scribeHost) StorageSync() error {
	if h.sync != nil {
		h.sync()
	}
	return nil
}

func (h *scribeHost) FetchSend(_, dst []byte) ([]byte, error) { return dst, h.StorageSync() }

func (h *scribeHost) CriticalBegin() error {
	if h.begin != nil {
		h.begin()
	}
	return nil
}

func (h *scribeHost) CriticalEnd() error { return nil }

// write lets the scribe write to a page.
func (h *scribeHost) write(t testing.TB, i *module.Instance, what, page int) {
	t.Helper()
	if err := h.enter(i, what, page); err != nil {
		t.Error(err)
	}
}

func (h *scribeHost) enter(i *module.Instance, what, page int) error {
	var c hostfunc.Call
	c.Begin(h, nil, time.Minute)
	defer c.End()
	return i.Enter(&c, 0, []uint64{uint64(what | page*4096)})
}

// leaveThread moves the goroutine to another thread, unless it is bound to its own.
// Another goroutine keeps the old one until release is called.
func leaveThread() (left bool, release func()) {
	from, kept := unix.Gettid(), make(chan struct{})
	for range 100 {
		found := make(chan bool)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			here := unix.Gettid() == from
			found <- here
			if here {
				<-kept
			}
		}()
		if left = <-found; left {
			break
		}
	}
	return left, func() { close(kept) }
}

// excursion moves the goroutine to another thread in the first call and every other,
// and back in those between, unless it is bound.
func excursion() func() {
	var home int
	var release func()
	return func() {
		if release == nil {
			home = unix.Gettid()
			_, release = leaveThread()
			return
		}
		release()
		release = nil
		for range 50 {
			if unix.Gettid() == home {
				break
			}
			_, release := leaveThread()
			defer release()
		}
	}
}

// TestWritten lets guests write in every way to pages that nobody has written to before,
// while it is known which were. The pages are found: after a reset nothing is left, and
// what is set aside is whole.
func TestWritten(t *testing.T) {
	for name, o := range map[string]module.Options{
		"compiled":    {MemoryLimit: 64 << 20},
		"interpreter": {MemoryLimit: 64 << 20, Interpreter: true},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := start(newEngine(t, o), scribe())
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			w := &writtenTest{T: t, i: get(t, v), other: get(t, v), page: 1}
			defer func() { v.Put(w.i); v.Put(w.other) }()
			w.image = bytes.Clone(w.i.Contents())
			for _, c := range writtenCases {
				t.Run(c.name, func(t *testing.T) { w.T = t; w.run(c) })
			}
		})
	}
}

// writtenCase is an entry that writes to a page, and what happens in it where the guest
// waits, or calls the host without a wait.
type writtenCase struct {
	name       string
	what       int
	wait, call func(*writtenTest) func()
	before     int // entries that write nothing
}

var writtenCases = []writtenCase{
	{name: "store", what: writeStore},
	{name: "fill", what: writeFill},
	{name: "copy", what: writeCopy},
	{name: "random_get", what: writeRandom},
	{name: "storage_get", what: writeValue},
	{name: "grown", what: writeGrown},
	{name: "before a wait", what: writeBeforeWait},
	{name: "after a wait", what: writeAfterWait},
	{name: "before a wait elsewhere", what: writeBeforeWait, wait: away},
	{name: "after a wait elsewhere", what: writeAfterWait, wait: away},
	{name: "elsewhere and back", what: writeBetween, call: away},
	{name: "nested", what: waitOnly, wait: nested},
	{name: "nested without a wait", what: callOnly, call: nested},
	{name: "later entry", what: writeStore, before: 9},
}

// away is an excursion.
func away(*writtenTest) func() { return excursion() }

// nested is an entry on another thread that writes.
func nested(w *writtenTest) func() {
	return func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			w.host.write(w.T, w.i, writeStore, w.page)
		}()
		<-done
	}
}

type writtenTest struct {
	*testing.T
	host     scribeHost
	i, other *module.Instance // of the same image
	image    []byte
	page     int // that nobody has written to
}

func (w *writtenTest) run(c writtenCase) {
	w.host = scribeHost{}
	if c.wait != nil {
		w.host.sync = c.wait(w)
	}
	if c.call != nil {
		w.host.begin = c.call(w)
	}
	listed := 0
	for round := range 8 {
		w.reset(w.i) // now it is known what is written
		if w.i.Listed() {
			listed++
		}
		for range c.before {
			w.host.write(w.T, w.i, writeNothing, 0)
		}
		w.host.write(w.T, w.i, c.what, w.page)
		w.page += 3
		if bytes.Equal(w.i.Contents()[:len(w.image)], w.image) {
			w.Fatal("nothing was written")
		}
		if round%2 == 0 {
			w.reset(w.i)
			continue
		}
		w.setAside()
	}
	if canList(w.T) && listed == 0 {
		w.Error("it was never known what is written")
	}
}

// reset resets an instance, and wants it to hold the image.
func (w *writtenTest) reset(i *module.Instance) {
	w.Helper()
	if err := i.Reset(); err != nil {
		w.Fatal(err)
	}
	if !bytes.Equal(i.Contents(), w.image) {
		w.Fatal("after a reset the memory is not the image")
	}
}

// setAside sets the memory of i aside and gives it to the other instance, and from there
// once more.
func (w *writtenTest) setAside() {
	w.Helper()
	now, i := bytes.Clone(w.i.Contents()), w.i
	for range 2 {
		state, err := i.Suspend(nil)
		if err != nil {
			w.Fatal(err)
		}
		if !bytes.Equal(i.Contents(), w.image) {
			w.Fatal("after setting it aside the memory is not the image")
		}
		i = w.other
		for range 2 {
			w.reset(i)
			w.reset(i) // which is when it is known, after memory was given back
			if err := i.Resume(state); err != nil {
				w.Fatal(err)
			}
			if !bytes.Equal(i.Contents(), now) {
				w.Fatal("what was set aside is not what was there")
			}
		}
	}
	w.reset(i)
}

// TestNeighbours lets a guest write to pages that it has written to before, while
// others take page faults: those are none of the guest's.
func TestNeighbours(t *testing.T) {
	if !canList(t) {
		t.Skip("this kernel does not say which pages were written")
	}
	fault := neighbour(t)
	v, err := start(newEngine(t, module.Options{}), scribe())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	i, host := get(t, v), &scribeHost{sync: fault, begin: fault}
	defer func() { v.Put(i) }()
	for name, once := range map[string]func(){
		"reset": func() {
			host.write(t, i, writeBetween, 3)
			host.write(t, i, writeAfterWait, 4)
			host.write(t, i, writeBeforeWait, 9)
		},
		"resume": func() {
			host.write(t, i, writeBetween, 40)
			state, err := i.Suspend(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Resume(state); err != nil {
				t.Fatal(err)
			}
			host.write(t, i, writeBetween, 41)
		},
	} {
		const rounds = 100
		listed := 0
		for range rounds {
			once()
			if i.Listed() {
				listed++
			}
			if err := i.Reset(); err != nil {
				t.Fatal(err)
			}
		}
		// Its own thread may take some as well: Go's heap grows.
		if listed < rounds/2 {
			t.Errorf("%s: in %d of %d rounds it was known what is written", name, listed, rounds)
		}
	}
}

// canList is module.CanList, which may be false in a sandbox or an emulator.
func canList(t *testing.T) bool {
	t.Helper()
	can := module.CanList()
	f, err := os.Open("/proc/self/pagemap")
	if err == nil {
		f.Close()
		if !can && runtime.GOARCH == "amd64" {
			t.Error("pagemap is there and is not used")
		}
	}
	return can
}

// neighbour returns what lets another thread take page faults.
func neighbour(t *testing.T) func() {
	b, err := unix.Mmap(-1, 0, 4*4096, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	from, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(from) })
	go func() {
		runtime.LockOSThread() // which ends with the goroutine
		for range from {
			for at := 0; at < len(b); at += 4096 {
				b[at] = 1
			}
			if err := unix.Madvise(b, unix.MADV_DONTNEED); err != nil {
				t.Error(err)
			}
			done <- struct{}{}
		}
	}()
	return func() { from <- struct{}{}; <-done }
}

// TestBinding lets entries end in each way, on a goroutine that is bound to its thread
// and on one that is not. It is so afterwards as well.
func TestBinding(t *testing.T) {
	v, err := start(newEngine(t, module.Options{}), scribe())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	failed := errors.New("the host has failed")
	host := &scribeHost{}
	fails := func() { panic(failed) }
	for _, bound := range []bool{false, true} {
		for _, c := range []struct {
			what       int
			sync, call func()
		}{
			{what: writeNothing}, {what: waitOnly}, {what: callOnly},
			{waitOnly, fails, nil}, {waitForFetch, fails, nil}, {callOnly, nil, fails},
		} {
			i := get(t, v)
			if err := i.Reset(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if bound {
					runtime.LockOSThread()
				}
				host.sync, host.begin = c.sync, c.call
				err := host.enter(i, c.what, 0)
				if fails := c.sync != nil || c.call != nil; fails != errors.Is(err, failed) {
					t.Errorf("entry %d ended with %v", c.what, err)
				}
				left, release := leaveThread()
				release()
				if left == bound {
					t.Errorf("entry %d, failing %v: bound %v before, and %v afterwards",
						c.what, err != nil, bound, !left)
				}
			}()
			<-ended
			v.Put(i)
		}
	}
}
