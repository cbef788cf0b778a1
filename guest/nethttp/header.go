package nethttp

import (
	"maps"
	"net/http"
	"slices"

	"github.com/cairn-dev/cairn/guest"
)

func toHTTP(h *guest.Header) http.Header {
	header := http.Header{}
	for name, value := range h.All() {
		header[name] = append(header[name], value)
	}
	return header
}

// fromHTTP keeps the names in order, so that equal responses are equal.
func fromHTTP(header http.Header) (h guest.Header) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			h.Add(name, value)
		}
	}
	return h
}
