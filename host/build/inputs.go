package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// listed is what go list says of a package.
type listed struct {
	Dir        string
	ImportPath string
	Standard   bool
	EmbedFiles []string
	Module     *listedModule
}

type listedModule struct {
	Path, Dir, GoMod, Version string
	Main                      bool
	Replace                   *listedModule
}

// edited reports whether the module's files are somebody's to edit: the main one's, a
// workspace's, and those of one that a folder replaces. All else is a version that
// never changes.
func (m *listedModule) edited() bool {
	return m == nil || m.Main || m.Replace != nil && m.Replace.Version == ""
}

// Folders returns the folders whose files go into the package in dir: those of its
// packages outside Go and the module cache, of what they embed, and of the go.mod and
// go.work files. embeds are the extensions, as .html, of what is embedded from each. Of
// a package that does not build it returns what is known; a package that is missing
// gives the folder that it would be made in.
func Folders(ctx context.Context, dir string) (folders []string,
	embeds map[string][]string, err error) {
	out, listErr := goCommand(ctx, dir, "list", "-e", "-deps",
		"-json=Dir,ImportPath,Standard,EmbedFiles,Module", ".")
	found := map[string]bool{}
	embeds = map[string][]string{}
	modules := map[string]string{} // path to folder
	var missing []string
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("go list: %w", errors.Join(err, listErr))
		}
		switch {
		case p.Standard:
		case p.Dir == "":
			missing = append(missing, p.ImportPath)
		case p.Module.edited():
			found[p.Dir] = true
			for _, file := range p.EmbedFiles {
				file = filepath.Join(p.Dir, file)
				found[filepath.Dir(file)] = true
				embeds[filepath.Dir(file)] = append(embeds[filepath.Dir(file)], filepath.Ext(file))
			}
			if p.Module != nil && p.Module.GoMod != "" {
				found[filepath.Dir(p.Module.GoMod)] = true
				modules[p.Module.Path] = p.Module.Dir
			}
		}
	}
	for _, path := range missing {
		for module, at := range modules {
			if rest, ok := strings.CutPrefix(path, module+"/"); ok {
				found[existing(filepath.Join(at, filepath.FromSlash(rest)))] = true
			}
		}
	}
	if work, err := goCommand(ctx, dir, "env", "GOWORK"); err == nil {
		if file := strings.TrimSpace(string(work)); filepath.IsAbs(file) {
			found[filepath.Dir(file)] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), embeds, listErr
}

// existing returns the folder, or the nearest one above it that is there.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
