package host_test

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// root is the module's folder, seen from this package's.
const root = ".."

// sourceFiles calls fn with every Go file that is not a test, with its folder
// relative to the module's.
func sourceFiles(t *testing.T, fn func(dir, file string)) {
	t.Helper()
	goFiles(t, func(dir, file string) {
		if !strings.HasSuffix(file, "_test.go") {
			fn(dir, file)
		}
	})
}

// goFiles is sourceFiles with tests.
func goFiles(t *testing.T, fn func(dir, file string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
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
		f, err := parser.ParseFile(token.NewFileSet(), file, nil,
			parser.ParseComments|parser.PackageClauseOnly)
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

// TestFileSizes holds the house rules: a file of more than 500 lines is two, but for
// tests, and a line has at most 100 columns, of which a tab counts as four. Lines that
// begin in a raw string are data, and are what they have to be.
func TestFileSizes(t *testing.T) {
	goFiles(t, func(dir, file string) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(b), "\n")
		if n := len(lines) - 1; n > 500 && !strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s has %d lines, split it", file, n)
		}
		data := rawLines(b)
		for i, line := range lines {
			n := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t")
			if n > 100 && !data[i] {
				t.Errorf("%s:%d has %d columns, break it", file, i+1, n)
			}
		}
	})
}

// rawLines are the lines of a Go file, from 0, that begin in a raw string.
func rawLines(src []byte) map[int]bool {
	f := token.NewFileSet().AddFile("", 1, len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return lines
		}
		if tok == token.STRING {
			first := f.Line(pos) // from 1, so that it is the next one from 0
			for n := range strings.Count(text, "\n") {
				lines[first+n] = true
			}
		}
	}
}
