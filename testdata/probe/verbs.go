package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/cairn-dev/cairn/guest"
)

// verb does a step and prints something, or nothing.
type verb = func(c *core, args []string, body string) (string, error)

var verbs map[string]verb

func init() { // a verb runs scripts, which look here
	verbs = map[string]verb{}
	for _, group := range []map[string]verb{storageVerbs, alarmVerbs, callVerbs, lifeVerbs} {
		for name, do := range group {
			verbs[name] = do
		}
	}
}

// errRollback takes a transaction back and is no failure.
var errRollback = errors.New("probe: rollback")

var alarmVerbs = map[string]verb{
	// setalarm MS, or +MS or ~MS from now on or before it.
	"setalarm": func(c *core, args []string, _ string) (string, error) {
		ms, err := strconv.ParseInt(strings.TrimLeft(args[0], "+~"), 10, 64)
		if err != nil {
			return "", err
		}
		at := time.UnixMilli(ms)
		switch args[0][0] {
		case '+':
			at = guest.Now().Add(time.Duration(ms) * time.Millisecond)
		case '~':
			at = guest.Now().Add(-time.Duration(ms) * time.Millisecond)
		}
		return "", c.st.SetAlarm(at, writeOptions(args[1:])...)
	},
	"getalarm": func(c *core, _ []string, _ string) (string, error) {
		at, err := c.st.GetAlarm()
		return fromNow(at), err
	},
	// noalarm runs a script if none is set.
	"noalarm": func(c *core, _ []string, body string) (string, error) {
		if at, err := c.st.GetAlarm(); err != nil || !at.IsZero() {
			return "", err
		}
		return c.Run(body)
	},
	"deletealarm": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.DeleteAlarm(writeOptions(args)...)
	},
}

// fromNow is how many milliseconds there are until t.
func fromNow(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%+d", t.Sub(guest.Now()).Milliseconds())
}

var callVerbs = map[string]verb{
	"call": func(c *core, args []string, body string) (out string, err error) {
		stub, err := c.target(args[0])
		if err == nil {
			err = stub.Call("run", &out, body)
		}
		return out, err
	},
	// stub ALIAS TARGET keeps a stub, send ALIAS(...) uses it.
	"stub": func(c *core, args []string, _ string) (string, error) {
		stub, err := c.target(args[1])
		c.stubs[args[0]] = stub
		return "", err
	},
	"send": func(c *core, args []string, body string) (out string, err error) {
		err = c.stubs[args[0]].Call("run", &out, body)
		return out, err
	},
	// method TARGET NAME ARG... calls any method, with arguments in JSON.
	"method": func(c *core, args []string, _ string) (string, error) {
		stub, err := c.target(args[0])
		if err != nil {
			return "", err
		}
		var values []any
		for _, arg := range args[2:] {
			values = append(values, json.RawMessage(arg))
		}
		var result json.RawMessage
		err = stub.Call(args[1], &result, values...)
		return string(result), err
	},
	// fetch TARGET URL(script) sends the script to the object's Fetch.
	"fetch": func(c *core, args []string, body string) (string, error) {
		stub, err := c.target(args[0])
		if err != nil {
			return "", err
		}
		req, err := guest.NewRequest("PUT", args[1], []byte(body))
		if err != nil {
			return "", err
		}
		req.Header.Set("X-Probe", "header")
		resp, err := stub.Fetch(req)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d %s %s", resp.Status, resp.Header.Get("Content-Type"), resp.Body), nil
	},
	// outside URL(body) sends a request out of the host.
	"outside": func(_ *core, args []string, body string) (string, error) {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		req, err := guest.NewRequest(method, args[0], []byte(body))
		if err != nil {
			return "", err
		}
		resp, err := guest.Fetch(req)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d %s", resp.Status, resp.Body), nil
	},
	"id": func(c *core, _ []string, _ string) (string, error) { return c.state.ID.String(), nil },
	"name": func(c *core, _ []string, _ string) (string, error) {
		return strconv.Quote(c.state.ID.Name()), nil
	},
	// stubid and stubname print what a stub knows; nothing is sent.
	"stubid": func(c *core, args []string, _ string) (string, error) {
		stub, err := c.target(args[0])
		if err != nil {
			return "", err
		}
		return stub.ID().String() + " " + strconv.Quote(stub.ID().Name()), nil
	},
	"stubname": func(c *core, args []string, _ string) (string, error) {
		stub, err := c.target(args[0])
		return strconv.Quote(stub.Name()), err
	},
	"idfromname": func(c *core, args []string, _ string) (string, error) {
		id := c.env.Namespace(args[0]).IDFromName(args[1])
		return id.String() + " " + strconv.Quote(id.Name()), id.Err()
	},
	"idfromstring": func(c *core, args []string, _ string) (string, error) {
		id, err := c.env.Namespace(args[0]).IDFromString(args[1])
		if err != nil {
			return "", err
		}
		return id.String() + " " + strconv.Quote(id.Name()), nil
	},
	"newid": func(c *core, args []string, _ string) (string, error) {
		id := c.env.Namespace(args[0]).NewUniqueID()
		return id.String() + " " + strconv.Quote(id.Name()), nil
	},
	// equal NAME says whether the ID of a name is that of its own hex digits.
	"equal": func(c *core, args []string, _ string) (string, error) {
		ns := c.env.Namespace("PROBE")
		named := ns.IDFromName(args[0])
		bare, err := ns.IDFromString(named.String())
		if err != nil {
			return "", err
		}
		return fmt.Sprint(named.Equal(bare), " ", bare.Equal(named), " ",
			named.Equal(ns.IDFromName(args[1]))), nil
	},
	"var": func(c *core, args []string, _ string) (string, error) {
		return strconv.Quote(c.env.Var(args[0])), nil
	},
	// decodevar NAME prints a var as Go's %v has it.
	"decodevar": func(c *core, args []string, _ string) (string, error) {
		var v any
		found, err := c.env.DecodeVar(args[0], &v)
		return fmt.Sprint(found, " ", v), err
	},
}

