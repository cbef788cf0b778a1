package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
	"github.com/cairn-dev/cairn/guest/nethttp"
)

func init() {
	guest.RegisterObject("Room", func(*guest.State, *guest.Env) (*room, error) {
		r := &room{}
		r.mux.HandleFunc("POST /say", func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			w.Header().Add("X-Said", "once")
			w.Header().Add("X-Said", "twice")
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-Late", "no")
			fmt.Fprintf(w, "%s %s %v %s", req.Host, body,
				nethttp.Env(req.Context()), req.RequestURI)
		})
		r.mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		})
		return r, nil
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /var/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, nethttp.Env(r.Context()).Var(r.PathValue("name")))
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		if _, err := fmt.Fprint(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
			panic(err)
		}
	})
	mux.HandleFunc("/abort", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half of it")
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/broken", func(http.ResponseWriter, *http.Request) { panic("broken") })
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/room/", func(w http.ResponseWriter, r *http.Request) {
		stub := nethttp.Env(r.Context()).Namespace("ROOMS").GetByName("A")
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/room")
		req, err := nethttp.Request(r)
		if err != nil {
			panic(err)
		}
		resp, err := stub.Fetch(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		nethttp.Write(w, resp)
	})
	mux.HandleFunc("/client", func(w http.ResponseWriter, r *http.Request) {
		client := &http.Client{Transport: nethttp.Transport(guest.Fetch)}
		resp, err := client.Post("http://out.example/a", "text/x", strings.NewReader("hello"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	})
	guest.RegisterWorker(nethttp.Worker(mux))
}

type room struct{ mux http.ServeMux }

func (r *room) Fetch(req *guest.Request) (*guest.Response, error) {
	return nethttp.Serve(&r.mux, req)
}

func TestHandler(t *testing.T) {
	h := guesttest.New(t, guesttest.Options{
		Script:   "test",
		Bindings: map[string]string{"ROOMS": "Room"},
		Vars:     map[string]any{"TEXT": "<html>"},
		Fetch: func(req *guest.Request) (*guest.Response, error) {
			if req.URL.Path != "/a" {
				return &guest.Response{Status: 302, Header: location("/b")}, nil
			}
			resp := guest.Text(418, req.Method+" "+req.Header.Get("Content-Type")+" "+
				string(req.Body))
			resp.Header.Set("Content-Type", "text/y")
			return resp, nil
		},
	})
	for _, tt := range []struct {
		method, path, body string
		status             int
		want, contentType  string
	}{
		{"GET", "/var/TEXT", "", 200, "<html>", "text/html; charset=utf-8"},
		{"POST", "/var/TEXT", "", 405, "Method Not Allowed\n", "text/plain; charset=utf-8"},
		{"GET", "/nowhere", "", 404, "404 page not found\n", "text/plain; charset=utf-8"},
		{"GET", "/none", "", 204, "", ""},
		{"GET", "/nothing", "", 200, "", ""},
		{"POST", "/room/say?x=%20", "hi", 202, "front.example hi <nil> /say?x=%20",
			"text/plain; charset=utf-8"},
		{"GET", "/room/panic", "", 502, "net/http: abort Handler\n", "text/plain; charset=utf-8"},
		{"GET", "/client", "", 418, "POST text/x hello", "text/y"},
	} {
		req, err := guest.NewRequest(tt.method, "http://127.0.0.1"+tt.path, []byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Host", "front.example")
		resp := h.Fetch(req)
		if resp.Status != tt.status || string(resp.Body) != tt.want ||
			resp.Header.Get("Content-Type") != tt.contentType {
			t.Errorf("%s %s: %d %q %s, want %d %q %s", tt.method, tt.path,
				resp.Status, resp.Body, resp.Header.Get("Content-Type"), tt.status,
				tt.want, tt.contentType)
		}
		if tt.status == 202 && (fmt.Sprint(resp.Header.Values("X-Said")) != "[once twice]" ||
			resp.Header.Get("X-Late") != "") {
			t.Errorf("header %v, late %q", resp.Header.Values("X-Said"), resp.Header.Get("X-Late"))
		}
	}
}

func location(path string) (h guest.Header) {
	h.Set("Location", path)
	return h
}

// TestTransport has the client follow a redirect of an object: that is not the
// host's work, as one on the network is.
func TestTransport(t *testing.T) {
	client := &http.Client{
		Transport: nethttp.Transport(func(req *guest.Request) (*guest.Response, error) {
			switch req.URL.Path {
			case "/a":
				return &guest.Response{Status: 302, Header: location("/b")}, nil
			case "/b":
				return &guest.Response{Body: []byte("here")}, nil
			}
			return nil, errors.New("nowhere")
		})}
	resp, err := client.Get("http://out.example/a")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if string(body) != "here" || resp.StatusCode != 200 || resp.Request.URL.Path != "/b" {
		t.Errorf("got %d %q", resp.StatusCode, body)
	}
	if _, err := client.Get("http://out.example/c"); err == nil ||
		!strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v", err)
	}
	broken, _ := http.NewRequestWithContext(context.Background(), "PUT", "http://out.example/b",
		io.MultiReader(bytes.NewReader([]byte("x")), failing{}))
	if _, err := client.Do(broken); err == nil || !strings.Contains(err.Error(), "unreadable") {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("unreadable") }
