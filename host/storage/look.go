package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// lookCacheBytes is enough to read a few keys.
	lookCacheBytes = 1 << 20
	// verifyBytes is how much of the sstables is read at a start to know them whole:
	// a small store's all, and of a large one what takes a fraction of a second. The
	// rest is checked when it is read.
	verifyBytes = 128 << 20
)

// storeFile matches the names of the files that a store consists of.
var storeFile = regexp.MustCompile(`^(LOCK|` + markFile + `|marker\..+|` +
	`(MANIFEST|OPTIONS|REMOTE-OBJ-CATALOG)-\d+|\d+\.(log|sst|blob)|` +
	`(\d+\.log|temporary\.\d+)\..+|\d+\.dbtmp)$`)

// IsFile reports whether a store consists of files with such a name. In its folder
// there is a folder as well, "wal".
func IsFile(name string) bool { return storeFile.MatchString(name) }

// found is what there is in a folder.
type found struct {
	exists   bool // there is a store; else the folder is empty, or a first start was cut
	manifest manifest
	logs     logs
	mark     mark
	noMark   bool // the mark is damaged
}

// look finds out whether a folder holds a store, a whole one, and ours, and changes
// nothing there. It has to be sure before pebble opens the folder to write: pebble
// believes what it can read of a damaged MANIFEST, and removes what is not in that.
func look(o Options, dir string) (f found, err error) {
	defer func() {
		if p := recover(); p != nil { // pebble panics over some damage
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	current, err := survey(o.FS, dir)
	if err != nil || current == "" {
		return f, err
	}
	f.exists = true
	if f.mark, f.noMark, err = readMark(o.FS, dir); err != nil {
		return f, err
	}
	var durable int64
	if f.mark.manifest == current {
		durable = f.mark.length
	}
	f.manifest, err = readManifest(o.FS, o.FS.PathJoin(dir, current), durable)
	if errors.Is(err, fs.ErrNotExist) {
		return f, fmt.Errorf("%w: %s is missing", ErrCorrupt, current)
	}
	if err != nil {
		return f, err
	}
	if f.logs, err = scanLogs(o.FS, dir, f.manifest.oldestLog); err != nil {
		return f, missing(err)
	}
	for _, number := range f.mark.logs {
		if number >= f.manifest.oldestLog && !slices.Contains(f.logs.numbers, number) {
			return f, fmt.Errorf("%w: log %06d.log is missing", ErrCorrupt, number)
		}
	}
	return f, f.lookAtSSTables(o, dir)
}

// survey returns the name of the MANIFEST that is in force in a folder, "" in one
// that is empty or where a first start was cut before there was anything to keep.
func survey(under vfs.FS, dir string) (current string, err error) {
	names, err := under.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	logs, err := under.List(under.PathJoin(dir, walFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	slices.Sort(names) // a marker's number has leading zeros
	var foreign, needed string
	for _, name := range slices.Concat(names, logs) {
		marked, isMarker := strings.CutPrefix(name, "marker.manifest.")
		switch {
		case isMarker:
			_, current, _ = strings.Cut(marked, ".")
		case name == "lost+found" || name == walFolder || name == lockFile || name == markFile ||
			strings.HasPrefix(name, "MANIFEST-"):
		case IsFile(name):
			needed = name
		default:
			foreign = name
		}
	}
	if info, err := under.Stat(under.PathJoin(dir, lockFile)); err == nil && info.Size() > 0 {
		// Locking would empty it.
		return "", fmt.Errorf("%w: LOCK has %d bytes, a store's has none", ErrCorrupt, info.Size())
	}
	switch {
	case current != "":
		return current, nil
	case foreign != "":
		return "", fmt.Errorf("%w: it holds %s", ErrNotStore, foreign)
	case needed != "":
		return "", fmt.Errorf("%w: the marker.manifest file is missing beside %s",
			ErrCorrupt, needed)
	}
	return "", nil
}

// lookAtSSTables opens the store for reading, without its logs, and looks at what is
// in sstables.
func (f *found) lookAtSSTables(o Options, dir string) (err error) {
	quiet := newWALLog(slog.New(slog.DiscardHandler))
	o.CacheBytes = lookCacheBytes
	po := engineOptions(&walFS{FS: readOnlyFS{o.FS}, dir: o.FS.PathJoin(dir, walFolder),
		fail: quiet.fail, failed: never, stalled: never}, o, quiet)
	po.ReadOnly = true
	po.Logger = engineLogger{quiet.logger, quiet}
	db, err := pebble.Open(dir, po)
	if err != nil {
		return refusal(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	format, closer, err := db.Get(formatKey)
	if err == nil {
		format = bytes.Clone(format)
		closer.Close()
	}
	switch {
	case err != nil && !errors.Is(err, pebble.ErrNotFound):
		return missing(err)
	case err != nil && f.logs.format == nil:
		if used, err := anyKey(db); err != nil {
			return missing(err)
		} else if used || f.logs.batches > 0 {
			return formatError(dir, "none")
		}
	case err != nil:
		format = f.logs.format
		fallthrough
	default:
		if err := knownFormat(dir, format); err != nil {
			return err
		}
	}
	return f.verifySSTables(o.FS, dir, db, po)
}

func never() bool { return false }

// refusal says what it means that pebble does not open a store for reading.
func refusal(err error) error {
	if strings.Contains(err.Error(), "unknown format major version") { // pebble has no error for it
		return fmt.Errorf("%w: %w; run the cairn that wrote it", ErrFormat, err)
	}
	return missing(err)
}

// missing tells damage from a disk that does not answer, or not to us.
func missing(err error) error {
	if errors.Is(err, ErrCorrupt) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok && number != syscall.ENOENT {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// verifySSTables reads sstables up to verifyBytes: each block has a checksum, and the
// keys have to be those that the MANIFEST says.
func (f *found) verifySSTables(under vfs.FS, dir string, db *pebble.DB, po *pebble.Options) error {
	levels, err := db.SSTables()
	if err != nil {
		return missing(err)
	}
	var read uint64
	seen := map[string]bool{}
	for _, t := range slices.Concat(levels...) {
		name := t.BackingSSTNum.String() + ".sst"
		if read += t.Size; read > verifyBytes {
			return nil
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		path, low, high := under.PathJoin(dir, name), t.Smallest.UserKey, t.Largest.UserKey
		if err := verifySSTable(under, path, low, high, po); err != nil {
			return missing(fmt.Errorf("table %s: %w", name, err))
		}
	}
	return nil
}

func verifySSTable(
	under vfs.FS, path string, smallest, largest []byte, po *pebble.Options,
) (err error) {
	file, err := under.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r, err := sstable.NewReader(context.Background(), readable, po.MakeReaderOptions())
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.ValidateBlockChecksums(); err != nil {
		return err
	}
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if kv := it.First(); kv != nil && bytes.Compare(kv.K.UserKey, smallest) < 0 {
		return errors.New("it holds other keys than the MANIFEST says")
	}
	if kv := it.Last(); kv != nil && bytes.Compare(kv.K.UserKey, largest) > 0 {
		return errors.New("it holds other keys than the MANIFEST says")
	}
	return nil
}

// report logs what is replayed, and what is lost: pebble says neither.
func (f *found) report(o Options, dir string) {
	logger := o.Logger
	if f.logs.batches > 0 {
		logger.Info("log replayed", "folder", dir, "batches", f.logs.batches, "bytes", f.logs.bytes,
			"sequence", f.logs.last)
	}
	if f.noMark {
		logger.Warn("whether all writes came back is not known: "+
			"the count of what is durable is damaged", "file", o.FS.PathJoin(dir, markFile))
	}
	if m := &f.mark; m.seq > f.logs.last && m.low >= f.manifest.oldestLog {
		kept := f.keepLog(o.FS)
		logger.Error("writes are lost: the end of the log is damaged or missing, it held what was "+
			"acknowledged and is in no other file (a copy of the log is kept)",
			"folder", dir, "replayed_to", f.logs.last, "acknowledged_to", m.seq,
			"lost", m.seq-f.logs.last, "acknowledged_at", time.UnixMilli(m.at).UTC(), "copy", kept)
	}
}

// keepLog copies the newest log aside, since its file is used again, and returns
// the copy's name.
func (f *found) keepLog(under vfs.FS) string {
	if len(f.logs.files) == 0 {
		return "none"
	}
	path := f.logs.files[len(f.logs.files)-1]
	aside := path + ".damaged"
	if err := vfs.Copy(under, path, aside); err != nil {
		return "none: " + err.Error()
	}
	return aside
}
