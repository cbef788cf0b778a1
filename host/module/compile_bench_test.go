package module_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// BenchmarkCompile reads, rewrites and compiles the Go counter, in turn with all of the
// rewriter's passes and with none. all/none is of the time that it takes, code-MB and
// none-MB are what is kept for the next start: the machine code, nearly.
func BenchmarkCompile(b *testing.B) {
	wasm := testguest.Build(b, "counter")
	sets := []rewrite.Passes{rewrite.NoPasses, rewrite.AllPasses}
	var took [2]time.Duration
	var size [2]int64
	for b.Loop() {
		for i, set := range sets {
			dir := b.TempDir()
			began := time.Now()
			compileAnew(b, wasm, set, dir)
			took[i] += time.Since(began)
			size[i] = bytesIn(b, dir)
		}
	}
	b.ReportMetric(0, "ns/op") // of both
	b.ReportMetric(took[1].Seconds()/float64(b.N), "all-s")
	b.ReportMetric(float64(took[1])/float64(took[0]), "all/none")
	b.ReportMetric(float64(size[1])/1e6, "code-MB")
	b.ReportMetric(float64(size[0])/1e6, "none-MB")
}

func compileAnew(b *testing.B, wasm []byte, set rewrite.Passes, dir string) {
	compiler := module.NewCompiler(0).WithPasses(set)
	defer compiler.Close()
	e := newEngine(b, module.Options{Compiler: compiler, CacheDir: dir})
	source, err := e.Read(wasm)
	if err != nil {
		b.Fatal(err)
	}
	code, err := source.Compile(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	code.Close()
}

func bytesIn(b *testing.B, dir string) (bytes int64) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
