package module

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Version is one compiled module.
type Version struct {
	engine      *Engine
	globalNames []string
	data        []segment
	start       string

	hash    [sha256.Size]byte
	size    int
	classes map[string]uint32 // name to abi's class flags
	worker  bool
	// background says that the guest exports background_run.
	background bool

	code      atomic.Pointer[code] // of new instances; see swap
	later     *rewritten           // what is compiled beside the interpreter; nil: nothing
	codeBytes int64                // taken from the account for code
	fixed     int64                // and for each instance, besides its memory
	least     uint64               // of memory, that an instance without an image begins with
	most      uint64               // that it can have: the smaller one of its maximum and the host's limit

	image   *image // nil: instances start the plain way
	noImage string // why there is none

	mu      sync.Mutex
	idle    []*Instance // that hold the image; the last one was used last
	spare   int         // the fewest idle ones since Trim last looked
	buffers [][]byte    // for Suspend
	out     int         // instances that Get handed out
	retired bool        // Close was called: nothing is kept
	freed   bool
}

// segment is an active data segment, which the host writes.
type segment struct {
	offset uint32
	bytes  []byte
}

// image is what a version's instances begin as.
type image struct {
	file        *imageFile
	globals     []uint64
	descriptors hostfunc.Descriptors
}

// maxIdle bounds a version's idle instances. More of them cost more in cache
// misses than they save, as the last one used is taken first.
const maxIdle = 128

// Hash returns the SHA-256 of the module as it was given, in hex.
func (v *Version) Hash() string { return hex.EncodeToString(v.hash[:]) }

// Size returns the length of the module as it was given, in bytes.
func (v *Version) Size() int { return v.size }

// HasWorker reports whether the module answers HTTP requests.
func (v *Version) HasWorker() bool { return v.worker }

// HasBackground reports whether the module can run in the background.
func (v *Version) HasBackground() bool { return v.background }

// Class returns the flags of a class, and whether the module has it.
func (v *Version) Class(name string) (flags uint32, ok bool) {
	flags, ok = v.classes[name]
	return flags, ok
}

// Classes returns the names of the module's classes, in no order.
func (v *Version) Classes() []string {
	names := make([]string, 0, len(v.classes))
	for name := range v.classes {
		names = append(names, name)
	}
	return names
}

// HasImage reports whether instances are copies of an image, and why not.
func (v *Version) HasImage() (ok bool, why string) { return v.image != nil, v.noImage }

// ErrRetired says that a version was closed: another has taken its place.
var ErrRetired = errors.New("module: version is retired")

// Get returns an instance that nobody else has and that holds the image.
func (v *Version) Get(ctx context.Context) (*Instance, error) {
	i, err := v.get(ctx)
	if err != nil {
		v.giveBack(nil)
	}
	return i, err
}

func (v *Version) get(ctx context.Context) (*Instance, error) {
	v.mu.Lock()
	v.out++
	if v.retired {
		v.mu.Unlock()
		return nil, ErrRetired
	}
	if n := len(v.idle); n > 0 {
		i := v.idle[n-1]
		v.idle[n-1] = nil
		v.idle = v.idle[:n-1]
		v.spare = min(v.spare, n-1)
		v.mu.Unlock()
		if err := i.Hold(); err != nil {
			i.Close()
			return nil, err
		}
		return i, nil
	}
	v.mu.Unlock()
	i, err := v.newInstance(ctx)
	if err != nil {
		return nil, err
	}
	if v.image == nil {
		if _, err := v.initialize(i); err != nil {
			i.Close()
			return nil, err
		}
	}
	return i, nil
}

// Put takes an instance back. Whatever it holds is gone.
func (v *Version) Put(i *Instance) {
	if i.broken || v.image == nil {
		v.Discard(i)
		return
	}
	if err := i.Reset(); err != nil {
		v.engine.options.Logger.Debug("instance not reused", "error", err)
		v.Discard(i)
		return
	}
	v.giveBack(i)
}

// Release takes back an instance that Suspend has just reset.
func (v *Version) Release(i *Instance) { v.giveBack(i) }

// Discard takes back an instance that nobody can use any more.
func (v *Version) Discard(i *Instance) {
	i.Close()
	v.giveBack(nil)
}

// giveBack ends one hand-out of Get. i is clean, or nil when it is gone.
func (v *Version) giveBack(i *Instance) {
	v.mu.Lock()
	v.out--
	keep := i != nil && !v.retired && i.Current() && len(v.idle) < maxIdle
	if keep {
		v.idle = append(v.idle, i)
	}
	last := v.retired && v.out == 0
	v.mu.Unlock()
	if i != nil && !keep {
		i.Close()
	}
	if last {
		v.free()
	}
}

// Trim closes idle instances that nobody has needed since the last Trim, all
// but a few, and those slowly: a burst may come again.
func (v *Version) Trim() {
	const keep = 4
	v.mu.Lock()
	var surplus []*Instance
	if n := min(v.spare, len(v.idle)) - keep; n > 0 {
		n = (n + 1) / 2
		surplus = append(surplus, v.idle[:n]...)
		v.idle = append(v.idle[:0], v.idle[n:]...)
	}
	v.spare = len(v.idle)
	v.mu.Unlock()
	for _, i := range surplus {
		i.Close()
	}
}

// Close gives back the version's idle instances at once, and its image and code
// when the last instance in use has come back.
func (v *Version) Close() {
	v.mu.Lock()
	idle := v.idle
	v.idle, v.retired = nil, true
	last := v.out == 0
	v.mu.Unlock()
	for _, i := range idle {
		i.Close()
	}
	if last {
		v.free()
	}
}

// free gives back what all instances shared. It runs once.
func (v *Version) free() {
	v.mu.Lock()
	again := v.freed
	v.freed = true
	v.mu.Unlock()
	if again {
		return
	}
	if v.image != nil {
		v.image.file.close()
		v.engine.options.Account.Release(account.Images, int64(len(v.image.file.bytes)))
	}
	defer v.engine.options.Account.Release(account.Code, v.codeBytes)
	v.code.Load().leave()
	v.engine.versions.Add(-1)
}

// scratch returns a buffer for Suspend; keepScratch takes it back.
func (v *Version) scratch() []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.buffers); n > 0 {
		b := v.buffers[n-1]
		v.buffers = v.buffers[:n-1]
		return b[:0]
	}
	return nil
}

func (v *Version) keepScratch(b []byte) {
	const maxBytes, maxBuffers = 1 << 20, 4
	v.mu.Lock()
	defer v.mu.Unlock()
	if cap(b) <= maxBytes && len(v.buffers) < maxBuffers {
		v.buffers = append(v.buffers, b)
	}
}

// conditional lists the exports that a guest needs for what it registers.
func (v *Version) conditional() (needs map[string]string) {
	needs = map[string]string{}
	if v.worker {
		needs[abi.ExportWorkerFetch] = "it registers a Worker"
	}
	for name, flags := range v.classes {
		needs[abi.ExportObjectInit] = "it registers class " + name
		needs[abi.ExportObjectCall] = "it registers class " + name
		if flags&abi.ClassHasFetch != 0 {
			needs[abi.ExportObjectFetch] = "class " + name + " answers fetch"
		}
		if flags&abi.ClassHasAlarm != 0 {
			needs[abi.ExportObjectAlarm] = "class " + name + " answers alarms"
		}
	}
	return needs
}
