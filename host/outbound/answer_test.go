package outbound

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
)

func requestTo(url string) *wire.Request { return &wire.Request{URL: []byte(url)} }

// scripted returns a client whose every connection is handed to a server, which
// has read the request's header. A test ends when the client has closed them all.
func scripted(t *testing.T, server func(conn net.Conn)) *Client {
	var open sync.WaitGroup
	t.Cleanup(open.Wait) // after newClient's Close
	return newClient(t, nil, Options{
		Allow: []string{"8.8.8.8"},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			open.Go(func() {
				defer theirs.Close()
				if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
					server(theirs)
				}
				io.Copy(io.Discard, theirs)
			})
			return ours, nil
		},
	})
}

// drip writes a piece of text now and then, for as long as somebody reads.
func drip(conn net.Conn, start, piece string, every time.Duration) {
	io.WriteString(conn, start)
	for {
		time.Sleep(every) // the bubble's
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
	}
}

// TestTimeLimit wants the 60 seconds to end whatever a server does, on the spot,
// and nothing to be left of it: the bubble waits for every goroutine.
func TestTimeLimit(t *testing.T) {
	for name, server := range map[string]func(conn net.Conn){
		"no answer":     func(conn net.Conn) {},
		"half a status": func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 20") },
		"headers": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\n", "X-A: 1\r\n", 7*time.Second)
		},
		"a header": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\nX-A: ", "a", time.Second)
		},
		"informational": func(conn net.Conn) {
			drip(conn, "", "HTTP/1.1 103 Early Hints\r\n\r\n", 7*time.Second)
		},
		"continue": func(conn net.Conn) {
			drip(conn, "", "HTTP/1.1 100 Continue\r\n\r\n", time.Second)
		},
		"processing": func(conn net.Conn) {
			drip(conn, "", "HTTP/1.1 102 Processing\r\n\r\n", 59*time.Second)
		},
		"a body": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", "x", 7*time.Second)
		},
		"a body to the end": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\n\r\n", "x", 7*time.Second)
		},
		"chunks": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
				"1\r\nx\r\n", 7*time.Second)
		},
		"trailers": func(conn net.Conn) {
			drip(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
				"X-T: 1\r\n", 7*time.Second)
		},
		"redirects": func(conn net.Conn) {
			time.Sleep(7 * time.Second)
			// No body follows.
			io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9\r\n\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := scripted(t, server)
				begun := time.Now()
				_, err := fetch(c, "PUT", "http://8.8.8.8/", strings.Repeat("x", 10<<10))
				wantError(t, err, wire.ErrorRetryable, "8.8.8.8", "1m0s")
				if took := time.Since(begun); took != time.Minute {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestShutdown ends a request under way at once, whatever the server is at.
func TestShutdown(t *testing.T) {
	for _, text := range []string{"", "HTTP/1.1 2", "HTTP/1.1 103 X\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\nx"} {
		synctest.Test(t, func(t *testing.T) {
			c := scripted(t, func(conn net.Conn) { io.WriteString(conn, text) })
			begun := time.Now()
			done := make(chan error)
			go func() { _, err := fetch(c, "GET", "http://8.8.8.8/", ""); done <- err }()
			synctest.Wait()
			c.Close()
			wantError(t, <-done, wire.ErrorRetryable, "lost")
			if time.Since(begun) != 0 {
				t.Errorf("%q: took %v", text, time.Since(begun))
			}
		})
	}
}

// TestStatuses wants an answer or an error at once, whatever the status. Three
// digits from 200 on are an answer (RFC 9110, 15: a client takes one that it does
// not know as the first of its class); workerd answers the same.
func TestStatuses(t *testing.T) {
	for status, want := range map[string]int{
		"200 OK": 200, "200": 200, "299 X": 299, "600 X": 600, "999 X": 999, "599 ": 599,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := scripted(t, func(conn net.Conn) {
				fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nhi", status)
			})
			got, err := fetch(c, "GET", "http://8.8.8.8/", "")
			if err != nil || got.status != want || got.body != "hi" {
				t.Errorf("%s: %v %v", status, got, err)
			}
		})
	}
	// The socket stays open, as after an upgrade.
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	for _, c := range []struct {
		head  string
		flags byte
		text  string
	}{
		{"101 Switching Protocols\r\n" + upgrade, 0, "101"},
		{"101 Switching Protocols\r\nContent-Length: 2\r\n", 0, "101"},
		{"101 X\r\n", 0, "101"},
		{"099 X\r\nContent-Length: 2\r\n", wire.ErrorRetryable, "099"},
		{"000 X\r\n", wire.ErrorRetryable, "000"},
		{"001 X\r\n", wire.ErrorRetryable, "001"},
		{"1000 X\r\n", wire.ErrorRetryable, "Network connection lost."},
		{"-20 X\r\n", wire.ErrorRetryable, "Network connection lost."},
		{"2 X\r\n", wire.ErrorRetryable, "Network connection lost."},
		{"abc X\r\n", wire.ErrorRetryable, "Network connection lost."},
		{"200 OK\r\nX-Long: " + strings.Repeat("x", maxHeaderBytes) + "\r\n",
			wire.ErrorRetryable, "lost"},
		{strings.Repeat("103 X\r\n\r\nHTTP/1.1 ", maxHeaderBytes/9), wire.ErrorRetryable, "lost"},
		{"200 OK\r\nno header\r\n", wire.ErrorRetryable, "lost"},
		{"200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", wire.ErrorRetryable, "lost"},
		{"200 OK\r\nContent-Length: -1\r\n", wire.ErrorRetryable, "lost"},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := scripted(t, func(conn net.Conn) {
				io.WriteString(conn, "HTTP/1.1 "+c.head+"\r\n")
			})
			begun := time.Now()
			_, err := fetch(client, "GET", "http://8.8.8.8/", "")
			wantError(t, err, c.flags, c.text)
			if took := time.Since(begun); took != 0 {
				t.Errorf("%.40q: took %v", c.head, took)
			}
		})
	}
}

