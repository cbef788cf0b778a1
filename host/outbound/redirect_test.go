package outbound

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// arrived is what the server of a redirect's target got.
type arrived struct {
	Method, Host, Target, Body string
	Header                     http.Header
}

// redirector answers /r with the status and the Locations that its query names,
// and anything else with what arrived.
func redirector(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/r" {
		var status int
		fmt.Sscan(r.URL.Query().Get("s"), &status)
		w.Header()["Location"] = r.URL.Query()["l"]
		w.WriteHeader(status)
		if status != http.StatusNotModified {
			io.WriteString(w, "not followed")
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	text, _ := json.Marshal(arrived{r.Method, r.Host, r.RequestURI, string(body), r.Header})
	w.Header().Set("X-Arrived", string(text)) // a HEAD has no body
}

// redirected returns how a request that a server redirects arrives.
func redirected(c *Client, method string, status int, locations []string,
	header ...string) (arrived, answer, error) {
	query := url.Values{"s": {fmt.Sprint(status)}, "l": locations}
	body := "body"
	if method == "GET" || method == "HEAD" {
		body = ""
	}
	got, err := fetch(c, method, "http://a.example.com/r?"+query.Encode()+"#from", body, header...)
	if err != nil {
		return arrived{}, got, err
	}
	var a arrived
	json.Unmarshal([]byte(got.header.Get("X-Arrived")), &a)
	return a, got, nil
}

func newRedirector(t *testing.T, allow ...string) *Client {
	n := newInternet(t, redirector)
	for _, host := range []string{"a.example.com", "b.example.com", "other.example.net"} {
		n.names[host] = [][]string{{"8.8.8.8"}}
	}
	return newClient(t, n, Options{Allow: allow})
}

// TestRedirectMethods is the Fetch standard's "HTTP-redirect fetch", step 12: a
// write that is redirected stays a write, but for a POST by 301 and 302, and all
// by 303. workerd does the same.
func TestRedirectMethods(t *testing.T) {
	c := newRedirector(t, "a.example.com")
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
			"OPTIONS", "PROPFIND"} {
			want := method
			if status <= 302 && method == "POST" || status == 303 && method != "HEAD" {
				want = "GET"
			}
			body, kept := "body", want == method
			if !kept || method == "GET" || method == "HEAD" {
				body = ""
			}
			got, _, err := redirected(c, method, status, []string{"http://a.example.com/t?x"},
				"Content-Type", "a/b", "Content-Language", "de", "Content-Location", "/x",
				"Content-Encoding", "x", "X-Own", "1", "Authorization", "secret", "Cookie", "c")
			if err != nil {
				t.Errorf("%d %s: %v", status, method, err)
				continue
			}
			if got.Method != want || got.Body != body || got.Target != "/t?x" {
				t.Errorf("%d %s: arrived as %s %s %q, want %s %q",
					status, method, got.Method, got.Target, got.Body, want, body)
			}
			for _, name := range []string{"Content-Type", "Content-Language", "Content-Location",
				"Content-Encoding"} {
				if (got.Header[name] != nil) != kept {
					t.Errorf("%d %s: %s is %q", status, method, name, got.Header[name])
				}
			}
			for _, name := range []string{"X-Own", "Authorization", "Cookie"} {
				if got.Header[name] == nil {
					t.Errorf("%d %s: %s is lost within an origin", status, method, name)
				}
			}
			if got.Header["Referer"] != nil {
				t.Errorf("%d %s: Referer %q tells of the first URL",
					status, method, got.Header["Referer"])
			}
		}
	}
}

// TestNoRedirect wants what leads nowhere to be the answer.
func TestNoRedirect(t *testing.T) {
	c := newRedirector(t, "a.example.com")
	for _, status := range []int{200, 201, 300, 304, 305, 306, 310, 399, 404} {
		got, answer, err := redirected(c, "PUT", status, []string{"/t"})
		if err != nil || answer.status != status || got.Method != "" ||
			answer.header.Get("Location") != "/t" {
			t.Errorf("%d: %d %v %v", status, answer.status, got, err)
		}
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, locations := range [][]string{nil, {""}} {
			_, answer, err := redirected(c, "PUT", status, locations)
			if err != nil || answer.status != status || answer.body != "not followed" {
				t.Errorf("%d to %q: %d %q %v", status, locations, answer.status, answer.body, err)
			}
		}
	}
}

