package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/hosttest"
)

// process is a running cairn serve.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	line string // what it printed when it was ready
	addr string

	mu     sync.Mutex
	stderr strings.Builder
	grew   chan struct{} // closed and replaced when stderr grows
	ended  chan struct{}
}

// startServe starts cairn serve on free ports and returns when it is ready.
func startServe(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startHost(t, env, append([]string{"serve"}, args...)...)
}

// startHost starts a command that serves.
func startHost(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	for _, flag := range []string{"listen", "admin"} {
		if !hasFlag(env, args, flag) {
			args = append(args, "--"+flag, "127.0.0.1:0")
		}
	}
	warm(t, env, args)
	p := &process{t: t, cmd: exec.Command(binary, args...), grew: make(chan struct{}),
		ended: make(chan struct{})}
	p.cmd.Env = append(environment(), env...)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill() // an error means that it has ended
		<-p.ended
		if t.Failed() {
			t.Logf("cairn %v:\n%s", args, p.log())
		}
	})
	ready := make(chan string, 1)
	go func() {
		out := bufio.NewReader(stdout)
		line, _ := out.ReadString('\n')
		ready <- line
		io.Copy(printed{p}, out)
		p.cmd.Wait() // Wait's error is in ProcessState
		close(p.ended)
	}()
	select {
	case p.line = <-ready:
	case <-time.After(patience):
	}
	_, addr, ok := strings.Cut(strings.TrimSpace(p.line), " on http://")
	if !ok {
		t.Fatalf("cairn %v did not get ready, it printed %q and logged\n%s", args, p.line, p.log())
	}
	p.addr = addr
	return p
}

// warm gives a data folder that is new the compiled code of counter and chain: compiling
// takes longer than all else that a start does. A host prunes at its start, so it is in
// vain for others. Where no link is possible the process compiles.
func warm(t *testing.T, env, args []string) {
	t.Helper()
	cache := filepath.Join(dataFolder(env, args), "cache")
	if _, err := os.Stat(cache); err == nil || !filepath.IsAbs(cache) {
		return
	}
	for _, file := range []string{counter, chain} {
		code := compiledCode(t, file)
		if err := linkAll(code, filepath.Join(cache, filepath.Base(code))); err != nil {
			t.Logf("the start compiles: %v", err)
		}
	}
}

func dataFolder(env, args []string) (dir string) {
	for _, v := range env {
		if of, ok := strings.CutPrefix(v, "CAIRN_DATA="); ok {
			dir = of
		}
	}
	if at := slices.Index(args, "--data") + 1; at > 0 && at < len(args) {
		dir = args[at]
	}
	return dir
}

// linkAll makes a folder like another one, with the same files in it.
func linkAll(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		to := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(to, 0o700)
		case strings.HasSuffix(path, ".tmp"): // somebody writes it now
			return nil
		}
		return os.Link(path, to)
	})
}

var compiled = struct {
	mu   sync.Mutex
	dirs map[string]string // where a module's code is, by its file
}{dirs: map[string]string{}}

// compiledCode returns the folder of a module's compiled code.
func compiledCode(t *testing.T, file string) (dir string) {
	t.Helper()
	compiled.mu.Lock()
	defer compiled.mu.Unlock()
	if compiled.dirs[file] == "" {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compiled.dirs[file] = hosttest.CompiledCode(t, wasm)
	}
	return compiled.dirs[file]
}

func hasFlag(env, args []string, name string) bool {
	for _, a := range args {
		if a == "--"+name {
			return true
		}
	}
	for _, v := range env {
		if strings.HasPrefix(v, "CAIRN_"+strings.ToUpper(name)+"=") {
			return true
		}
	}
	return false
}

// printed takes what the process prints once it is ready, as if it were logged.
type printed struct{ p *process }

// Write implements io.Writer.
func (w printed) Write(b []byte) (int, error) { return w.p.Write(b) }

// Write implements io.Writer for the process's log.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.grew)
	p.grew = make(chan struct{})
	return p.stderr.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// waitLog returns when the log holds text.
func (p *process) waitLog(text string) {
	p.t.Helper()
	p.waitLogs(text, 1)
}

// waitLogs returns when the log holds text so many times.
func (p *process) waitLogs(text string, times int) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		found, grew := strings.Count(p.stderr.String(), text) >= times, p.grew
		p.mu.Unlock()
		if found {
			return
		}
		select {
		case <-grew:
		case <-p.ended:
			p.t.Fatalf("cairn ended before it logged %q", text)
		case <-deadline:
			p.t.Fatalf("cairn does not log %q", text)
		}
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns the exit code, -1 after kill -9.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("cairn does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop is what a service manager does.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		p.t.Fatalf("exit code %d after SIGTERM", code)
	}
}

// get sends a GET request and returns status and body.
func (p *process) get(path string) (int, string) {
	p.t.Helper()
	resp, err := http.Get("http://" + p.addr + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
