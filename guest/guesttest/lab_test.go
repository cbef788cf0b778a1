package guesttest_test

import (
	"errors"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func init() {
	guest.RegisterObject("Lab", func(state *guest.State, env *guest.Env) (*lab, error) {
		l := &lab{state: state, st: state.Storage, env: env}
		if onBirth != nil {
			return l, onBirth(l)
		}
		return l, nil
	})
	guest.RegisterObject("Plain", func(*guest.State, *guest.Env) (*plain, error) {
		return &plain{}, nil
	})
	guest.RegisterWorker(func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		return onFetch(req, env)
	})
}

// lab is an object that does what a test tells it: functions of the test.
type lab struct {
	state *guest.State
	st    *guest.Storage
	env   *guest.Env
	calls int
}

type plain struct{}

// What the program does in the running test. None of them run in parallel.
var (
	steps   []func(*lab) error
	onBirth func(*lab) error
	onAlarm func(*lab, guest.AlarmInfo) error
	onFetch func(*guest.Request, *guest.Env) (*guest.Response, error)
)

func (l *lab) Do(step int) error                  { l.calls++; return steps[step](l) }
func (l *lab) Alarm(info guest.AlarmInfo) error   { return onAlarm(l, info) }
func (l *lab) stub(name string) *guest.Stub       { return l.env.Namespace("LABS").GetByName(name) }
func (l *lab) call(name string, s stepFunc) error { return l.stub(name).Call("do", nil, add(s)) }

type stepFunc = func(*lab) error

func add(s stepFunc) int {
	steps = append(steps, s)
	return len(steps) - 1
}

// bench is a host with labs.
type bench struct {
	*guesttest.Host
	t *testing.T
}

func newBench(t *testing.T) *bench {
	steps, onBirth, onAlarm, onFetch = nil, nil, nil, nil
	return &bench{guesttest.New(t, guesttest.Options{
		Script:   "test",
		Bindings: map[string]string{"LABS": "Lab", "PLAIN": "Plain"},
		Fetch: func(req *guest.Request) (*guest.Response, error) {
			if req.URL.Host == "nowhere" {
				return nil, &guest.Error{Message: "Network connection lost.", Retryable: true}
			}
			resp := guest.Text(201, req.Method+" "+req.URL.String()+" "+string(req.Body))
			resp.Header.Set("X-Got", req.Header.Get("X-Sent"))
			return resp, nil
		},
	}), t}
}

// try runs a function in an object.
func (b *bench) try(name string, s stepFunc) error {
	return b.Namespace("LABS").GetByName(name).Call("do", nil, add(s))
}

// do is try for a function that must succeed.
func (b *bench) do(name string, s stepFunc) {
	b.t.Helper()
	if err := b.try(name, s); err != nil {
		b.t.Errorf("%s: %v", name, err)
	}
}

// refused is try for a function that must fail with that error.
func (b *bench) refused(name, wantName, wantText string, s stepFunc) *guest.Error {
	b.t.Helper()
	err := b.try(name, s)
	e, ok := errors.AsType[*guest.Error](err)
	if !ok || e.Name != wantName || e.Message != wantText {
		b.t.Errorf("got %+v, want %s: %s", err, wantName, wantText)
		return &guest.Error{}
	}
	return e
}

func (b *bench) stored(name, key, want string) {
	b.t.Helper()
	if got := string(b.Storage("LABS", name)[key]); got != want {
		b.t.Errorf("%s has stored %s=%q, want %q", name, key, got, want)
	}
}
