package outbound

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
)

// hopHeaders belong to one connection, and net/http makes its own (RFC 9110,
// 7.6.1). Host and Content-Length are there because they are said twice: the URL
// and the body say them, and what was checked is the URL.
var hopHeaders = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authenticate": true,
	"Proxy-Authorization": true, "Te": true, "Trailer": true, "Transfer-Encoding": true,
	"Upgrade": true,
}

// decodeHeader makes net/http's header of a guest's.
func decodeHeader(h wire.Header) (http.Header, error) {
	out := http.Header{}
	var bad error
	err := h.Each(func(name, value []byte) bool {
		value, err := wire.CheckField(name, value)
		if err == nil && control(value) {
			err = &wire.HeaderError{Name: string(name), Value: true}
		}
		if err != nil {
			bad = typeError("%s", err)
			return false
		}
		out.Add(string(name), string(value))
		return true
	})
	if bad != nil {
		return nil, bad
	}
	if err != nil {
		return nil, typeError("Invalid header: it does not decode")
	}
	strip(out)
	out.Del("Host")
	out.Del("Content-Length")
	// net/http sends one User-Agent, and its own where there is none.
	out["User-Agent"] = []string{strings.Join(out["User-Agent"], ", ")}
	return out, nil
}

// encodeHeader makes a guest's header of net/http's.
func encodeHeader(h http.Header) wire.Header {
	strip(h)
	var out wire.Header
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			out = wire.AppendHeader(out, name, value)
		}
	}
	return out
}

// strip takes out what belongs to one connection only.
func strip(h http.Header) {
	for _, list := range h["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for name := range hopHeaders {
		delete(h, name)
	}
}

// control says whether a value has a byte that net/http does not send, though the
// Fetch standard lets it stand.
func control(value []byte) bool {
	for _, b := range value {
		if b < ' ' && b != '\t' || b == 0x7f {
			return true
		}
	}
	return false
}
