// Command todo has to-do lists with a small REST interface. Each list is an
// object that answers HTTP requests itself.
package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("List", NewList)
}

// fetch is the Worker. The first part of the path names the list, which gets the
// request as it is: where an object speaks HTTP, a Worker only has to find it.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	name, _ := split(path(req))
	if name == "" {
		return guest.Text(404, "Which list? Try /groceries\n"), nil
	}
	return env.Namespace("LISTS").GetByName(name).Fetch(req)
}

// path is the request's path. A client can write any bytes; names are UTF-8.
func path(req *guest.Request) string { return strings.ToValidUTF8(req.URL.Path, "\uFFFD") }

// split takes /{list} or /{list}/{title} apart.
func split(path string) (list, title string) {
	list, title, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return list, title
}

// List is the durable object.
type List struct{ storage *guest.Storage }

// NewList is its constructor, called when a list comes to memory.
func NewList(state *guest.State, _ *guest.Env) (*List, error) { return &List{state.Storage}, nil }

// Item is something to do. Its title is its key and its address.
type Item struct {
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

// maxTitleBytes is far below what a key may have.
const maxTitleBytes = 200

// Fetch is what Stub.Fetch reaches. It is no RPC method.
func (l *List) Fetch(req *guest.Request) (*guest.Response, error) {
	_, title := split(path(req))
	switch {
	case title == "" && req.Method == "GET":
		return l.show(200)
	case title == "" && req.Method == "POST":
		return l.add(req.Body)
	case title != "" && req.Method == "PUT":
		return l.change(title, req.Body)
	case title != "" && req.Method == "DELETE":
		return l.remove(title)
	}
	return guest.Text(405, "GET or POST a list, PUT or DELETE an item\n"), nil
}

func (l *List) show(status int) (*guest.Response, error) {
	entries, err := l.storage.List(guest.ListOptions{Prefix: "item/"})
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(entries)) // not nil, which is null in JSON
	for i, e := range entries {
		if err := e.Decode(&items[i]); err != nil {
			return nil, err
		}
	}
	return guest.JSON(status, items), nil
}

// refusal is an error that is the client's.
type refusal string

func (r refusal) Error() string { return string(r) }

// add adds several items, or none if one of them cannot be added.
func (l *List) add(body []byte) (*guest.Response, error) {
	var titles []string
	if err := json.Unmarshal(body, &titles); err != nil {
		return guest.Text(400, "The body is a JSON array of titles\n"), nil
	}
	// A call's writes are kept whether it fails or not, and this one goes on with
	// an answer. So it is the transaction that takes back what was added before
	// the item that cannot be.
	err := l.storage.Transaction(func() error {
		for _, title := range titles {
			if err := l.addOne(title); err != nil {
				return err
			}
		}
		return nil
	})
	if why, ok := errors.AsType[refusal](err); ok {
		return guest.Text(409, string(why)+"\n"), nil
	}
	if err != nil {
		return nil, err
	}
	return l.show(201)
}

func (l *List) addOne(title string) error {
	if title == "" || len(title) > maxTitleBytes {
		return refusal("A title has 1 to 200 bytes")
	}
	// In a transaction we see what it has written: a title that is twice in the
	// body is found here, too.
	if found, err := l.storage.Get("item/"+title, &Item{}); err != nil {
		return err
	} else if found {
		return refusal(title + " is on the list already")
	}
	return l.storage.Put("item/"+title, Item{Title: title})
}

func (l *List) change(title string, body []byte) (*guest.Response, error) {
	var item Item
	if found, err := l.storage.Get("item/"+title, &item); err != nil {
		return nil, err
	} else if !found {
		return guest.Text(404, title+" is not on the list\n"), nil
	}
	if err := json.Unmarshal(body, &item); err != nil || item.Title != title {
		return guest.Text(400, "The body is like {\"done\": true}\n"), nil
	}
	if err := l.storage.Put("item/"+title, item); err != nil {
		return nil, err
	}
	return guest.JSON(200, item), nil
}

func (l *List) remove(title string) (*guest.Response, error) {
	if found, err := l.storage.Delete("item/" + title); err != nil {
		return nil, err
	} else if !found {
		return guest.Text(404, title+" is not on the list\n"), nil
	}
	return &guest.Response{Status: 204}, nil
}
