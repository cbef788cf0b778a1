package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/host/storage"
)

// recordKey is where the record is. One key makes every change of it atomic.
const recordKey = "app/record"

// recordVersion is the version of the format that this code reads and writes.
const recordVersion = 1

// ErrRecord means that the store's record is not one that this host can read.
var ErrRecord = errors.New("app: unreadable record")

// Record is what the store knows of the app.
type Record struct {
	Version    int                      `json:"version"`
	NextNumber uint32                   `json:"next_number"`
	Scripts    map[string]*ScriptRecord `json:"scripts"`
	Deleting   []Deletion               `json:"deleting,omitempty"`
}

// ScriptRecord is what the store knows of one script, served now or once.
type ScriptRecord struct {
	// Tag is the last migration of the config that was applied last.
	Tag string `json:"tag,omitempty"`
	// Migrations are all tags that were ever applied.
	Migrations []string `json:"migrations,omitempty"`
	// Namespaces are those of the script's classes that exist, by class.
	Namespaces map[string]Namespace `json:"namespaces"`
}

// Namespace is what the objects of a class are found by.
type Namespace struct {
	Number    uint32 `json:"number"`
	UniqueKey string `json:"unique_key"`
	// Created is the tag of the migration that made it one of the script's
	// classes, or empty if that was a binding without any migration.
	Created string `json:"created,omitempty"`
}

// Deletion is a namespace whose objects are being destroyed.
type Deletion struct {
	Number uint32 `json:"number"`
	Script string `json:"script"`
	Class  string `json:"class"`
	// UniqueKey is the namespace's; no other may have it before this is done.
	UniqueKey string `json:"unique_key"`
}

// Read reads the store's record; an empty one if it has none.
func Read(store *storage.Store) (*Record, error) {
	r, _, err := read(store)
	return r, err
}

// read returns the record with its bytes, nil if there are none.
func read(store *storage.Store) (*Record, []byte, error) {
	text, found, err := store.Meta(recordKey)
	if err != nil {
		return nil, nil, fmt.Errorf("read app record: %w", err)
	}
	if !found {
		return &Record{Version: recordVersion, NextNumber: 1,
			Scripts: map[string]*ScriptRecord{}}, nil, nil
	}
	r, err := decode(text)
	return r, text, err
}

func decode(text []byte) (*Record, error) {
	// The version first: of another one, the rest may be of other types.
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if head.Version != recordVersion {
		return nil, fmt.Errorf("%w: it has version %d and this cairn knows version %d "+
			"(run the cairn that wrote this store)", ErrRecord, head.Version, recordVersion)
	}
	r := &Record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if r.Scripts == nil {
		r.Scripts = map[string]*ScriptRecord{}
	}
	for _, s := range r.Scripts {
		if s.Namespaces == nil {
			s.Namespaces = map[string]Namespace{}
		}
	}
	return r, nil
}

func (r *Record) encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write app record: %w", err)
	}
	return text, nil
}

// check refuses a record that would give two classes the same objects. No host
// writes one; a hand that repairs a store might.
func (r *Record) check() error {
	numbers, keys := map[uint32]string{}, map[string]string{}
	use := func(name string, number uint32, key string) error {
		switch {
		case number == 0 || number >= r.NextNumber:
			return fmt.Errorf("%s has number %d, the next one is %d", name, number, r.NextNumber)
		case numbers[number] != "":
			return fmt.Errorf("%s and %s have number %d", numbers[number], name, number)
		case keys[key] != "":
			return fmt.Errorf("%s and %s have unique key %q", keys[key], name, key)
		}
		numbers[number], keys[key] = name, name
		return nil
	}
	for _, script := range slices.Sorted(maps.Keys(r.Scripts)) {
		if r.Scripts[script] == nil {
			return fmt.Errorf("script %q is null", script)
		}
		namespaces := r.Scripts[script].Namespaces
		for _, class := range slices.Sorted(maps.Keys(namespaces)) {
			n := namespaces[class]
			if err := use(script+"/"+class, n.Number, n.UniqueKey); err != nil {
				return err
			}
		}
	}
	for _, d := range r.Deleting {
		if err := use(d.Script+"/"+d.Class+", which is being deleted",
			d.Number, d.UniqueKey); err != nil {
			return err
		}
	}
	return nil
}

// clone returns a copy that shares nothing with r.
func (r *Record) clone() *Record {
	c := &Record{Version: recordVersion, NextNumber: r.NextNumber,
		Scripts: map[string]*ScriptRecord{}, Deleting: slices.Clone(r.Deleting)}
	for name, s := range r.Scripts {
		c.Scripts[name] = &ScriptRecord{
			Tag: s.Tag, Migrations: slices.Clone(s.Migrations),
			Namespaces: maps.Clone(s.Namespaces),
		}
	}
	return c
}

// script returns what is known of a script, which begins now if nothing is.
func (r *Record) script(name string) *ScriptRecord {
	s := r.Scripts[name]
	if s == nil {
		s = &ScriptRecord{Namespaces: map[string]Namespace{}}
		r.Scripts[name] = s
	}
	return s
}

// create gives a class its namespace.
func (r *Record) create(script, class, tag string) Namespace {
	n := Namespace{Number: r.NextNumber, UniqueKey: r.freeKey(script, class), Created: tag}
	r.NextNumber++
	r.script(script).Namespaces[class] = n
	return n
}

// freeKey returns the unique key of a new class: SCRIPT-CLASS as upstream has
// it, unless a class that was called so went on under another name.
func (r *Record) freeKey(script, class string) string {
	used := map[string]bool{}
	for _, s := range r.Scripts {
		for _, n := range s.Namespaces {
			used[n.UniqueKey] = true
		}
	}
	for _, d := range r.Deleting {
		used[d.UniqueKey] = true
	}
	key := script + "-" + class
	for n := r.NextNumber; used[key]; n++ {
		key = fmt.Sprintf("%s-%s~%d", script, class, n)
	}
	return key
}

// classes lists the classes of a script that exist.
func (s *ScriptRecord) classes() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.Namespaces))
}
