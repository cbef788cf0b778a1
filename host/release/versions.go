package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Version is one version of a script, as the store keeps it: a module, and the
// config that it runs with.
type Version struct {
	Number  int       `json:"number"` // counts up, never reused
	Hash    string    `json:"hash"`   // SHA-256 of the module, hex
	Size    int       `json:"size"`   // of the module, in bytes
	Created time.Time `json:"created"`
	Tag     string    `json:"tag,omitempty"` // of the last migration when it was deployed
	Config  string    `json:"config"`        // the config's fingerprint, hex
	Percent int       `json:"percent"`       // of the objects that it serves now
}

// versions is what the store knows of a script's versions: JSON under
// "versions/" and the script's name. The modules are under "module/", the script
// and their hash, the configs under "config/", the script and their fingerprint,
// both compressed.
type versions struct {
	Format int `json:"format"` // versionsFormat
	// Main, MainConfig and MainNumber are what the last start found in its files,
	// as hash and fingerprint, and the newest version after it. See isNew.
	Main       string    `json:"main"`
	MainConfig string    `json:"main_config"`
	MainNumber int       `json:"main_number"`
	Stable     int       `json:"stable"`
	Next       int       `json:"next,omitempty"`
	List       []Version `json:"list"` // oldest first

	upgraded bool // read from an older format
	limit    int  // how many are kept, besides those that run
}

// versionsFormat is 2 since versions have configs. In format 1 all of them ran
// with the config that the start was given.
const versionsFormat = 2

// versions reads what is kept of a script. config is the fingerprint of the
// config that a start is given.
func (s *shelf) versions(script, config string) (*versions, error) {
	v := &versions{Format: versionsFormat, limit: s.limit()}
	value, found, err := s.get("versions/" + script)
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", script, err)
	}
	if !found {
		return v, nil
	}
	if err := json.Unmarshal(value, v); err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", script, err)
	}
	switch v.Format {
	case 1:
		v.Format, v.MainConfig, v.upgraded = versionsFormat, config, true
		for i := range v.List {
			v.List[i].Config = config
		}
	case versionsFormat:
	default:
		return nil, fmt.Errorf("read versions of %s: unknown format %d "+
			"(was the store written by a newer cairn?)", script, v.Format)
	}
	return v, nil
}

// isNew reports whether a start that finds a module and a config in its files has
// to deploy them: unless the last start found the same, or they were deployed
// since. Then what served before serves again, whatever that is: a restart undoes
// neither a deploy nor a rollback.
func (v *versions) isNew(hash, config string) bool {
	if v.Main == hash && v.MainConfig == config {
		return false
	}
	return !slices.ContainsFunc(v.List, func(item Version) bool {
		return item.Number > v.MainNumber && item.Hash == hash && item.Config == config
	})
}

// setMain notes what a start found in its files, once it is the version number.
func (v *versions) setMain(number int) {
	item := v.find(number)
	v.Main, v.MainConfig, v.MainNumber = item.Hash, item.Config, v.List[len(v.List)-1].Number
}

// clone returns a copy to be changed: what a script serves by is replaced
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

// add puts a version in as the newest one and returns its number; one that is as
// the newest is the newest.
func (v *versions) add(item Version) int {
	item.Number = 1
	if n := len(v.List); n > 0 {
		last := v.List[n-1]
		if last.Hash == item.Hash && last.Tag == item.Tag && last.Config == item.Config {
			return last.Number
		}
		item.Number = last.Number + 1
	}
	v.List = append(v.List, item)
	return item.Number
}

// serve sets what serves, and prunes. next is 0 when stable takes all.
func (v *versions) serve(stable, next, percent int) (pruned []Version) {
	v.Stable, v.Next = stable, next
	for i := 0; len(v.List) > v.limit; {
		if n := v.List[i].Number; n == stable || n == next {
			i++ // the version runs, however old it is
			continue
		}
		pruned = append(pruned, v.List[i])
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

// changes is the record as a change of the shelf's, with the module and the
// config of what now runs and without those that no version has any more.
func (v *versions) changes(script string, runs *running, wasm []byte, pruned []Version) (
	k kept, err error) {
	record, err := json.Marshal(v)
	if err != nil {
		return k, fmt.Errorf("write versions of %s: %w", script, err)
	}
	k = kept{plain: map[string][]byte{"versions/" + script: record}, packed: map[string][]byte{}}
	for _, old := range pruned {
		k.plain[moduleKey(script, old.Hash)] = nil
		k.plain[configKey(script, old.Config)] = nil
	}
	for _, item := range v.List { // one that was pruned may have had the same
		delete(k.plain, moduleKey(script, item.Hash))
		delete(k.plain, configKey(script, item.Config))
	}
	key := configKey(script, v.find(runs.number).Config)
	if k.packed[key], err = runs.config.Encode(); err != nil {
		return k, err
	}
	if wasm != nil {
		k.packed[moduleKey(script, runs.module.Hash())] = wasm
	}
	return k, nil
}

// hashOf returns the name of a module's bytes, as Program.Hash does.
func hashOf(wasm []byte) string {
	hash := sha256.Sum256(wasm)
	return hex.EncodeToString(hash[:])
}
