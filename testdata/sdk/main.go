// Command sdk is a guest that uses all of package guest, for tests of it in
// WebAssembly.
package main

import (
	cryptorand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	oldrand "math/rand"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

// atStart is drawn before the image is taken: all instances have it.
var atStart = rand.Uint64()

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Probe", newProbe)
}

func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	switch req.URL.Path {
	case "/random":
		return guest.JSON(200, random()), nil
	case "/background":
		env.WaitUntil(func() {
			guest.Logger().Info("background of the Worker")
			env.Namespace("PROBES").GetByName("B").Call("put", nil, "background", "done")
		})
		return guest.Text(200, "answered"), nil
	}
	return nil, errors.New("nothing there")
}

// Random is what a program draws in every way that there is. Draws has values
// one after the other, more than a block of them.
type Random struct {
	Start, Map, Hash, Old, Crypto string
	Draws                         []string
}

func random() Random {
	r := Random{Start: strconv.FormatUint(atStart, 16), Old: strconv.FormatInt(oldrand.Int63(), 16)}
	m := map[int]bool{}
	for i := range 64 {
		m[i] = true
	}
	for i := range m {
		r.Map += fmt.Sprint(i, " ")
	}
	r.Hash = strconv.FormatUint(maphash.String(maphash.MakeSeed(), "a"), 16)
	var b [16]byte
	cryptorand.Read(b[:])
	r.Crypto = hex.EncodeToString(b[:])
	for range 200 {
		r.Draws = append(r.Draws, strconv.FormatUint(rand.Uint64(), 16))
	}
	return r
}

// Probe is an object that does a little of everything.
type Probe struct {
	state *guest.State
	st    *guest.Storage
	env   *guest.Env
	born  Random
	cache map[string][]byte // what Gets and Hold keep beside storage
}

func newProbe(state *guest.State, env *guest.Env) (*Probe, error) {
	p := &Probe{state: state, st: state.Storage, env: env}
	err := state.BlockConcurrencyWhile(func() error {
		if state.ID.Name() == "stillborn" {
			return errors.New("born badly")
		}
		if state.ID.Name() == "random" {
			p.born = random()
		}
		return nil
	})
	return p, err
}

// Random returns what was drawn in the constructor, and what is drawn now.
func (p *Probe) Random() []Random { return []Random{p.born, random()} }

// Put stores a value.
func (p *Probe) Put(key, value string) error { return p.st.Put(key, value) }

// Get returns a value, "" where there is none.
func (p *Probe) Get(key string) (value string, err error) {
	_, err = p.st.Get(key, &value)
	return value, err
}

// Gets reads a key n times: "stored", what an earlier call has put; "batch", what
// this one has; "cache", a map of the guest as a cache in package guest would be.
func (p *Probe) Gets(from string, n int) (sum int64, err error) {
	const key = "value"
	if from == "batch" {
		err = p.st.Put(key, 12345)
	}
	if p.cache == nil {
		p.cache = map[string][]byte{key: []byte("12345")}
	}
	for range n {
		var v int64
		if from == "cache" {
			v, err = strconv.ParseInt(string(p.cache[key]), 10, 64)
		} else {
			_, err = p.st.Get(key, &v)
		}
		sum += v
	}
	return sum, err
}

// Hold counts as testdata/counter does, and keeps the value in a map beside n
// others.
func (p *Probe) Hold(n int) (count int64, err error) {
	if _, err := p.st.Get("value", &count); err != nil {
		return 0, err
	}
	count++
	if n > 0 {
		if p.cache == nil {
			p.cache = map[string][]byte{}
			for i := range n {
				p.cache[fmt.Sprintf("key-%03d", i)] = make([]byte, 100)
			}
		}
		p.cache["key-000"] = strconv.AppendInt(nil, count, 10)
	}
	return count, p.st.Put("value", count)
}

// Fill stores n keys with values of so many bytes.
func (p *Probe) Fill(n, bytes int) error {
	for i := range n {
		if err := p.st.PutBytes(fmt.Sprintf("fill-%05d", i), make([]byte, bytes),
			guest.AllowUnconfirmed); err != nil {
			return err
		}
	}
	return p.st.Sync()
}

// Scanned is what a scan saw.
type Scanned struct {
	Keys, Bytes int
	First, Last string
	Grown       int64 // of what the heap holds
}

