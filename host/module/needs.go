package module

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/host/account"
)

// codePerByte is what a byte of a module takes when it is compiled, rounded up: of
// machine code, and of what the engine knows of it. Measured on Go guests.
const codePerByte = 5

// Fits finds out whether there is memory for a call. Where there is not, a host would
// start and refuse everybody.
func (im *Image) Fits() error {
	a := im.code.engine.options.Account
	begins := int64(im.code.least)
	if im.file != nil {
		begins = im.Bytes()
	}
	bytes := (im.code.fixed + begins) * im.perCall()
	if err := a.Take(account.Instances, bytes); err != nil {
		return im.code.tooLarge(err, im.Bytes(), im.perCall())
	}
	a.Release(account.Instances, bytes)
	return nil
}

func (im *Image) perCall() int64 {
	if im.start.PerCall == nil {
		return 1
	}
	return im.start.PerCall()
}

// tooLarge says what the module needs and what there is. taken is how large its image
// is, 0 if there is none.
func (c *Code) tooLarge(err error, taken, perCall int64) error {
	var refused *account.Error
	if !errors.As(err, &refused) {
		return err
	}
	a := c.engine.options.Account
	image := taken
	if image == 0 {
		image = int64(c.least)
	}
	calls := perCall * (c.fixed + image)
	needs := c.bytes() + image + calls
	others := a.Total() - taken
	if c.runs.Load() != nil {
		others -= c.bytes()
	}
	return &CompileError{
		Problem: fmt.Sprintf("module needs %s of memory, and the host has %s for it: "+
			"its code takes %s, its image %s, the instances of a call %s; "+
			"of %s in all, %s are taken by the store and by others",
			account.Size(needs), account.Size(max(a.Budget()-others, 0)), account.Size(c.bytes()),
			account.Size(image), account.Size(calls),
			account.Size(a.Budget()), account.Size(others)),
		Hint: fmt.Sprintf("try --memory %dMiB", (needs+others)>>20*5/4+16),
	}
}
