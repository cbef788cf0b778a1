package admin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/admin"
)

// fake is a Host that notes what it is sent.
type fake struct {
	sick error
	got  admin.Deploy
}

func (f *fake) Healthy() error { return f.sick }

func (f *fake) Deploy(_ context.Context, d admin.Deploy) (admin.Version, error) {
	f.got = d
	return admin.Version{Number: 2}, nil
}

func (f *fake) Plan(_ context.Context, d admin.Deploy) ([]string, error) {
	f.got = d
	return []string{"app: v2: delete Room"}, nil
}

func (f *fake) Rollback(context.Context, string, int) (admin.Version, error) {
	return admin.Version{}, &admin.Error{Status: http.StatusConflict,
		Err: errors.New("no way back")}
}

func (f *fake) Versions(string) ([]admin.Version, error) {
	return nil, errors.New("the disk is gone")
}

func (f *fake) Objects(script, class, after string, limit int) ([]admin.Object, error) {
	return []admin.Object{{ID: strings.Join([]string{script, class, after}, "|")}}, nil
}

func (f *fake) Object(script, class, nameOrID string) (admin.Object, error) {
	return admin.Object{Class: class, Name: nameOrID}, nil
}

// serve starts a Server and returns its URL.
func serve(t *testing.T, o admin.Options) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, done := admin.New(o), make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Shutdown(context.Background()), <-done); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func send(t *testing.T, method, url, token string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// TestHealth tells everybody that something is wrong, and what only to those who
// have the token.
func TestHealth(t *testing.T) {
	f := &fake{}
	url := serve(t, admin.Options{Host: f, Token: "secret"})
	for _, path := range []string{"/healthz", "/readyz"} {
		f.sick = nil
		if status, body := send(t, "GET", url+path, "", nil); status != 200 ||
			body != `{"status":"ok"}` {
			t.Errorf("%s: %d %s", path, status, body)
		}
		f.sick = errors.New("cannot write /var/lib/x")
		if status, body := send(t, "GET", url+path, "", nil); status != 503 ||
			strings.Contains(body, "/var/lib") {
			t.Errorf("%s, sick: %d %s", path, status, body)
		}
		if status, body := send(t, "GET", url+path, "secret", nil); status != 503 ||
			!strings.Contains(body, "/var/lib") {
			t.Errorf("%s, sick, with the token: %d %s", path, status, body)
		}
	}
}

// TestRequests goes through what a request can say, and what an error becomes.
func TestRequests(t *testing.T) {
	f := &fake{}
	url := serve(t, admin.Options{Host: f})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/deploy?script=a&percent=30", "module", 200, `"number":2`},
		{"POST", "/v1/deploy?config=w.toml&config_bytes=3", "cfgmodule", 200, `"number":2`},
		{"POST", "/v1/deploy?dry_run=true&config=w.toml&config_bytes=3", "cfgmodule", 200,
			`"changes":["app: v2: delete Room"]`},
		{"POST", "/v1/deploy?percent=some", "", 400, "not a number"},
		{"POST", "/v1/deploy?config=w.toml", "cfg", 400, "config_bytes"},
		{"POST", "/v1/deploy?config=w.toml&config_bytes=-1", "cfg", 400, "config_bytes"},
		{"POST", "/v1/deploy?config=w.toml&config_bytes=4", "cfg", 400, "config_bytes"},
		{"POST", "/v1/rollback?to=0", "", 400, "not a number"},
		{"POST", "/v1/rollback", "", 409, "no way back"},
		{"GET", "/v1/versions", "", 500, "the disk is gone"},
		{"GET", "/v1/objects/C?script=s&after=x", "", 200, `"id":"s|C|x"`},
		{"GET", "/v1/objects/C?limit=10001", "", 400, "between 1 and 10000"},
		{"GET", "/v1/objects/C/%2E%2E", "", 200, `"name":".."`},
		{"GET", "/v1/objects/C/a%2F%2E%2E%2Fb", "", 200, `"name":"a/../b"`},
	} {
		if status, body := send(t, c.method, url+c.path, "", []byte(c.body)); status != c.status ||
			!strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d and %s",
				c.method, c.path, status, body, c.status, c.want)
		}
	}
	if f.got.ConfigName != "w.toml" || string(f.got.Config) != "cfg" ||
		string(f.got.Wasm) != "module" {
		t.Errorf("the host was given %+v", f.got)
	}
	if status, body := send(t, "POST", url+"/v1/deploy", "",
		make([]byte, 64<<20+1)); status != 413 || !strings.Contains(body, "larger than") {
		t.Errorf("a large module: %d %s", status, body)
	}
}

// TestServeRefuses wants a token where others than this machine can ask, and
// leaves no listener behind.
func TestServeRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.New(admin.Options{Host: &fake{}}).Serve(l); err == nil ||
		!strings.Contains(err.Error(), "CAIRN_ADMIN_TOKEN") {
		t.Errorf("serve: %v", err)
	}
	if c, err := l.Accept(); err == nil {
		c.Close()
		t.Error("the listener is open")
	}
}