var lifeVerbs = map[string]verb{
	// count counts in memory.
	"count": func(c *core, _ []string, _ string) (string, error) {
		c.count++
		return strconv.Itoa(c.count), nil
	},
	"print": func(_ *core, args []string, _ string) (string, error) {
		return strings.Join(args, " "), nil
	},
	"log": func(_ *core, args []string, _ string) (string, error) {
		say(args[0])
		return "", nil
	},
	"throw": func(_ *core, args []string, _ string) (string, error) {
		return "", errors.New(args[0])
	},
	// throwname NAME TEXT claims every property that an error can have.
	"throwname": func(_ *core, args []string, _ string) (string, error) {
		return "", &guest.Error{Name: args[0], Message: args[1],
			Remote: true, Retryable: true, Overloaded: true, Reset: true}
	},
	"panic": func(_ *core, args []string, _ string) (string, error) { panic(args[0]) },
	"trap": func(*core, []string, string) (string, error) {
		sink = *(*byte)(unsafe.Add(nil, address))
		return "", nil
	},
	"spin": func(*core, []string, string) (string, error) {
		for {
			sink++
		}
	},
	"eat": func(c *core, _ []string, _ string) (string, error) {
		for {
			c.kept = append([]any{make([]byte, 1<<20)}, c.kept)
		}
	},
	// try prints what fails.
	"try": func(c *core, _ []string, body string) (string, error) {
		out, err := c.Run(body)
		if err != nil {
			return describe(err), nil
		}
		return out, nil
	},
	// recover prints what panics.
	"recover": func(c *core, _ []string, body string) (out string, err error) {
		defer func() {
			if v := recover(); v != nil {
				out = fmt.Sprint("panic: ", v)
			}
		}()
		return c.Run(body)
	},
	"abort": func(c *core, args []string, _ string) (string, error) {
		c.state.Abort(strings.Join(args, " "))
		return "", nil
	},
	// giveup aborts, and gives the alarm up that runs.
	"giveup": func(c *core, args []string, _ string) (string, error) {
		c.state.Abort(strings.Join(args, " "), guest.AbortOptions{NoRetryAlarm: true})
		return "", nil
	},
	"forever": func(c *core, _ []string, body string) (string, error) {
		for {
			if out, err := c.Run(body); err != nil {
				return out, err
			}
		}
	},
	"sleep": func(_ *core, args []string, _ string) (string, error) {
		ms, err := strconv.Atoi(args[0])
		time.Sleep(time.Duration(ms) * time.Millisecond)
		return "", err
	},
	"waituntil": func(c *core, _ []string, body string) (string, error) {
		c.env.WaitUntil(func() {
			if out, err := c.Run(body); err != nil {
				say("background failed " + describe(err))
			} else {
				say("background printed " + out)
			}
		})
		return "", nil
	},
	"block": func(c *core, _ []string, body string) (out string, err error) {
		err = c.state.BlockConcurrencyWhile(func() error {
			var err error
			out, err = c.Run(body)
			return err
		})
		return out, err
	},
	// nest N VERB(...) runs a script inside so many transactions or sections.
	"nest": func(c *core, args []string, body string) (string, error) {
		n, err := strconv.Atoi(args[0])
		if err != nil || n == 0 {
			return c.Run(body)
		}
		return verbs[args[1]](c, nil, fmt.Sprintf("nest %d %s(%s)", n-1, args[1], body))
	},
}

var (
	address = 0xffff_fff0 // beyond the end of linear memory
	sink    byte
)
