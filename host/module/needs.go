package module

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/host/account"
)

// codePerByte is what a byte of a module takes when it is compiled, rounded up: of
// machine code, and of what the engine knows of it. Measured on Go guests.
const codePerByte = 5

// takeCode takes what the module's code will need from the account.
func (v *Version) takeCode() error {
	bytes := int64(v.program.size) * codePerByte
	if err := v.engine.options.Account.Take(account.Code, bytes); err != nil {
		return v.tooLarge(err)
	}
	v.codeBytes = bytes
	return nil
}

// Fits finds out whether there is memory for a call: an instance for the Worker, and
// one for the object that it calls. Where there is not, a host would start and
// refuse everybody.
func (v *Version) Fits() error {
	a := v.engine.options.Account
	bytes := v.instanceBytes() * v.instancesPerCall()
	if err := a.Take(account.Instances, bytes); err != nil {
		return v.tooLarge(err)
	}
	a.Release(account.Instances, bytes)
	return nil
}

// instanceBytes is what an instance takes that has just begun.
func (v *Version) instanceBytes() int64 {
	if v.image != nil {
		return v.fixed + int64(len(v.image.file.bytes))
	}
	return v.fixed + int64(v.least)
}

// instancesPerCall is how many instances a call needs at a time, at least.
func (v *Version) instancesPerCall() int64 {
	if v.worker && len(v.classes) > 0 {
		return 2
	}
	return 1
}

// tooLarge says what the module needs and what there is.
func (v *Version) tooLarge(err error) error {
	var refused *account.Error
	if !errors.As(err, &refused) {
		return err
	}
	a := v.engine.options.Account
	image := int64(v.least)
	if v.image != nil {
		image = int64(len(v.image.file.bytes))
	}
	calls := v.instancesPerCall() * (v.fixed + image)
	needs := int64(v.program.size)*codePerByte + image + calls
	others := a.Total() - v.codeBytes
	if v.image != nil {
		others -= image
	}
	return &CompileError{
		Problem: fmt.Sprintf("module needs %s of memory, and the host has %s for it: its code takes %s, "+
			"its image %s, the instances of a call %s; of %s in all, %s are taken by the store and by others",
			account.Size(needs), account.Size(max(a.Budget()-others, 0)), account.Size(int64(v.program.size)*codePerByte),
			account.Size(image), account.Size(calls), account.Size(a.Budget()), account.Size(others)),
		Hint: fmt.Sprintf("try --memory %dMiB", (needs+others)>>20*5/4+16),
	}
}
