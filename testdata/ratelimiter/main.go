// Command ratelimiter lets each caller send a few requests at once, and then one
// every few seconds. Each caller's token bucket is an object.
package main

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Bucket", NewBucket)
}

// fetch is the Worker. It asks the caller's bucket before it does its work.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	// A client can write any bytes in a header; names are UTF-8.
	caller := strings.ToValidUTF8(req.Header.Get("X-API-Key"), "\uFFFD")
	if caller == "" {
		return guest.Text(401, "Who are you? Send X-API-Key\n"), nil
	}
	// Callers do not wait for each other: each has a bucket of its own.
	var wait time.Duration
	if err := env.Namespace("BUCKETS").GetByName(caller).Call("take", &wait); err != nil {
		return nil, err
	}
	if wait > 0 {
		resp := guest.Text(429, "Too many requests\n")
		// Whole seconds, and never too early.
		resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return resp, nil
	}
	return guest.Text(200, "Hello "+caller+"\n"), nil
}

// Bucket is the durable object. A request takes a token; tokens come back at a
// steady rate until the bucket is full.
type Bucket struct {
	storage *guest.Storage
	size    float64 // tokens in a full bucket
	rate    float64 // tokens that come back in a second
}

// NewBucket is its constructor. The sizes are vars of the config.
func NewBucket(state *guest.State, env *guest.Env) (*Bucket, error) {
	b := &Bucket{storage: state.Storage, size: 10, rate: 1}
	if _, err := env.DecodeVar("BURST", &b.size); err != nil {
		return nil, err
	}
	_, err := env.DecodeVar("PER_SECOND", &b.rate)
	return b, err
}

// Level is how full a bucket was at a time. That is all there is to store: how
// full it is now follows from the time gone by, so nothing has to run to fill it.
type Level struct {
	Tokens float64   `json:"tokens"`
	At     time.Time `json:"at"`
}

// Take takes a token. If there is none it returns how long the next one takes.
func (b *Bucket) Take() (wait time.Duration, err error) {
	now := guest.Now()
	level := Level{b.size, now} // of a bucket that was never used: full
	if _, err := b.storage.Get("level", &level); err != nil {
		return 0, err
	}
	gone := max(0, now.Sub(level.At).Seconds()) // clocks can be set back
	tokens := min(b.size, level.Tokens+gone*b.rate)
	if tokens < 1 {
		// Nothing is written: who is refused can do that as often as they like.
		return time.Duration(math.Ceil((1 - tokens) / b.rate * float64(time.Second))), nil
	}
	// A token that comes back in a power cut does no harm, so the answer need not
	// wait for the disk. That is for this sample; money is in another one.
	return 0, b.storage.Put("level", Level{tokens - 1, now}, guest.AllowUnconfirmed)
}
