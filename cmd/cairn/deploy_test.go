package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/build"
)

// operated is a running cairn and the address of its admin listener.
type operated struct {
	*process
	t     *testing.T
	admin string
	env   []string // of the commands that talk to it
}

// startOperated starts cairn serve with an admin address that the test knows.
func startOperated(t *testing.T, args ...string) *operated {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &operated{t: t, admin: l.Addr().String()}
	l.Close()
	o.env = []string{"CAIRN_ADMIN=" + o.admin}
	o.process = startServe(t, nil, append(args, "--admin", o.admin)...)
	return o
}

// run runs a command that talks to it.
func (o *operated) run(args ...string) result {
	o.t.Helper()
	return command{env: o.env, args: args}.run(o.t)
}

// prints wants a command to succeed and to print lines, each a pattern.
func (o *operated) prints(args string, lines ...string) {
	o.t.Helper()
	r := o.run(strings.Fields(args)...)
	want := regexp.MustCompile(`^` + strings.Join(lines, `\n`) + `\n$`)
	if len(lines) == 0 {
		want = regexp.MustCompile(`^$`)
	}
	if r.code != 0 || r.stderr != "" || !want.MatchString(r.stdout) {
		o.t.Errorf("cairn %s: exit code %d, printed %q and %q, want %s",
			args, r.code, r.stdout, r.stderr, want)
	}
}

// fails wants a command to fail with an error of one line.
func (o *operated) fails(args string, code int, wants ...string) {
	o.t.Helper()
	r := o.run(strings.Fields(args)...)
	if r.code != code || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 ||
		!strings.HasPrefix(r.stderr, "cairn: ") {
		o.t.Errorf("cairn %s: exit code %d, printed %q and %q", args, r.code, r.stdout, r.stderr)
	}
	for _, want := range wants {
		if !strings.Contains(r.stderr, want) {
			o.t.Errorf("cairn %s: %q lacks %q", args, r.stderr, want)
		}
	}
}

func (o *operated) counts(path, want string) {
	o.t.Helper()
	if status, body := o.get(path); status != 200 || !strings.HasSuffix(body, want) {
		o.t.Errorf("%s: %d %q, want %q", path, status, body, want)
	}
}

const (
	versionsHead = `VERSION +HASH +BYTES +CREATED +MIGRATION +CONFIG +SERVES`
	versionLine  = `%d +[0-9a-f]{12} +\d+ +[0-9: -]{19} +v1 +[0-9a-f]{8} +%d %%`
)

func versionRow(number, percent int) string { return fmt.Sprintf(versionLine, number, percent) }

// TestDeployCommands takes a running cairn through versions by its commands.
func TestDeployCommands(t *testing.T) {
	dir := t.TempDir()
	ten := filepath.Join(dir, "counter10.wasm")
	if err := build.Package(t.Context(), root, "./testdata/counter10", ten); err != nil {
		t.Fatal(err)
	}
	broken := writeFile(t, dir, "broken.wasm", "(module)")
	config, data := counterConfig(t), t.TempDir()
	o := startOperated(t, "--data", data, config)
	o.counts("/increment?name=A", ": 1")
	o.prints("versions", versionsHead, versionRow(1, 100))

	o.prints("deploy "+ten, versionsHead, versionRow(2, 100))
	o.counts("/increment?name=A", "11")
	o.prints("versions", versionsHead, versionRow(1, 0), versionRow(2, 100))
	o.fails("deploy "+broken, 1, "deploy refused", "not a module")
	o.fails("deploy "+ten+" --script other", 1, "no such script", `"other"`, "my-counter")
	o.fails("deploy "+ten+" --percent 101", 2, "101", "between 1 and 100")
	o.fails("deploy "+ten+" --percent 0", 2)
	o.fails("deploy "+filepath.Join(dir, "gone.wasm"), 1, "gone.wasm")
	o.fails("deploy", 2, "takes 1 argument")
	o.fails("deploy "+ten+" --admin 127.0.0.1:1", 1, "127.0.0.1:1", "--admin")

	o.prints("rollback", versionsHead, versionRow(1, 100))
	o.counts("/increment?name=A", ": 12")
	o.fails("rollback", 1, "no such version")
	o.fails("rollback 7", 1, "no such version: 7", "cairn versions")
	o.fails("rollback seven", 1, `"seven" is not a number`)
	o.prints("rollback 2", versionsHead, versionRow(2, 100))
	o.prints("deploy "+config+" --percent 30", versionsHead, versionRow(3, 30)) // the counter again
	o.prints("versions --script my-counter", versionsHead, versionRow(1, 0), versionRow(2, 70),
		versionRow(3, 30))
	o.prints("deploy "+filepath.Dir(config), versionsHead, versionRow(3, 100))
	o.counts("/increment?name=A", ": 13")
	o.stop()

	o = startOperated(t, "--data", data, config)
	o.prints("versions", versionsHead, versionRow(1, 0), versionRow(2, 0), versionRow(3, 100))
	o.counts("/increment?name=A", ": 14")
}

