package conformance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Host is the host under test.
type Host interface {
	// Load starts an app of one module. What is stored belongs to the app and
	// is gone with it. The error of a refused module names what is wrong. Objects
	// that were called in the last ten seconds must not be evicted; a host that
	// can set their memory aside should do so for all but a few.
	Load(wasm []byte, c Config) (App, error)
}

// App is a module that runs. Its methods may be called by several goroutines.
type App interface {
	// Call calls a method of the object that a name has in a binding's
	// namespace, and returns its result once everything that it could have
	// seen is durable. args is a JSON array. What the guest or the host says to
	// the caller of an object is an *Error.
	Call(binding, object, method string, args []byte) ([]byte, error)
	// Fetch sends POST / with a body to the Worker and returns the body of its
	// response. Any status but 200 is an error.
	Fetch(body []byte) ([]byte, error)
	// Restart ends the host as a power cut does, so that nothing is left but
	// what is durable, and starts the same app again.
	Restart() error
	// Close stops the app.
	Close() error
}

// Config is what an app is loaded with.
type Config struct {
	Bindings map[string]string // binding to class
	Vars     map[string]string // variable to JSON
	// CPULimit bounds what one entry may compute; 0 is the host's own limit.
	CPULimit time.Duration
	// MemoryLimit bounds each linear memory in bytes; 0 is the host's own
	// limit, of which the kit needs 64 MiB.
	MemoryLimit uint64
}

// Error is what the caller of an object is told.
type Error struct {
	Flags   byte   // those of package wire
	Name    string // "" is Error
	Message string
}

// Error writes the error as transcripts do.
func (e *Error) Error() string {
	var flags []string
	for _, f := range []struct {
		bit  byte
		name string
	}{{wire.ErrorRemote, "remote"}, {wire.ErrorRetryable, "retryable"},
		{wire.ErrorOverloaded, "overloaded"}, {wire.ErrorReset, "reset"}} {
		if e.Flags&f.bit != 0 {
			flags = append(flags, f.name)
		}
	}
	name := e.Name
	if name == "" {
		name = "Error"
	}
	return fmt.Sprintf("[%s] %s %q", strings.Join(flags, " "), name, e.Message)
}

// Case is one thing that a host must do.
type Case struct {
	Name  string   // function/what
	Musts []string // of SPEC.md, such as M31
	check func(*Suite) error
}

// Run checks every case, each in a test of its own.
func Run(t *testing.T, h Host) {
	s := NewSuite(h)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := s.Check(c); err != nil {
				t.Errorf("[%s]\n%v", strings.Join(c.Musts, "] ["), err)
			}
		})
	}
	if dir := os.Getenv("CAIRN_CONFORMANCE_REWRITE"); dir != "" {
		if err := s.rewrite(dir); err != nil {
			t.Error(err)
		}
	}
}

// Cases returns every case of the kit, in a fixed order.
func Cases() []Case {
	cases := textCases()
	cases = append(cases, refusedCases()...)
	return append(cases, behaviorCases()...)
}

// Suite checks cases on one host. Cases that need nothing special share one
// app, in which each has objects of its own.
type Suite struct {
	// Settle waits until an app has done all that it does by itself, such as run the
	// alarms that are due. A case that waits for that asks once more afterwards and
	// then fails, so that no time passes where a host is wrong. Default none: a case
	// asks again for ten seconds.
	Settle func(App) error

	host    Host
	app     App
	written map[string]string // what a case's text would have to be
}

// NewSuite makes a Suite of a host.
func NewSuite(h Host) *Suite { return &Suite{host: h, written: map[string]string{}} }

// Check runs one case. The error says what the host got wrong.
func (s *Suite) Check(c Case) error { return c.check(s) }

// Close stops the app that cases have shared.
func (s *Suite) Close() error {
	if s.app == nil {
		return nil
	}
	err := s.app.Close()
	s.app = nil
	return err
}

// standard is the config of the app that cases share.
func standard() Config {
	return Config{
		Bindings: map[string]string{"RAW": "Raw", "OTHER": "Other", "PLAIN": "Plain"},
		Vars:     map[string]string{"GREETING": `"hello"`, "NUMBERS": `[1,2,3]`},
	}
}

// shared returns the app that cases share.
func (s *Suite) shared() (App, error) {
	if s.app != nil {
		return s.app, nil
	}
	app, err := s.host.Load(newGuest(guestOptions{}).encode(), standard())
	if err != nil {
		return nil, fmt.Errorf("the kit's guest was refused: %w", err)
	}
	s.app = app
	return app, nil
}

// forget leaves the shared app alone: it hangs.
func (s *Suite) forget(app App) {
	if s.app == app {
		s.app = nil
	}
}

// patience is how long a host may take to answer what should take milliseconds.
// CAIRN_CONFORMANCE_PATIENCE makes it longer, for a host in an emulator.
var patience = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("CAIRN_CONFORMANCE_PATIENCE")); err == nil && d > 0 {
		return d
	}
	return time.Minute
}()

var errHangs = errors.New("the host does not answer")

// inTime runs f, or gives up.
func inTime(f func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		b   []byte
		err error
	}
	done := make(chan answer, 1)
	go func() { b, err := f(); done <- answer{b, err} }()
	select {
	case a := <-done:
		return a.b, a.err
	case <-time.After(patience):
		return nil, errHangs
	}
}

// rewrite writes the files of testdata anew.
func (s *Suite) rewrite(dir string) error {
	for _, name := range textFiles() {
		text, err := testdata.ReadFile("testdata/" + name)
		if err != nil {
			return err
		}
		var out strings.Builder
		for _, part := range splitCases(string(text)) {
			title, _, _ := strings.Cut(strings.TrimPrefix(part, "## "), " ")
			if written, ok := s.written[title]; ok && strings.HasPrefix(part, "## ") {
				part = written
			}
			out.WriteString(part)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
