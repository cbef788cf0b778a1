package module

import (
	"context"
	"errors"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Image is what instances begin as, and has those that nobody uses. It is what one of
// them held after its start: its memory, its globals, and its descriptors. Where that
// cannot be taken there is only the way to it, and each instance starts by itself.
type Image struct {
	code  *Code
	start Start

	file        *imageFile // of the memory; nil: instances start the plain way
	why         string     // why there is no file
	globals     []uint64
	descriptors hostfunc.Descriptors

	pool
}

// Start says how an instance that has never run comes to be what others begin as. Of
// the module's data segments its memory is written already.
type Start struct {
	// Exports are those that Instance.Enter calls, by their number.
	Exports []string
	// Run brings an instance to where its first event may begin. It runs once, or in
	// each instance where there is no image, of several at a time.
	Run func(*Instance) error
	// Prepare makes what the image is to hold besides, after Run. It does not run where
	// no image is taken, and not in the interpreter until the code is compiled: what it
	// prepares takes that as long as all else before the first event. After an error
	// there is no image. Default nothing.
	Prepare func(*Instance) error
	// PerCall returns, after Run, how many instances a call takes at a time, at least.
	// Default one.
	PerCall func() int64
}

// Start starts an instance and makes what it then holds the image of others. A module
// whose instances do not fit into the host's memory is a *CompileError, other errors are
// those of Run.
// After Close there are no more: ErrRetired.
func (c *Code) Start(ctx context.Context, s Start) (*Image, error) {
	im := &Image{code: c, start: s}
	im.pool.begin, im.pool.free = im.begin, im.free
	if !c.join(im) {
		return nil, ErrRetired
	}
	if err := im.make(ctx); err != nil {
		im.Close()
		return nil, err
	}
	if c.drafted() {
		go c.compileLater()
	}
	return im, nil
}

// make starts the first instance, and takes the image of it.
func (im *Image) make(ctx context.Context) error {
	c := im.code
	waits, cancel := context.WithTimeout(ctx, account.Patience)
	defer cancel()
	began, err := im.newInstance(waits)
	if err != nil {
		return c.tooLarge(err, 0, 1)
	}
	defer began.Close()
	if err := im.run(began); err != nil {
		return err
	}
	if im.why = c.blocked; im.why == "" {
		var refused *CompileError
		if err := im.take(began); errors.As(err, &refused) {
			return err
		} else if err != nil {
			im.why = err.Error()
		}
	}
	began.Close() // Fits looks at what is left
	if err := im.Fits(); err != nil {
		return err
	}
	if im.why != "" && !c.engine.options.NoImages {
		c.engine.options.Logger.Warn("module has no image, its instances start one by one",
			"module", c.Hash()[:12], "reason", im.why)
	}
	return nil
}

// run starts an instance that has never run.
func (im *Image) run(i *Instance) error {
	for _, s := range im.code.facts.data {
		if !i.Memory().Write(s.offset, s.bytes) {
			return refuse("", "module has a data segment outside its memory")
		}
	}
	return im.start.Run(i)
}

// take keeps what i holds as the beginning of every later instance.
func (im *Image) take(i *Instance) error {
	if im.start.Prepare != nil && !im.code.drafted() {
		if err := im.start.Prepare(i); err != nil {
			return err
		}
	}
	a := im.code.engine.options.Account
	if err := a.Take(account.Images, int64(i.mem.size)); err != nil {
		return im.code.tooLarge(err, 0, im.perCall())
	}
	file, err := newImageFile(i.mem.bytes(i.mem.size))
	if err != nil {
		a.Release(account.Images, int64(i.mem.size))
		return err
	}
	im.file, im.descriptors = file, i.descriptors
	for _, g := range i.globals {
		im.globals = append(im.globals, g.Get())
	}
	return nil
}

// begin makes an instance that nobody has used.
func (im *Image) begin(ctx context.Context) (*Instance, error) {
	i, err := im.newInstance(ctx)
	if err != nil {
		return nil, err
	}
	if im.file == nil {
		if err := im.run(i); err != nil {
			i.Close()
			return nil, err
		}
	}
	return i, nil
}

// Code returns what the image's instances run.
func (im *Image) Code() *Code { return im.code }

// Taken reports whether instances begin as copies of the image, and why not.
func (im *Image) Taken() (ok bool, why string) { return im.file != nil, im.why }

// Bytes returns how much memory the image takes, 0 if it was not taken.
func (im *Image) Bytes() int64 {
	if im.file == nil {
		return 0
	}
	return int64(len(im.file.bytes))
}

// basePage returns what the page at offset holds in the image, or zeros.
func (im *Image) basePage(offset uint64) []byte {
	if im.file != nil && offset < uint64(len(im.file.bytes)) {
		return im.file.bytes[offset : offset+pageBytes]
	}
	return zeroPage[:]
}

var zeroPage [pageBytes]byte

// free gives back what all instances shared.
func (im *Image) free() {
	e := im.code.engine
	if im.file != nil {
		im.file.close()
		e.options.Account.Release(account.Images, im.Bytes())
	}
	im.code.leave(im)
}
