package host

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cairn-dev/cairn/host/storage"
)

// keptVersions is how many versions of a script the store keeps, the newest
// and those that run; older ones are pruned.
const keptVersions = 10

// Version is one version of a script's module, as the store keeps it.
type Version struct {
	Number  int       `json:"number"` // counts up, never reused
	Hash    string    `json:"hash"`   // SHA-256 of the module, hex
	Size    int       `json:"size"`   // of the module, in bytes
	Created time.Time `json:"created"`
	Tag     string    `json:"tag,omitempty"` // of the last migration when it was deployed
	Percent int       `json:"percent"`       // of the objects that it serves now
}

// versions is what the store knows of a script's versions: JSON under
// "versions/" and the script's name. The modules are under "module/" and their
// hash, compressed.
type versions struct {
	Format int `json:"format"` // 1
	// Main is the hash of the module that the config named at the last start. A
	// start that finds another deploys it; one that finds the same serves what
	// served before.
	Main   string    `json:"main"`
	Stable int       `json:"stable"`
	Next   int       `json:"next,omitempty"`
	List   []Version `json:"list"` // oldest first
}

func readVersions(store *storage.Store, script string) (*versions, error) {
	v := &versions{Format: 1}
	value, found, err := store.Meta("versions/" + script)
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", script, err)
	}
	if !found {
		return v, nil
	}
	if err := json.Unmarshal(value, v); err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", script, err)
	}
	if v.Format != 1 {
		return nil, fmt.Errorf("read versions of %s: unknown format %d (was the store written by a newer cairn?)", script, v.Format)
	}
	return v, nil
}

// clone returns a copy to be changed: what the runtime serves by is replaced
// when the copy is durable, and not before.
func (v *versions) clone() *versions {
	c := *v
	c.List = slices.Clone(v.List)
	return &c
}

// find returns the version of a number, or nil.
func (v *versions) find(number int) *Version {
	for i := range v.List {
		if v.List[i].Number == number {
			return &v.List[i]
		}
	}
	return nil
}

// before finds the version to go back to; number 0 is the one before the one
// that serves, which is the stable one while another takes a share.
func (v *versions) before(number int) (Version, error) {
	if number != 0 {
		if item := v.find(number); item != nil {
			return *item, nil
		}
		return Version{}, fmt.Errorf("%w: %d (see cairn versions)", ErrNoVersion, number)
	}
	for _, item := range slices.Backward(v.List) {
		if item.Number < v.Stable || item.Number == v.Stable && v.Next != 0 {
			return item, nil
		}
	}
	return Version{}, fmt.Errorf("%w: there is none before version %d", ErrNoVersion, v.Stable)
}

// add puts a module in as the newest version and returns its number; the same
// module as the newest is the newest.
func (v *versions) add(hash string, size int, tag string, now time.Time) int {
	number := 1
	if n := len(v.List); n > 0 {
		last := v.List[n-1]
		if last.Hash == hash && last.Tag == tag {
			return last.Number
		}
		number = last.Number + 1
	}
	v.List = append(v.List, Version{Number: number, Hash: hash, Size: size, Tag: tag, Created: now.UTC()})
	return number
}

// release sets what serves, and prunes. next is 0 when stable takes all.
func (v *versions) release(stable, next, percent int) (pruned []string) {
	v.Stable, v.Next = stable, next
	for i := 0; len(v.List) > keptVersions; {
		if n := v.List[i].Number; n == stable || n == next {
			i++ // it runs, however old it is
			continue
		}
		pruned = append(pruned, v.List[i].Hash)
		v.List = slices.Delete(v.List, i, i+1)
	}
	for i := range v.List {
		item := &v.List[i]
		item.Percent = 0
		switch item.Number {
		case next:
			item.Percent = percent
		case stable:
			item.Percent = 100
			if next != 0 {
				item.Percent = 100 - percent
			}
		}
	}
	return pruned
}

// changes is the record as a change of the store's, with modules that are new
// and without those that no version has any more.
func (v *versions) changes(script string, modules map[string][]byte, pruned []string) (map[string][]byte, error) {
	record, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write versions of %s: %w", script, err)
	}
	changes := map[string][]byte{"versions/" + script: record}
	for _, hash := range pruned {
		if !v.has(hash) {
			changes["module/"+script+"/"+hash] = nil
		}
	}
	for hash, wasm := range modules {
		if changes["module/"+script+"/"+hash], err = deflate(wasm); err != nil {
			return nil, fmt.Errorf("keep module: %w", err)
		}
	}
	return changes, nil
}

func (v *versions) has(hash string) bool {
	return slices.ContainsFunc(v.List, func(item Version) bool { return item.Hash == hash })
}

// readModule returns the bytes of a kept module.
func readModule(store *storage.Store, script, hash string) ([]byte, error) {
	value, found, err := store.Meta("module/" + script + "/" + hash)
	if err != nil {
		return nil, fmt.Errorf("read module %s: %w", hash[:12], err)
	}
	if !found {
		return nil, fmt.Errorf("read module %s of script %s: not in the store", hash[:12], script)
	}
	wasm, err := io.ReadAll(flate.NewReader(bytes.NewReader(value)))
	if err != nil {
		return nil, fmt.Errorf("read module %s: %w", hash[:12], err)
	}
	if got := hashOf(wasm); got != hash {
		return nil, fmt.Errorf("read module %s of script %s: the store has other bytes, with the hash %s", hash[:12], script, got[:12])
	}
	return wasm, nil
}

// hashOf returns the name of a module's bytes, as module.Version.Hash does.
func hashOf(wasm []byte) string {
	hash := sha256.Sum256(wasm)
	return hex.EncodeToString(hash[:])
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
