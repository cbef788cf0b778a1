package module

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// instanceMappings is how many mappings of the process an instance takes: its
// image and what lies above it. The kernel bounds their number, and beyond it
// nothing can be mapped any more, Go's own heap included.
const instanceMappings = 2

// maxInstances is how many instances there may be: three quarters of what the
// kernel allows the process to map. The rest is for Go, the store and code.
func maxInstances() int64 {
	const unknown = 65530 // Linux's default
	limit := int64(unknown)
	if text, err := os.ReadFile("/proc/sys/vm/max_map_count"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			limit = n
		}
	}
	return max(limit/4*3/instanceMappings, 1)
}

// admit counts one more instance, if there may be one.
func (e *Engine) admit() error {
	if n := e.instances.Add(1); n > e.maxInstances {
		e.instances.Add(-1)
		e.full.Store(true)
		return fmt.Errorf("%w: there are %d, and the kernel lets this process map no more "+
			"(raise vm.max_map_count, or let fewer objects be busy at once)", ErrInstances, n-1)
	}
	return nil
}

// Err returns nil while instances can be made, and otherwise why not. After one
// could not be it tries, as nobody may ask for one as long as this is not nil.
func (e *Engine) Err() error {
	if !e.full.Load() {
		return nil
	}
	if e.instances.Load() < e.maxInstances {
		if r, err := newRegion(e.options.MemoryLimit, nil); err == nil {
			r.release()
			e.full.Store(false)
			return nil
		}
	}
	return fmt.Errorf("%w: there are %d of %d, or the system refused another",
		ErrInstances, e.instances.Load(), e.maxInstances)
}
