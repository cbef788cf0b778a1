package host

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures a Runtime.
type Options struct {
	// Config is the app. Required.
	Config *config.Config
	// Wasm is the app's module. Default: what Config.Main names.
	Wasm []byte
	// DataDir is the folder of the store. Required.
	DataDir string
	// CacheDir keeps compiled code between starts. Default none.
	CacheDir string
	// EvictIdle is how long an object is idle before it may forget its memory.
	// Default 10 s.
	EvictIdle time.Duration
	// Residents bounds the objects that hold an instance at a time. Default 256.
	Residents int
	// CPULimit bounds what one entry into a guest may compute. Default 30 s; a
	// config's limits.cpu_ms goes before it.
	CPULimit time.Duration
	// MemoryLimit bounds each guest's linear memory in bytes. Default 128 MiB.
	MemoryLimit uint64
	// Interpreter runs guests without compiling them. Default false.
	Interpreter bool
	// NoImages starts every instance the plain way. Default false.
	NoImages bool
	// Logger gets the host's log and the guests'. Default discards.
	Logger *slog.Logger

	// FS is where the store lives. Default the disk.
	FS vfs.FS
	// WrapLog lets a test stand between the store and its log. Default none.
	WrapLog func(storage.Log) storage.Log
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
	// Random fills a buffer with random bytes. Default crypto/rand.
	Random func([]byte)
}

func (o *Options) validate() error {
	if o.Config == nil {
		return errors.New("host: no config")
	}
	if o.DataDir == "" {
		return errors.New("host: no data folder")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = func(b []byte) { rand.Read(b) } // never fails, see crypto/rand
	}
	if o.CPULimit == 0 {
		o.CPULimit = 30 * time.Second
	}
	return nil
}
