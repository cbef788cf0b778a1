package host_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the module's folder, seen from this package's.
const root = ".."

// sourceFiles calls fn with every Go file that is not a test, with its folder
// relative to the module's.
func sourceFiles(t *testing.T, fn func(dir, file string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		fn(filepath.ToSlash(dir), path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPackageComments wants exactly one package comment for each package, and
// that it begins as go doc shows it.
func TestPackageComments(t *testing.T) {
	comments, packages := map[string][]string{}, map[string]string{}
	sourceFiles(t, func(dir, file string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		packages[dir] = f.Name.Name
		if f.Doc != nil {
			comments[dir] = append(comments[dir], f.Doc.Text())
		}
	})
	if len(packages) < 10 {
		t.Fatalf("found %d packages below %s, want the whole module", len(packages), root)
	}
	for dir, name := range packages {
		got := comments[dir]
		if len(got) != 1 {
			t.Errorf("%s: %d package comments, want 1", dir, len(got))
			continue
		}
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + filepath.Base(dir) + " "
		}
		if !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: package comment begins %q, want %q", dir, firstWords(got[0]), want)
		}
	}
}

func firstWords(s string) string {
	if len(s) > 30 {
		s = s[:30]
	}
	return s
}

// TestFileSizes holds the house rule: a file of more than 500 lines is two.
func TestFileSizes(t *testing.T) {
	sourceFiles(t, func(_, file string) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > 500 {
			t.Errorf("%s has %d lines, split it", file, n)
		}
	})
}
