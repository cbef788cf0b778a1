package hostfunc

import (
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

// still is a Host whose storage holds one value, and whose objects answer it.
type still struct{ value []byte }

var _ Storage = (*still)(nil)

func (s *still) StorageGet([]byte) ([]byte, bool, error)  { return s.value, true, nil }
func (s *still) StoragePut(_, _ []byte, _ bool) error     { return nil }
func (s *still) StorageDelete([]byte, bool) (bool, error) { return true, nil }
func (s *still) StorageDeleteAll() error                  { return nil }
func (s *still) StorageSync() error                       { return nil }

func (s *still) EnvGet([]byte) ([]byte, bool) { return s.value, true }

// BenchmarkFunction is what a function of the ABI costs in the host: bounds,
// copies, the meter.
func BenchmarkFunction(b *testing.B) {
	memory := newMemory(b)
	for _, name := range []string{"input_read", "output_write", "storage_get", "env_get"} {
		f := functionNamed(b, name)
		b.Run(name, func(b *testing.B) {
			var c Call
			c.Memory = memory
			c.Begin(&still{value: []byte("123456")}, make([]byte, 32), 0)
			defer c.End()
			args := fineArgs(f.Params)
			b.ReportAllocs()
			for b.Loop() {
				if s := f.run(&c, args); s != abi.StatusOK {
					b.Fatal(s)
				}
			}
		})
	}
}

func functionNamed(b *testing.B, name string) function {
	b.Helper()
	for _, f := range functions {
		if f.Name == name {
			return f
		}
	}
	b.Fatalf("no function %s", name)
	return function{}
}
