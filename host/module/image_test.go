package module_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// countTo starts the acrobat and lets it count to n.
func countTo(n int) module.Start {
	return module.Start{Run: func(i *module.Instance) error {
		var c hostfunc.Call
		c.Begin(nil, nil, time.Second)
		defer c.End()
		for range n {
			if _, err := i.Call(&c, "object_call", doCount); err != nil {
				return err
			}
		}
		return nil
	}}
}

// TestImagesOfOneCode makes several images of one compiled module. Each of them begins as
// what was counted before it was taken, whatever the others do and however long they live.
func TestImagesOfOneCode(t *testing.T) {
	for name, o := range ways {
		t.Run(name, func(t *testing.T) {
			a := account.New(1 << 30)
			o.Account = a
			source, err := newEngine(t, o).Read(acrobat(0))
			if err != nil {
				t.Fatal(err)
			}
			code, err := source.Compile(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			taken := a.Used(account.Code)
			trap := errors.New("it does not start")
			if _, err := code.Start(t.Context(), module.Start{Run: func(*module.Instance) error {
				return trap
			}}); err != trap {
				t.Errorf("a start that failed gave %v", err)
			}
			var images []*module.Image
			for n := range 3 {
				image, err := code.Start(t.Context(), countTo(n))
				if err != nil {
					t.Fatal(err)
				}
				images = append(images, image)
			}
			if got := a.Used(account.Code); got != taken || got == 0 {
				t.Errorf("the code took %d bytes, and with three images %d", taken, got)
			}
			code.Close()
			if _, err := code.Start(t.Context(), countTo(1)); err != module.ErrRetired {
				t.Errorf("an image of code that was closed: %v", err)
			}
			for range 2 { // the second time in instances that were put back
				for n, image := range images {
					checkCount(t, image, n)
				}
			}
			for n, image := range images {
				checkCount(t, image, n)
				image.Close()
			}
			if a.Total() != 0 {
				t.Errorf("%d bytes are left of what was closed", a.Total())
			}
		})
	}
}

// checkCount wants an instance of the image to begin with a count of n, and counts on.
func checkCount(t *testing.T, image *module.Image, n int) {
	t.Helper()
	i, err := image.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer image.Put(i)
	if got, _ := i.Memory().ReadUint32Le(16); got != uint32(n) {
		t.Errorf("an instance begins with a count of %d, want %d", got, n)
	}
	if err := countTo(1).Run(i); err != nil { // looks at the global as well
		t.Error(err)
	}
}
