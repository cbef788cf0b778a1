package build_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/build"
)

// write makes files in a new folder, by name.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const goMod = "module example.com/guest\n\ngo 1.26\n"

// TestMainFile reads a module as it is, whatever is in it.
func TestMainFile(t *testing.T) {
	dir := write(t, map[string]string{"x.wasm": "bytes"})
	got, err := build.Main(t.Context(), filepath.Join(dir, "x.wasm"), filepath.Join(dir, "scratch"))
	if err != nil || string(got) != "bytes" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "scratch")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a build folder for nothing: %v", err)
	}
}

// TestMainPackage compiles a folder, in a build folder that is made for it.
func TestMainPackage(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\n" +
		"func main() {}\n"})
	t.Setenv("GOFLAGS", "-mod=vendor") // of the caller's project, not the guest's
	t.Setenv("GOOS", "plan9")
	got, err := build.Main(t.Context(), dir, filepath.Join(t.TempDir(), "not", "yet"))
	if err != nil || !bytes.HasPrefix(got, []byte("\x00asm\x01\x00\x00\x00")) {
		t.Errorf("%.10q, %v", got, err)
	}
}

// TestMainRefuses wants to be told what main may name.
func TestMainRefuses(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": "package main\n",
		"x.ts": "", "x.js": "", "x.mjs": ""})
	for name, want := range map[string]string{
		"gone.wasm": "main names a .wasm file or the folder of a Go package",
		"main.go":   "name its folder",
		"x.ts":      "is a script", "x.js": "is a script", "x.mjs": "is a script",
	} {
		_, err := build.Main(t.Context(), filepath.Join(dir, name), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestPackageError wants the compiler's words, with file and line.
func TestPackageError(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\n" +
		"func main() { x }\n"})
	err := build.Package(t.Context(), dir, ".", filepath.Join(dir, "out.wasm"))
	var e *build.Error
	if !errors.As(err, &e) || e.Package != "." ||
		!strings.Contains(e.Output, "main.go:3:15: undefined: x") {
		t.Errorf("%v", err)
	}
}

// TestPackageWithoutGo wants to be told what is missing on the machine.
func TestPackageWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := build.Package(t.Context(), t.TempDir(), ".", "out.wasm")
	if err == nil || !strings.Contains(err.Error(), "go command") {
		t.Errorf("%v", err)
	}
}

// TestPackageCancelled ends the compiler with the context.
func TestPackageCancelled(t *testing.T) {
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\n" +
		"func main() {}\n"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := build.Package(ctx, dir, ".", filepath.Join(dir, "out.wasm")); !errors.Is(err,
		context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestProfile: a guest is built by our profile, or by one of its own.
func TestProfile(t *testing.T) {
	cache := t.TempDir()
	gocache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(gocache)))
	t.Setenv("XDG_CACHE_HOME", cache)
	ours, err := os.ReadFile("guest.pgo")
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"go.mod": goMod, "main.go": "package main\n\n" +
		"func main() {}\n"})
	built := func() string {
		t.Helper()
		out := filepath.Join(t.TempDir(), "x.wasm")
		if err := build.Package(t.Context(), dir, ".", out); err != nil {
			t.Fatal(err)
		}
		wasm, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		// The module's build information has a line for each setting.
		if _, rest, ok := bytes.Cut(wasm, []byte("build\t-pgo=")); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			return string(line)
		}
		return "none"
	}

	file := built()
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, ours) ||
		!strings.HasPrefix(file, cache) {
		t.Errorf("built by %s (%v), want our profile in %s", file, err, cache)
	}
	if err := os.WriteFile(file, []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := built(); again != file {
		t.Errorf("built by %s, then by %s", file, again)
	}
	if got, _ := os.ReadFile(file); !bytes.Equal(got, ours) {
		t.Error("a damaged profile stays")
	}

	own := filepath.Join(dir, "default.pgo")
	if err := os.WriteFile(own, ours, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := built(); got != own {
		t.Errorf("built by %s, want the package's own %s", got, own)
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}

	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "main.go"))
	if got := built(); got != "none" {
		t.Errorf("no folder for the profile: built by %s", got)
	}
}