// Scan reads all keys.
func (p *Probe) Scan(options guest.ListOptions) (s Scanned, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for e, err := range p.st.Scan(options) {
		if err != nil {
			return s, err
		}
		if s.Keys == 0 {
			s.First = e.Key
		}
		s.Last = e.Key
		s.Keys++
		s.Bytes += len(e.Value)
	}
	runtime.ReadMemStats(&after)
	s.Grown = int64(after.HeapSys) - int64(before.HeapSys)
	return s, nil
}

// Many uses the calls with several keys, and returns what is left.
func (p *Probe) Many() (left []string, err error) {
	if err := p.st.PutMany(map[string]any{"a": 1, "b": 2, "c": "three"}); err != nil {
		return nil, err
	}
	m, err := p.st.GetMany("a", "c", "x")
	if err != nil {
		return nil, err
	}
	for key, value := range m.All() {
		left = append(left, key+"="+string(value))
	}
	n, err := p.st.DeleteMany("a", "x")
	left = append(left, strconv.Itoa(n))
	entries, err2 := p.st.List(guest.ListOptions{Prefix: "", StartAfter: "a", Reverse: true})
	for _, e := range entries {
		left = append(left, e.Key)
	}
	return left, errors.Join(err, err2)
}

// Transact writes a key in a transaction that ends as it is told.
func (p *Probe) Transact(how string) (value string, err error) {
	func() {
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("recovered %v", v)
			}
		}()
		err = p.st.Transaction(func() error {
			p.st.Put("t", "outer")
			p.st.Transaction(func() error { p.st.Put("t", "inner"); return errors.New("x") })
			switch how {
			case "error":
				return errors.New("rolled back")
			case "panic":
				panic("rolled back")
			}
			return nil
		})
	}()
	if _, getErr := p.st.Get("t", &value); getErr != nil {
		return "", getErr
	}
	if err != nil {
		value += "|" + err.Error()
	}
	return value, nil
}

// Wake sets the alarm so many milliseconds from now and returns for when.
func (p *Probe) Wake(ms int) (int64, error) {
	if err := p.st.SetAlarm(guest.Now().Add(time.Duration(ms) * time.Millisecond)); err != nil {
		return 0, err
	}
	at, err := p.st.GetAlarm()
	return at.UnixMilli(), err
}

// Alarm notes what it was told.
func (p *Probe) Alarm(info guest.AlarmInfo) error {
	at, err := p.st.GetAlarm()
	return errors.Join(err,
		p.st.Put("alarm", fmt.Sprint(info.ScheduledTime.UnixMilli(), " ", info.RetryCount, " ",
			info.IsRetry, " ", at.IsZero())))
}

// DeleteAll deletes all there is, and returns whether an alarm is left.
func (p *Probe) DeleteAll() (alarm bool, err error) {
	if err := p.st.DeleteAll(); err != nil {
		return false, err
	}
	at, err := p.st.GetAlarm()
	return !at.IsZero(), err
}

// Background writes a key once the answer is on its way.
func (p *Probe) Background() string {
	p.state.WaitUntil(func() {
		p.st.Put("background", "first")
		p.state.WaitUntil(func() { p.st.Put("background", "second") })
		panic("only logged")
	})
	return "answered"
}

// Block fails in a critical section.
func (p *Probe) Block() error {
	p.st.Put("lost", "x")
	return p.state.BlockConcurrencyWhile(func() error { return errors.New("reset") })
}

// Send sends a request out.
func (p *Probe) Send(url string) (string, error) {
	req, err := guest.NewRequest("GET", url, nil)
	if err != nil {
		return "", err
	}
	resp, err := guest.Fetch(req)
	if err != nil {
		return "", err
	}
	return string(resp.Body), nil
}

// Large sends n bytes to another object and gets them back.
func (p *Probe) Large(n int) (int, error) {
	req, err := guest.NewRequest("POST", "http://h/", make([]byte, n))
	if err != nil {
		return 0, err
	}
	resp, err := p.env.Namespace("PROBES").GetByName("other").Fetch(req)
	if err != nil {
		return 0, err
	}
	return len(resp.Body), nil
}

// Fetch answers with the body.
func (p *Probe) Fetch(req *guest.Request) (*guest.Response, error) {
	return &guest.Response{Body: req.Body}, nil
}
