package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// formatVersion is the version of the layout in doc.go.
const formatVersion uint32 = 1

var formatKey = append([]byte{tagFormat}, "format"...)

// checkFormat reads the format version, or writes it into an empty store. A
// store without one that holds keys is not ours.
func checkFormat(db *pebble.DB, dir string) error {
	value, closer, err := db.Get(formatKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return initFormat(db, dir)
	}
	if err != nil {
		return fmt.Errorf("read format version: %w", err)
	}
	defer closer.Close()
	return knownFormat(dir, value)
}

// knownFormat checks the value of the format key.
func knownFormat(dir string, value []byte) error {
	if len(value) != 4 {
		return formatError(dir, fmt.Sprintf("%x", value))
	}
	if v := binary.BigEndian.Uint32(value); v != formatVersion {
		return formatError(dir, fmt.Sprint(v))
	}
	return nil
}

func formatError(dir, found string) error {
	return fmt.Errorf("%w: found %s in %s, this cairn knows %d; "+
		"run the cairn that wrote it, or choose another folder",
		ErrFormat, found, dir, formatVersion)
}

func initFormat(db *pebble.DB, dir string) error {
	used, err := anyKey(db)
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	if used {
		return formatError(dir, "none")
	}
	value := binary.BigEndian.AppendUint32(nil, formatVersion)
	if err := db.Set(formatKey, value, pebble.Sync); err != nil {
		return fmt.Errorf("write format version: %w", err)
	}
	return nil
}

// anyKey reports whether a store holds a key.
func anyKey(db *pebble.DB) (bool, error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return false, err
	}
	used := it.First()
	return used, it.Close()
}
