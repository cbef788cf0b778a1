package release

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release/migrate"
	"github.com/cairn-dev/cairn/host/storage"
)

// A script keeps its newest versions, and those that run.
const (
	keptVersions = 10
	// A draft is deployed with each change of a file, and what it was before the
	// last one is all that somebody goes back to.
	keptDrafts = 2
)

// shelf is where versions are kept: in the store, compressed, or in memory while
// they are drafts. Whoever holds Releases.changing has it, and Start before that.
type shelf struct {
	store  *storage.Store
	drafts map[string][]byte // nil: in the store
}

func newShelf(store *storage.Store, draft bool) *shelf {
	s := &shelf{store: store}
	if draft {
		s.drafts = map[string][]byte{}
	}
	return s
}

// limit is how many versions of a script are kept, besides those that run.
func (s *shelf) limit() int {
	if s.drafts != nil {
		return keptDrafts
	}
	return keptVersions
}

// get returns what is kept under a key.
func (s *shelf) get(key string) (value []byte, found bool, err error) {
	if s.drafts != nil {
		value, found = s.drafts[key]
		return value, found, nil
	}
	return s.store.Meta(key)
}

// apply makes a plan and changes of versions durable as one batch, once the log is
// durable up to the sequence that it returns. The values of packed are compressed.
func (s *shelf) apply(plan *migrate.Plan, changes ...kept) (storage.Seq, error) {
	if s.drafts != nil {
		seq, err := plan.Apply(s.store)
		for _, c := range changes {
			if err == nil {
				maps.Copy(s.drafts, c.plain)
				maps.Copy(s.drafts, c.packed)
			}
		}
		maps.DeleteFunc(s.drafts, func(_ string, value []byte) bool { return value == nil })
		return seq, err
	}
	values := map[string][]byte{}
	for _, c := range changes {
		maps.Copy(values, c.plain)
		for key, value := range c.packed {
			packed, err := deflate(value)
			if err != nil {
				return 0, fmt.Errorf("keep %s: %w", key, err)
			}
			values[key] = packed
		}
	}
	return plan.Apply(s.store, values)
}

// kept is a change of what is kept; nil is a value that goes.
type kept struct{ plain, packed map[string][]byte }

func moduleKey(script, hash string) string { return "module/" + script + "/" + hash }

func configKey(script, fingerprint string) string {
	return "config/" + script + "/" + fingerprint
}

// module returns the bytes of a kept module.
func (s *shelf) module(script, hash string) ([]byte, error) {
	wasm, err := s.unpack(moduleKey(script, hash))
	if err != nil {
		return nil, fmt.Errorf("read module %s of script %s: %w", hash[:12], script, err)
	}
	if got := hashOf(wasm); got != hash {
		return nil, fmt.Errorf("read module %s of script %s: "+
			"the store has other bytes, with the hash %s", hash[:12], script, got[:12])
	}
	return wasm, nil
}

// config returns the config of a kept version.
func (s *shelf) config(script string, item *Version) (*config.Config, error) {
	text, err := s.unpack(configKey(script, item.Config))
	if err != nil {
		return nil, fmt.Errorf("read config of version %d of %s: %w", item.Number, script, err)
	}
	c, err := config.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("read config of version %d of %s: %w", item.Number, script, err)
	}
	return c, nil
}

func (s *shelf) unpack(key string) ([]byte, error) {
	value, found, err := s.get(key)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("not in the store")
	}
	if s.drafts != nil {
		return value, nil
	}
	return io.ReadAll(flate.NewReader(bytes.NewReader(value)))
}

func deflate(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
