package loadgen

import (
	"errors"
	"fmt"
	"math/bits"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// placeholder is what a URL holds where a name goes.
const placeholder = "{name}"

// The default workload: the counter of the seed.
const (
	counterWrite = "/increment?name=" + placeholder
	counterRead  = "/?name=" + placeholder
)

// plan holds every request that will be sent, ready as bytes.
type plan struct {
	write, read requests
	reads       float64 // share of requests that read
	names       uint64
}

// newPlan prepares the requests and says which address they go to.
func newPlan(o Options) (p *plan, addr string, err error) {
	host, addr, path, err := splitURL(o.URL)
	if err != nil {
		return nil, "", err
	}
	readPath := o.ReadPath
	switch {
	case readPath != "" && o.Reads == 0:
		return nil, "", errors.New("loadgen: a path for reads needs a share of reads above 0")
	case path == "":
		path = counterWrite
		if readPath == "" {
			readPath = counterRead
		}
	case readPath == "" && o.Reads > 0:
		return nil, "", errors.New("loadgen: a URL with a path needs another path for its reads")
	}
	if o.Reads == 0 {
		readPath = path
	}
	p = &plan{reads: o.Reads, names: uint64(o.Names)}
	if p.write, err = newRequests(host, path, o.Names); err != nil {
		return nil, "", err
	}
	p.read = p.write
	if o.Reads > 0 {
		p.read, err = newRequests(host, readPath, o.Names)
	}
	return p, addr, err
}

// splitURL takes a URL apart by hand, for {name} would not survive net/url.
func splitURL(s string) (host, addr, path string, err error) {
	rest, ok := strings.CutPrefix(s, "http://")
	if strings.HasPrefix(s, "https://") {
		return "", "", "",
			fmt.Errorf("loadgen: %q: TLS is left out, load the server behind it at http://", s)
	}
	if !ok {
		return "", "", "", fmt.Errorf("loadgen: %q does not begin with http://", s)
	}
	host = rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	u, err := url.Parse("http://" + host)
	if err != nil {
		return "", "", "", fmt.Errorf("loadgen: %w", err)
	}
	if u.Hostname() == "" || u.User != nil {
		return "", "", "", fmt.Errorf("loadgen: %q: want http://host[:port][/path]", s)
	}
	if strings.HasPrefix(path, "?") {
		path = "/" + path
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", "", fmt.Errorf("loadgen: %q: port %s, want 1 to 65535", s, port)
	}
	return host, net.JoinHostPort(u.Hostname(), port), path, nil
}

// pick is request k: a function of the seed and k, whoever sends it.
func (p *plan) pick(seed, k uint64) (request []byte, read bool) {
	h := mix(seed + k*0x9e3779b97f4a7c15)
	name, _ := bits.Mul64(h, p.names)
	// 53 bits of a second hash are the fraction that the share is compared with.
	read = float64(mix(h)>>11)/(1<<53) < p.reads
	if read {
		return p.read.at(name), true
	}
	return p.write.at(name), false
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// requests are one path's requests, one for each name, in one slice. A request
// is a view of it and never changes.
type requests struct {
	bytes []byte
	ends  []int // ends[i] is where request i ends
}

func newRequests(host, path string, names int) (requests, error) {
	if !strings.HasPrefix(path, "/") {
		return requests{}, fmt.Errorf("loadgen: path %q does not begin with /", path)
	}
	for _, c := range []byte(path) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return requests{},
				fmt.Errorf("loadgen: path %q holds %q, write it as %%%02X", path, c, c)
		}
	}
	parts := strings.Split("GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n", placeholder)
	if len(parts) == 1 {
		names = 1
	}
	size := 0
	for _, part := range parts {
		size += len(part) + len("o") + len(strconv.Itoa(names))
	}
	if size > maxPlanBytes/names {
		return requests{},
			fmt.Errorf("loadgen: %d requests of %d bytes are more than %d bytes, take fewer names",
				names, size, maxPlanBytes)
	}
	r := requests{bytes: make([]byte, 0, size*names), ends: make([]int, names)}
	for i := range names {
		for j, part := range parts {
			if j > 0 {
				r.bytes = strconv.AppendInt(append(r.bytes, 'o'), int64(i+1), 10)
			}
			r.bytes = append(r.bytes, part...)
		}
		r.ends[i] = len(r.bytes)
	}
	return r, nil
}

// at is the request for a name's index; a path without {name} has one for all.
func (r requests) at(name uint64) []byte {
	i := int(min(name, uint64(len(r.ends)-1)))
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.bytes[start:r.ends[i]]
}
