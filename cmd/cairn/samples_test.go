package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSamplesCopied is what a reader does: copy a sample out of the tree, by the
// commands in testdata/README.md, run its tests and serve it. It is make samples.
func TestSamplesCopied(t *testing.T) {
	if os.Getenv("CAIRN_SAMPLES") == "" {
		t.Skip("CAIRN_SAMPLES is not set: see make samples")
	}
	readme, err := os.ReadFile(filepath.Join(root, "testdata", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(readme), "\nTo begin with one")
	if !found {
		t.Fatal("the README does not say how a sample is copied")
	}
	for _, name := range []string{"counter", "chat", "ratelimiter", "todo", "reminder", "bank"} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			dir := filepath.Join(home, "chat")
			ran := 0
			for line := range strings.SplitSeq(text, "\n") {
				command, ok := strings.CutPrefix(line, "    ")
				if ok && command == "cairn dev" {
					break
				}
				if !ok {
					continue
				}
				command, _, _ = strings.Cut(command, " #")
				command = strings.NewReplacer("testdata/chat", "testdata/"+name, "~/", home+"/",
					"PATH/TO/cairn", tree).Replace(command)
				cmd := exec.Command("sh", "-c", command)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
				if strings.HasPrefix(command, "cp ") {
					cmd.Dir = tree
				}
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", command, err, out)
				}
				ran++
			}
			if ran < 5 {
				t.Fatalf("the README has %d commands for a copy", ran)
			}
			p := startServe(t, nil, "--data", t.TempDir(), filepath.Join(dir, "wrangler.toml"))
			if status, body := p.get("/somebody?name=A"); status == 0 || status >= 500 {
				t.Errorf("%d %s", status, body)
			}
			p.stop()
		})
	}
}