// TestObjectsCommands lists objects with names that a path or a shell could
// misread.
func TestObjectsCommands(t *testing.T) {
	o := startOperated(t, "--data", t.TempDir(), counterConfig(t))
	names := []string{"A", "..", "a/../b?c=%2F", "ü b"}
	for _, name := range names {
		o.counts("/increment?name="+queryEscape(name), ": 1")
	}
	r := o.run("objects", "list", "Counter")
	if r.code != 0 || strings.Count(r.stdout, "\n") != len(names) {
		t.Errorf("list: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	for _, name := range names {
		want := regexp.MustCompile(`^([0-9a-f]{64}) +Counter +` +
			regexp.QuoteMeta(fmt.Sprintf("%q", name)) + ` +active +version 1\n$`)
		r := o.run("objects", "show", "Counter", name)
		found := want.FindStringSubmatch(r.stdout)
		if r.code != 0 || found == nil {
			t.Errorf("show %q: exit code %d, %q, %q", name, r.code, r.stdout, r.stderr)
			continue
		}
		if byID := o.run("objects", "show", "Counter", found[1]); byID.stdout != r.stdout {
			t.Errorf("show %s: %q, want %q", found[1], byID.stdout, r.stdout)
		}
	}
	first := o.run("objects", "list", "Counter", "--limit", "1")
	id, _, _ := strings.Cut(first.stdout, " ")
	if want := "there may be more: --after " + id + "\n"; first.stderr != want {
		t.Errorf("a part of the list: %q, want %q", first.stderr, want)
	}
	rest := o.run("objects", "list", "Counter", "--after", id)
	if !strings.HasPrefix(r.stdout, id) || strings.Contains(rest.stdout, id) ||
		strings.Count(rest.stdout, "\n") != len(names)-1 {
		t.Errorf("the rest of the list: %q", rest.stdout)
	}
	o.fails("objects show Counter nobody", 1, `no object "nobody"`)
	o.fails("objects show Nobody A", 1, `no script has a class "Nobody"`)
	o.fails("objects list Counter --script other", 1, `"other"`)
	o.fails("objects list Counter --limit 0", 1, "between 1 and 10000")
	o.fails("objects list Counter --after X", 1, "64 hex digits")
}

func queryEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// TestAdminToken wants the token from whoever asks for more than health.
func TestAdminToken(t *testing.T) {
	o := startOperated(t, "--data", t.TempDir(), "--admin-token", "secret", counterConfig(t))
	o.fails("versions", 1, "a bearer token is needed", "CAIRN_ADMIN_TOKEN")
	o.fails("versions --admin-token wrong", 1, "a bearer token is needed")
	o.fails("objects list Counter", 1, "a bearer token is needed")
	o.fails("rollback", 1, "a bearer token is needed")
	o.prints("versions --admin-token secret", versionsHead, versionRow(1, 100))
	o.env = append(o.env, "CAIRN_ADMIN_TOKEN=secret")
	o.prints("versions", versionsHead, versionRow(1, 100))
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 401,
		"/v1/versions": 401, "/": 401} {
		if status, body := ask(t, o.admin, "GET", path, nil); status != want {
			t.Errorf("%s without a token: %d %s, want %d", path, status, body, want)
		}
	}
	if status, body := ask(t, o.admin, "GET", "/metrics",
		http.Header{"Authorization": {"Bearer secret"}}); status != 200 ||
		!strings.Contains(body, `cairn_script_version{script="my-counter"} 1`) {
		t.Errorf("metrics: %d %s", status, body)
	}
}

// ask sends a request with headers; Host is one of them.
func ask(t *testing.T, address, method, path string, header http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header, req.Host = header, header.Get("Host")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestAdminBrowser sends what a page in a browser on this machine could make it
// send: a form for another site, and a request by a name that the page's owner
// lets point here.
func TestAdminBrowser(t *testing.T) {
	o := startOperated(t, "--data", t.TempDir(), counterConfig(t))
	for _, c := range []struct {
		method, path string
		header       http.Header
		want         int
	}{
		{"GET", "/v1/versions", nil, 200},
		{"GET", "/v1/versions", http.Header{"Host": {"localhost:8788"}}, 200},
		{"GET", "/v1/versions", http.Header{"Host": {"[::1]:8788"}}, 200},
		{"GET", "/v1/versions", http.Header{"Host": {"evil.example:8788"}}, 403},
		{"GET", "/metrics", http.Header{"Host": {"evil.example"}}, 403},
		{"POST", "/v1/rollback", http.Header{"Origin": {"http://evil.example"}}, 403},
		{"POST", "/v1/rollback", http.Header{"Origin": {"null"}}, 403},
		{"POST", "/v1/rollback", nil, 404}, // there is no version before
		{"GET", "/v1/rollback", nil, 405},
		{"GET", "/v1/nothing", nil, 404},
	} {
		if status, body := ask(t, o.admin, c.method, c.path, c.header); status != c.want {
			t.Errorf("%s %s %v: %d %s, want %d", c.method, c.path, c.header, status, body, c.want)
		}
	}
}

// TestAdminAddress refuses to listen where others could ask, without a token.
func TestAdminAddress(t *testing.T) {
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--data",
		t.TempDir(), counterConfig(t)}
	r := cairn(serve...).run(t)
	if text := withoutLog(r.stderr); r.code != 1 || strings.Count(text, "\n") != 1 ||
		!strings.Contains(text, "is not loopback") || !strings.Contains(text, "CAIRN_ADMIN_TOKEN") {
		t.Errorf("exit code %d, %q", r.code, text)
	}
	p := startServe(t, []string{"CAIRN_ADMIN_TOKEN=secret"}, serve[1:]...)
	if status, _ := p.get("/increment?name=A"); status != 200 {
		t.Errorf("with a token: %d", status)
	}
	p.stop()
	if _, err := os.Stat(filepath.Join(serve[6], "store")); err != nil {
		t.Error(err)
	}
}
