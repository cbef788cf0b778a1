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
		"run the cairn that wrote it, or choose another folder", ErrFormat, found, dir, formatVersion)
}

func initFormat(db *pebble.DB, dir string) error {
	it, err := db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	used := it.First()
	if err := it.Close(); err != nil {
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