// TestLocation has each way to say where to, with the target that workerd asks
// for, but for the hosts.
func TestLocation(t *testing.T) {
	c := newRedirector(t, "a.example.com", "b.example.com")
	for location, want := range map[string]string{
		"/t":                          "a.example.com /t",
		"t":                           "a.example.com /t",
		"../../t":                     "a.example.com /t",
		"x/../t?q#f":                  "a.example.com /t?q",
		"//b.example.com/t":           "b.example.com /t",
		"//b.example.com":             "b.example.com /",
		"http://b.example.com:80/t#f": "b.example.com:80 /t",
		"HTTP://B.EXAMPLE.COM/t":      "B.EXAMPLE.COM /t",
		`\\b.example.com\t?\`:         `b.example.com /t?\`,
		"/a b":                        "a.example.com /a%20b",
		"/\xe9":                       "a.example.com /%E9",
		"/é":                          "a.example.com /%C3%A9",
	} {
		got, _, err := redirected(c, "GET", 302, []string{location})
		if err != nil || got.Host+" "+got.Target != want {
			t.Errorf("%q: %s %s, %v, want %s", location, got.Host, got.Target, err, want)
		}
	}
	if got, _, err := redirected(c, "GET", 302, []string{"/t", "/t"}); err != nil ||
		got.Target != "/t" {
		t.Errorf("one place twice: %v %v", got, err)
	}
	for _, locations := range [][]string{
		{"http://["}, {"http://a b/"}, {"http://%zz/"}, {"http:///x"}, {"//"}, {"javascript:1"},
		{"mailto:a@b.example.com"}, {"ftp://b.example.com/"}, {"/a", "/b"},
		{"http://b.example.com:0/"}, {"http://u:p@b.example.com/"}, {"a%zz:b"},
	} {
		_, answer, err := redirected(c, "GET", 302, locations)
		if err == nil {
			t.Errorf("%q: %v", locations, answer)
			continue
		}
		wantError(t, err, 0)
	}
	// A path that net/url does not know is one, and one to start from.
	for _, c := range [][3]string{
		{"http://h/d/r?q", "/%zz", "http://h/%zz"},
		{"http://h/d/r?q", "%zz?%", "http://h/d/%zz?%"},
		{"http://h/d/r?q", "//g/100%#%", "http://g/100%#%25"},
		{"http://h/d/r?q", "http://g/100%/a%2f", "http://g/100%/a%2f"},
		{"http://h/d/r?q", "?%", "http://h/d/r?%"},
		{"http://h/d%/r%?q", "?x", "http://h/d%/r%?x"},
		{"http://h/d%/r%?q", "t", "http://h/d%/t"},
		{"http://h/d%/r%?q", "t/u:v", "http://h/d%/t/u:v"},
		{"http://h/d%/r%?q", "%", "http://h/d%/%"},
		{"http://h/d%/r%?q", "/t", "http://h/t"},
		{"http://h/d%/r%?q", "//g/t", "http://g/t"},
		{"http://h/d%/r%?q#e", "#f", "http://h/d%/r%?q#f"},
		{"https://h/d%/r%?q", "http://g/t", "http://g/t"},
	} {
		to, err := resolve(decoded(t, c[0]), c[1])
		if err != nil || to.String() != c[2] {
			t.Errorf("%q from %s: %v, %v, want %s", c[1], c[0], to, err, c[2])
		}
	}
}

// TestCrossOrigin wants what is secret to stay with its origin: scheme, host and
// port. It is not back when a later redirect is.
func TestCrossOrigin(t *testing.T) {
	c := newRedirector(t, "*")
	secrets := []string{"Authorization", "Cookie", "Cookie2"}
	var header []string
	for _, name := range slices.Concat(secrets, []string{"X-Own", "Content-Type"}) {
		header = append(header, name, "secret")
	}
	back := "http://b.example.com/r?s=302&l=" + url.QueryEscape("http://a.example.com/t")
	for location, kept := range map[string]bool{
		"http://a.example.com/t":    true,
		"http://a.example.com:80/t": true,
		"http://A.example.com./t":   true,
		"http://a.example.com:81/t": false,
		"http://b.example.com/t":    false,
		back:                        false,
	} {
		got, _, err := redirected(c, "PUT", 307, []string{location}, header...)
		if err != nil {
			t.Errorf("%s: %v", location, err)
			continue
		}
		for _, name := range secrets {
			if (got.Header[name] != nil) != kept {
				t.Errorf("%s: %s is %q", location, name, got.Header[name])
			}
		}
		if got.Header["X-Own"] == nil || got.Header["Content-Type"] == nil {
			t.Errorf("%s: lost of %v", location, got.Header)
		}
	}
	a, b := decoded(t, "http://h:443/"), decoded(t, "https://h/")
	if sameOrigin(a, b) || sameOrigin(b, a) || !sameOrigin(b, decoded(t, "https://H:443/x")) {
		t.Error("the scheme is part of an origin, and a port may be left out")
	}
}

func decoded(t *testing.T, s string) *url.URL {
	t.Helper()
	h, err := (&Client{allow: &allowList{any: true}}).decode(requestTo(s))
	if err != nil {
		t.Fatal(err)
	}
	return h.url
}
