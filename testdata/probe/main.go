// Command probe is a guest that does what a script says, with all of package
// guest: objects, and a Worker that runs the request's body. The tests of what
// cairn promises, host/durable_*_test.go, are scripts and what they print; see
// step for how one is written and verbs for what it can do.
//
// The target of a call is a name; .x is the object whose name is that of the
// running one up to its first dot, and .x; a lone dot is that name itself;
// #HEX is an ID. A binding and a colon may stand before it.
package main

import (
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Probe", newProbe)
	guest.RegisterObject("Counter", newProbe) // for the seed's IDs
	guest.RegisterObject("Plain", func(state *guest.State, env *guest.Env) (*Plain, error) {
		return &Plain{newCore(state, env)}, nil
	})
}

// core is an object that runs scripts.
type core struct {
	state *guest.State // nil in a Worker
	st    *guest.Storage
	env   *guest.Env
	count int                    // in memory only
	kept  any                    // memory that eat holds
	stubs map[string]*guest.Stub // stubs that a script keeps
}

func newCore(state *guest.State, env *guest.Env) *core {
	c := &core{state: state, env: env, stubs: map[string]*guest.Stub{}}
	if state != nil {
		c.st = state.Storage
	}
	return c
}

// Plain has neither Fetch nor Alarm.
type Plain struct{ *core }

// Probe has both. Its constructor and its alarm run scripts that it has stored.
type Probe struct{ *core }

func newProbe(state *guest.State, env *guest.Env) (*Probe, error) {
	p := &Probe{newCore(state, env)}
	var script string
	if _, err := p.st.Get("oninit", &script); err != nil {
		return nil, err
	}
	_, err := p.Run(script)
	return p, err
}

// Run runs a script and returns what its steps print.
func (c *core) Run(script string) (string, error) {
	out, err := c.run(script)
	return strings.Join(out, ", "), err
}

// Sum adds numbers up.
func (c *core) Sum(a int, more ...int) (sum int) {
	for _, n := range more {
		a += n
	}
	return a
}

// Pair returns more than a caller can be told.
func (c *core) Pair() (int, int) { return 1, 2 }

// Alarm logs the time for which it was set, the run, and what GetAlarm says.
// Then it runs what is stored as onalarm: one script, or one for each retry, with
// bars between them.
func (p *Probe) Alarm(info guest.AlarmInfo) error {
	at, err := p.st.GetAlarm()
	if err != nil {
		return err
	}
	run := "first"
	if info.IsRetry || info.RetryCount != 0 {
		run = fmt.Sprint("retry ", info.RetryCount, " ", info.IsRetry)
	}
	say("alarm " + fromNow(info.ScheduledTime) + " " + run + " " + fromNow(at))
	var scripts string
	if _, err := p.st.Get("onalarm", &scripts); err != nil {
		return err
	}
	list := strings.Split(scripts, "|")
	out, err := p.Run(list[min(info.RetryCount, len(list)-1)])
	if out != "" {
		say("printed " + out)
	}
	return err
}

// say logs a line. The attribute tells it from the host's lines on the object.
func say(line string) { guest.Logger().Info(line, "probe", true) }

// Fetch runs the body as a script, and says how the request looked.
func (p *Probe) Fetch(req *guest.Request) (*guest.Response, error) {
	out, err := p.Run(string(req.Body))
	if err != nil {
		return nil, err
	}
	return guest.Text(202, req.Method+" "+req.URL.String()+" "+
		req.Header.Get("X-Probe")+" "+out), nil
}

// fetch is the Worker.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	out, err := newCore(nil, env).Run(string(req.Body))
	if err != nil {
		return nil, err
	}
	return guest.Text(200, out), nil
}

// target finds whom a call goes to.
func (c *core) target(text string) (*guest.Stub, error) {
	binding, object := "PROBE", text
	if before, after, ok := strings.Cut(text, ":"); ok {
		binding, object = before, after
	}
	ns := c.env.Namespace(binding)
	if hex, ok := strings.CutPrefix(object, "#"); ok {
		id, err := ns.IDFromString(hex)
		return ns.Get(id), err
	}
	if strings.HasPrefix(object, ".") {
		base, _, _ := strings.Cut(c.state.ID.Name(), ".")
		object = base + strings.TrimSuffix(object, ".")
	}
	return ns.GetByName(object), nil
}

// run runs steps, and stops at the first that fails.
func (c *core) run(script string) (out []string, err error) {
	for script != "" {
		var s step
		if s, script, err = parse(script); err != nil {
			return nil, err
		}
		if len(s.words) == 0 {
			continue
		}
		do := verbs[s.words[0]]
		if do == nil {
			return nil, fmt.Errorf("probe: no verb %q", s.words[0])
		}
		got, err := do(c, s.words[1:], s.body)
		if err != nil {
			return nil, err
		}
		if got != "" {
			out = append(out, got)
		}
	}
	return out, nil
}