// TestInformational passes over what comes before the answer (RFC 9110, 15.2).
func TestInformational(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, func(conn net.Conn) {
			io.WriteString(conn, strings.Repeat("HTTP/1.1 103 X\r\nLink: a\r\n\r\n"+
				"HTTP/1.1 100 X\r\n\r\n", 20)+
				"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 199 X\r\n\r\nHTTP/1.1 200 OK\r\n"+
				"Content-Length: 2\r\n\r\nhi")
		})
		got, err := fetch(c, "GET", "http://8.8.8.8/", "")
		if err != nil || got.status != 200 || got.body != "hi" || got.header["Link"] != nil {
			t.Errorf("%v %v", got, err)
		}
	})
}

// TestNoBody wants no body of a status that has none (the Fetch standard's null
// body status), at once, whatever a server sends.
func TestNoBody(t *testing.T) {
	for _, status := range []int{204, 205, 304} {
		synctest.Test(t, func(t *testing.T) {
			c := scripted(t, func(conn net.Conn) {
				fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nX-A: 1\r\nContent-Length: 9\r\n\r\n", status)
			})
			begun := time.Now()
			got, err := fetch(c, "GET", "http://8.8.8.8/", "")
			if err != nil || got.status != status || got.body != "" ||
				got.header.Get("X-A") != "1" {
				t.Errorf("%d: %v %v", status, got, err)
			}
			if time.Since(begun) != 0 {
				t.Errorf("%d: took %v", status, time.Since(begun))
			}
		})
	}
}

