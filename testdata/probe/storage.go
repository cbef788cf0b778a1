package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

var storageVerbs = map[string]verb{
	"get": func(c *core, args []string, _ string) (string, error) {
		var value json.RawMessage
		found, err := c.st.Get(args[0], &value)
		if !found {
			return "none", err
		}
		return string(value), err
	},
	// raw prints a value's bytes, and size their number.
	"raw": func(c *core, args []string, _ string) (string, error) {
		b, err := c.st.GetBytes(args[0])
		if b == nil {
			return "none", err
		}
		return strconv.Quote(string(b)), err
	},
	"size": func(c *core, args []string, _ string) (string, error) {
		b, err := c.st.GetBytes(args[0])
		return strconv.Itoa(len(b)), err
	},
	// put KEY VALUE [unconfirmed]: JSON, or else a string; nil is nothing.
	"put": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.Put(args[0], value(args[1]), writeOptions(args[2:])...)
	},
	"putbytes": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.PutBytes(args[0], []byte(args[1]), writeOptions(args[2:])...)
	},
	// putsize KEY N puts a value of N bytes.
	"putsize": func(c *core, args []string, _ string) (string, error) {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return "", err
		}
		return "", c.st.PutBytes(args[0], make([]byte, n), writeOptions(args[2:])...)
	},
	"delete": func(c *core, args []string, _ string) (string, error) {
		deleted, err := c.st.Delete(args[0], writeOptions(args[1:])...)
		return fmt.Sprint(deleted), err
	},
	// add KEY N reads, adds and writes.
	"add": func(c *core, args []string, _ string) (string, error) {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return "", err
		}
		var have int
		if _, err := c.st.Get(args[0], &have); err != nil {
			return "", err
		}
		return strconv.Itoa(have + n), c.st.Put(args[0], have+n)
	},
	"getmany": func(c *core, args []string, _ string) (string, error) {
		values, err := c.st.GetMany(keys(args)...)
		if err != nil {
			return "", err
		}
		out := []string{strconv.Itoa(len(values)) + ":"}
		for key, value := range values.All() {
			out = append(out, show(key)+"="+string(value))
		}
		return strings.Join(out, " "), nil
	},
	"putmany": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.PutMany(entries(args))
	},
	// putmany! is putmany whose writes no answer waits for.
	"putmany!": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.PutMany(entries(args), guest.AllowUnconfirmed)
	},
	// putbad and putbadmany put what has no JSON, the second beside what has.
	"putbad": func(c *core, args []string, _ string) (string, error) {
		return "", c.st.Put(args[0], func() {})
	},
	"putbadmany": func(c *core, args []string, _ string) (string, error) {
		m := entries(args)
		m["~"] = func() {}
		return "", c.st.PutMany(m)
	},
	"deletemany": func(c *core, args []string, _ string) (string, error) {
		n, err := c.st.DeleteMany(keys(args)...)
		return strconv.Itoa(n), err
	},
	// fill PREFIX FROM TO BYTES puts keys with six digits.
	"fill": func(c *core, args []string, _ string) (string, error) {
		var from, to, bytes int
		if _, err := fmt.Sscan(strings.Join(args[1:], " "), &from, &to, &bytes); err != nil {
			return "", err
		}
		for i := from; i < to; i++ {
			if err := c.st.PutBytes(fmt.Sprintf("%s%06d", args[0], i),
				make([]byte, bytes)); err != nil {
				return "", err
			}
		}
		return "", nil
	},
	"list": func(c *core, args []string, _ string) (string, error) {
		o, _, err := options(args)
		if err != nil {
			return "", err
		}
		entries, err := c.st.List(o)
		if len(entries) == 0 {
			return "empty", err
		}
		var names []string
		for _, e := range entries {
			names = append(names, show(e.Key))
		}
		return strings.Join(names, " "), err
	},
	// entries prints keys with values.
	"entries": func(c *core, args []string, _ string) (string, error) {
		o, _, err := options(args)
		if err != nil {
			return "", err
		}
		out := []string{}
		entries, err := c.st.List(o)
		for _, e := range entries {
			out = append(out, show(e.Key)+"="+string(e.Value))
		}
		if len(out) == 0 {
			return "empty", err
		}
		return strings.Join(out, " "), err
	},
	// scan OPTIONS [stop=N](script) streams, runs the script at each entry, and
	// prints how many there were, the first and the last.
	"scan": func(c *core, args []string, body string) (string, error) {
		o, stop, err := options(args)
		if err != nil {
			return "", err
		}
		n, first, last := 0, "", ""
		for e, err := range c.st.Scan(o) {
			if err != nil {
				return "", err
			}
			if n == 0 {
				first = e.Key
			}
			n, last = n+1, e.Key
			if _, err := c.run(body); err != nil {
				return "", err
			}
			if n == stop {
				break
			}
		}
		return fmt.Sprintf("%d %s %s", n, show(first), show(last)), nil
	},
	// scansizes streams, runs the script at each entry, and prints keys with the
	// sizes of their values.
	"scansizes": func(c *core, args []string, body string) (string, error) {
		o, _, err := options(args)
		if err != nil {
			return "", err
		}
		var out []string
		for e, err := range c.st.Scan(o) {
			if err != nil {
				return "", err
			}
			out = append(out, fmt.Sprintf("%s=%d", show(e.Key), len(e.Value)))
			if _, err := c.run(body); err != nil {
				return "", err
			}
		}
		return strings.Join(out, " "), nil
	},
	"deleteall": func(c *core, _ []string, _ string) (string, error) {
		return "", c.st.DeleteAll()
	},
	"sync": func(c *core, _ []string, _ string) (string, error) { return "", c.st.Sync() },
	// tx runs a script in a transaction; rollback ends it without a failure.
	"tx": func(c *core, _ []string, body string) (out string, err error) {
		err = c.st.Transaction(func() error {
			var err error
			out, err = c.Run(body)
			return err
		})
		if errors.Is(err, errRollback) {
			return "rolled back", nil
		}
		return out, err
	},
	"rollback": func(*core, []string, string) (string, error) { return "", errRollback },
}

func value(text string) any {
	switch {
	case text == "nil":
		return nil
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	return text
}

// entries are words like a=1; b alone is b=0.
func entries(words []string) map[string]any {
	m := map[string]any{}
	for _, key := range keys(words) {
		key, v, ok := strings.Cut(key, "=")
		if !ok {
			v = "0"
		}
		m[key] = value(v)
	}
	return m
}

func writeOptions(words []string) []guest.WriteOption {
	if len(words) > 0 && words[0] == "unconfirmed" {
		return []guest.WriteOption{guest.AllowUnconfirmed}
	}
	return nil
}

// keys are the words, or as many as *N says, with six digits.
func keys(words []string) []string {
	if len(words) != 1 || words[0][0] != '*' {
		return words
	}
	n, _ := strconv.Atoi(words[0][1:])
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%06d", i)
	}
	return list
}
