// Command reminder rings a phone when something is due. An object has one alarm;
// here it serves all reminders of a user. This file has the Worker, the others
// have an object each.
package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Reminders", NewReminders)
	guest.RegisterObject("Phone", NewPhone)
}

// fetch is the Worker. /{user} has the reminders, /{user}/{number} is one of them
// and /{user}/phone the phone.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	// A client can write any bytes in a path; names are UTF-8.
	path := strings.ToValidUTF8(strings.TrimPrefix(req.URL.Path, "/"), "\uFFFD")
	user, rest, _ := strings.Cut(path, "/")
	if user == "" {
		return guest.Text(404, "Whose reminders? Try /ann\n"), nil
	}
	reminders := env.Namespace("REMINDERS").GetByName(user)
	if rest == "phone" {
		return phone(req, env.Namespace("PHONES").GetByName(user))
	}

	switch req.Method {
	case "POST":
		in, err := time.ParseDuration(req.Query().Get("in"))
		if err != nil || in < 0 || len(req.Body) == 0 {
			return guest.Text(400, "Say what, and when with ?in=10s\n"), nil
		}
		var number int
		err = reminders.Call("set", &number, string(req.Body), in)
		return guest.Text(201, fmt.Sprintf("reminder %d is set\n", number)), err
	case "GET":
		var list []Reminder
		err := reminders.Call("list", &list)
		var lines strings.Builder
		for _, r := range list {
			fmt.Fprintln(&lines, r.Number, r.Text)
		}
		return guest.Text(200, lines.String()), err
	case "DELETE":
		number, err := strconv.Atoi(rest)
		if err != nil {
			return guest.Text(404, "no such reminder\n"), nil
		}
		var found bool
		if err := reminders.Call("cancel", &found, number); err != nil {
			return nil, err
		}
		if !found {
			return guest.Text(404, "no such reminder\n"), nil
		}
		return guest.Text(200, fmt.Sprintf("reminder %d is cancelled\n", number)), nil
	}
	return guest.Text(405, "POST, GET or DELETE\n"), nil
}

// phone shows what rang, or turns the phone on or off.
func phone(req *guest.Request, phone *guest.Stub) (*guest.Response, error) {
	if req.Method == "PUT" {
		on := string(req.Body) == "on"
		return guest.Text(200, fmt.Sprintf("the phone is on: %t\n", on)),
			phone.Call("turn", nil, on)
	}
	var calls []string
	err := phone.Call("calls", &calls)
	return guest.Text(200, strings.Join(calls, "")), err
}
