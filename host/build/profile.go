package build

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

// guestProfile says where the seed's program spends its time: what every guest
// does, the SDK's work and the runtime's, and little else. A call is dear in
// Go's WebAssembly, and go build puts more of them in line where a profile says
// that it pays: an object's call took a sixth less time, a Worker's request a
// twelfth. make profile takes it anew.
//
//go:embed guest.pgo
var guestProfile []byte

// profile returns go build's -pgo flag for pkg: a folder seen from dir, or an
// import path. A package with a default.pgo of its own is built by that.
func profile(dir, pkg string) string {
	const goDecides = "-pgo=auto"
	if !filepath.IsAbs(pkg) {
		pkg = filepath.Join(dir, pkg)
	}
	if info, err := os.Stat(pkg); err != nil || !info.IsDir() {
		return goDecides
	}
	if _, err := os.Stat(filepath.Join(pkg, "default.pgo")); err == nil {
		return goDecides
	}
	file, err := profileFile()
	if err != nil {
		return goDecides // a guest that is a little slower
	}
	return "-pgo=" + file
}

// profileFile writes the profile where go build can read it. The module names the
// file, so it is the same one each time.
func profileFile() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(guestProfile)
	file := filepath.Join(cache, "cairn", fmt.Sprintf("guest-%x.pgo", sum[:6]))
	if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, guestProfile) {
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "guest-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(guestProfile)
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		os.Remove(temp.Name())
		return "", err
	}
	return file, nil
}
