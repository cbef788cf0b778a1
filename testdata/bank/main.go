// Command bank moves money between accounts. Each account is an object with its
// own storage, and no transaction spans two of them: a transfer can stop half-way,
// and is made so that sending it again finishes it. This file has the Worker.
package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Account", NewAccount)
}

// statuses are the answers to errors of an account, by their names. All others
// are 500, which says nothing about whether it was done: send it again.
var statuses = map[string]int{"Refused": 409, "Pending": 503}

// fetch is the Worker. GET /{account} shows an account; POST /{account}/deposit
// and POST /{account}/transfer move money, PUT /{account}/frozen keeps it from
// coming in. Each answers with what the account is then.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	// A client can write any bytes in a path; names are UTF-8.
	path := strings.ToValidUTF8(strings.TrimPrefix(req.URL.Path, "/"), "\uFFFD")
	name, action, _ := strings.Cut(path, "/")
	if name == "" {
		return guest.Text(404, "Whose account? Try /alice\n"), nil
	}
	account := env.Namespace("ACCOUNTS").GetByName(name)
	form := guest.Query(req.Body)
	amount, _ := strconv.ParseInt(form.Get("amount"), 10, 64) // 0 is refused
	// The client's name for what it wants. Who sends a request again, because the
	// answer was lost, sends it with the same key.
	key := req.Header.Get("Idempotency-Key")
	if strings.Contains(key+form.Get("to"), "/") {
		return guest.Text(400,
			"No / in a key or a name: that is what transfers come in with\n"), nil
	}

	var err error
	switch req.Method + " " + action {
	case "GET ":
	case "POST deposit":
		err = account.Call("deposit", nil, key, amount)
	case "POST transfer":
		err = account.Call("transfer", nil, key, form.Get("to"), amount)
	case "PUT frozen":
		err = account.Call("freeze", nil, string(req.Body) == "true")
	default:
		return guest.Text(405, "Method not allowed\n"), nil
	}
	var statement Statement
	if err == nil {
		err = account.Call("statement", &statement)
	}
	if e, ok := errors.AsType[*guest.Error](err); ok && statuses[e.Name] != 0 {
		return guest.Text(statuses[e.Name], e.Message+"\n"), nil
	}
	if err != nil {
		return nil, err
	}
	return guest.JSON(200, statement), nil
}