// TestManyHeaders wants each value of a header that stands several times to come
// through, in both directions; net/http alone sends one User-Agent. What belongs
// to the connection, the trailers, and what the URL and the body say stays here.
func TestManyHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent http.Header
		var host string
		c := newClient(t, nil, Options{
			Allow: []string{"8.8.8.8"},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					r, err := http.ReadRequest(bufio.NewReader(theirs))
					if err != nil {
						return
					}
					sent, host = r.Header, r.Host
					io.Copy(io.Discard, r.Body)
					io.WriteString(theirs, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"+
						"Trailer: X-T\r\n"+
						"Content-Type: a/a\r\nContent-Type: b/b\r\nSet-Cookie: a=1\r\n"+
						"Set-Cookie: b=2\r\n"+
						"Server: s1\r\nServer: s2\r\nDate: mine\r\nX-A: 1\r\nX-A: 2\r\n"+
						"Connection: X-Hop\r\n"+
						"X-Hop: 1\r\nKeep-Alive: 5\r\nHost: h\r\n\r\n2\r\nhi\r\n0\r\n"+
						"X-T: 1\r\n\r\n")
					io.Copy(io.Discard, theirs)
				}()
				return ours, nil
			},
		})
		got, err := fetch(c, "POST", "http://8.8.8.8/", "x",
			"Content-Type", "a/a", "content-type", "b/b", "User-Agent", "u1", "User-Agent", "u2",
			"Date", "mine", "Cookie", "a=1", "Cookie", "b=2", "X-A", "1", "X-A", "2",
			"Set-Cookie", "s", "Trailer", "X-T", "X-T", "1", "Host", "evil", "Content-Length", "99",
			"TE", "trailers", "Transfer-Encoding", "chunked", "Upgrade", "h2c", "Keep-Alive", "5",
			"Proxy-Connection", "x",
			"X-Padded", " \t1\r\n", "Accept-Encoding", "br")
		if err != nil || got.body != "hi" {
			t.Fatalf("%v %v", got, err)
		}
		for name, want := range map[string]string{
			"Content-Type": "[a/a b/b]", "User-Agent": "[u1, u2]",
			"Date": "[mine]", "Cookie": "[a=1 b=2]",
			"X-A": "[1 2]", "Set-Cookie": "[s]", "X-T": "[1]", "Content-Length": "[1]",
			"X-Padded":        "[1]",
			"Accept-Encoding": "[br]", "Trailer": "[]", "Host": "[]", "Te": "[]", "Upgrade": "[]",
			"Keep-Alive":       "[]",
			"Proxy-Connection": "[]", "Transfer-Encoding": "[]",
		} {
			if got := fmt.Sprint(sent[name]); got != want {
				t.Errorf("sent %s: %s, want %s", name, got, want)
			}
		}
		if host != "8.8.8.8" {
			t.Errorf("sent to the host %s", host)
		}
		for name, want := range map[string]string{
			"Content-Type": "[a/a b/b]", "Set-Cookie": "[a=1 b=2]", "Server": "[s1 s2]",
			"Date": "[mine]",
			"X-A":  "[1 2]", "X-Hop": "[]", "Keep-Alive": "[]", "Connection": "[]",
			"Trailer": "[]", "X-T": "[]",
			"Transfer-Encoding": "[]", "Host": "[h]",
		} {
			if got := fmt.Sprint(got.header[name]); got != want {
				t.Errorf("came %s: %s, want %s", name, got, want)
			}
		}
	})
}

// TestTarget wants a path to be asked for as the guest has it, also where it is
// none for net/url (the URL standard takes a percent sign that begins no escape).
func TestTarget(t *testing.T) {
	for url, want := range map[string]string{
		"http://8.8.8.8":                "GET / HTTP/1.1",
		"http://8.8.8.8?q":              "GET /?q HTTP/1.1",
		"http://8.8.8.8/100%":           "GET /100% HTTP/1.1",
		"http://8.8.8.8/%zz/%2f?a=%#%":  "GET /%zz/%2f?a=% HTTP/1.1",
		"http://8.8.8.8/%\r\nX-A: 1":    "GET /%%0D%0AX-A:%201 HTTP/1.1",
		"http://8.8.8.8/a%2fb;c//../d?": "GET /a%2fb;c//../d? HTTP/1.1",
		"http://8.8.8.8:/\xff%":         "GET /%FF% HTTP/1.1",
	} {
		synctest.Test(t, func(t *testing.T) {
			var line string
			c := newClient(t, nil, Options{
				Allow: []string{"8.8.8.8"},
				Dial: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go func() {
						defer theirs.Close()
						r := bufio.NewReader(theirs)
						line, _ = r.ReadString('\n')
						for text := line; text != "" && text != "\r\n"; {
							text, _ = r.ReadString('\n')
						}
						io.WriteString(theirs, "HTTP/1.1 204 X\r\n\r\n")
						io.Copy(io.Discard, theirs)
					}()
					return ours, nil
				},
			})
			got, err := fetch(c, "GET", url, "")
			if err != nil || got.status != 204 || strings.TrimSpace(line) != want {
				t.Errorf("%q: asked %q, %v", url, line, err)
			}
		})
	}
}
