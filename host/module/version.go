package module

import (
	"context"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Version is one compiled module.
type Version struct {
	engine  *Engine
	program *program
	classes map[string]uint32 // name to abi's class flags
	worker  bool

	code      atomic.Pointer[code] // of new instances; see swap
	later     *rewritten           // what is compiled beside the interpreter; nil: nothing
	codeBytes int64                // taken from the account for code
	fixed     int64                // and for each instance, besides its memory
	least     uint64               // of memory, that an instance without an image begins with
	most      uint64               // that it can have: the smaller one of its maximum and the host's limit

	image   *image // nil: instances start the plain way
	noImage string // why there is none

	pool
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

// Hash returns the SHA-256 of the module as it was given, in hex.
func (v *Version) Hash() string { return v.program.name() }

// Size returns the length of the module as it was given, in bytes.
func (v *Version) Size() int { return v.program.size }

// HasWorker reports whether the module answers HTTP requests.
func (v *Version) HasWorker() bool { return v.worker }

// HasBackground reports whether the module can run in the background.
func (v *Version) HasBackground() bool { return v.program.background }

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

// begin makes an instance that nobody has used.
func (v *Version) begin(ctx context.Context) (*Instance, error) {
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

// free gives back what all instances shared.
func (v *Version) free() {
	if v.image != nil {
		v.image.file.close()
		v.engine.options.Account.Release(account.Images, int64(len(v.image.file.bytes)))
	}
	defer v.engine.options.Account.Release(account.Code, v.codeBytes)
	v.code.Load().leave()
	v.engine.versions.Add(-1)
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
