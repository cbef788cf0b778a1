package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxFileBytes bounds a config. Wrangler files are a few KiB; a larger file is
// a wrong path, and the bound keeps parsing it cheap.
const maxFileBytes = 1 << 20

// ErrNotFound says that a folder holds no wrangler file.
var ErrNotFound = errors.New("config: no wrangler file")

// fileNames are the files that Find looks for, best first.
var fileNames = []string{"wrangler.jsonc", "wrangler.json", "wrangler.toml"}

// Find returns the path of the wrangler file in dir. It does not look in the
// folders above: a config that applies unseen surprises. Without one, the error
// is an [ErrNotFound] that says what was looked for and where.
func Find(dir string) (path string, err error) {
	for _, name := range fileNames {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		switch {
		case err == nil && !info.IsDir():
			return path, nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", fmt.Errorf("config: find wrangler file: %w", err)
		}
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return "", fmt.Errorf("%w: looked for %s in %s",
		ErrNotFound, strings.Join(fileNames, ", "), dir)
}

// Load reads the config at path; its extension tells the format. Errors about
// what the file says are as in [Parse].
func Load(path string) (*Config, []Warning, error) { return LoadEnv(path, "") }

// LoadEnv is Load for one of the file's environments, see [ParseEnv].
func LoadEnv(path, env string) (*Config, []Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	// One byte more than allowed tells a full file from one that is too large,
	// also where Stat knows no size.
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	return ParseEnv(path, data, env)
}

// Parse reads a config from data, which it does not keep. The extension of name
// tells the format, its folder is the config's Dir. The error joins one *Error
// per problem, in the order of the file; warnings come with it or without.
func Parse(name string, data []byte) (*Config, []Warning, error) { return ParseEnv(name, data, "") }

// ParseEnv is Parse for one of the file's environments; the empty one is the top
// level. What an environment does not say is as at the top level, but for vars and
// bindings, which it has only of its own; the name gets the environment's behind it.
func ParseEnv(name string, data []byte, env string) (*Config, []Warning, error) {
	var r report
	src := newSource(name, bytes.TrimPrefix(data, []byte("\ufeff")))
	root, format := parseTree(src, len(data), &r)
	if root == nil {
		return r.result(nil)
	}
	v := validator{
		report: &r,
		format: format,
		cfg:    &Config{Path: name, Dir: filepath.Dir(name), Env: env},
	}
	v.file(root)
	return r.result(v.cfg)
}

// format is a file's syntax, for advice that users can paste.
type format uint8

const (
	formatJSON format = iota
	formatTOML
)

// parseTree returns the tree of a file of size bytes, or nil and an error in r.
func parseTree(src *source, size int, r *report) (*node, format) {
	if size > maxFileBytes {
		r.errorf(Pos{File: src.file}, "The file is larger than %d bytes.", maxFileBytes)
		return nil, 0
	}
	if i := invalidUTF8(src.data); i >= 0 {
		r.errorf(src.pos(i), "syntax error: the file is not UTF-8")
		return nil, 0
	}
	switch ext := strings.ToLower(filepath.Ext(src.file)); ext {
	case ".json", ".jsonc":
		return parseJSONC(src, r), formatJSON
	case ".toml":
		return parseTOML(src, r), formatTOML
	default:
		r.errorf(Pos{File: src.file},
			"The extension %q is not one of a config: .jsonc, .json or .toml.", ext)
		return nil, 0
	}
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
