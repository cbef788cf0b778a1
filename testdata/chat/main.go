// Command chat has any number of rooms. Each room is an object: it numbers what
// is said in it, keeps it, and shows the latest of it.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Room", NewRoom)
}

const (
	maxTextBytes = 4 << 10 // of one message
	maxHistory   = 100     // messages in one answer; a client pages back for more
)

// fetch is the Worker. POST /{room}?from={who} says something; GET /{room} shows
// what was said last, and ?before={number} what was said before that.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	// A client can write any bytes in a path; names are UTF-8.
	name := strings.ToValidUTF8(strings.Trim(req.URL.Path, "/"), "\uFFFD")
	query := req.Query()
	if name == "" {
		return guest.Text(404, "Which room? Try /lobby\n"), nil
	}
	// Nobody has to make a room: an object is there as soon as it is named.
	room := env.Namespace("ROOMS").GetByName(name)

	switch req.Method {
	case "POST":
		from, text := query.Get("from"), string(req.Body)
		if from == "" || text == "" || len(text) > maxTextBytes {
			return guest.Text(400, "Say who you are with ?from=, and something\n"), nil
		}
		var m Message
		if err := room.Call("say", &m, from, text); err != nil {
			return nil, err
		}
		return guest.Text(201, m.String()), nil
	case "GET":
		limit := number(query.Get("limit"), maxHistory)
		var messages []Message
		if err := room.Call("history", &messages, number(query.Get("before"), 0),
			limit); err != nil {
			return nil, err
		}
		var page strings.Builder
		for _, m := range messages {
			page.WriteString(m.String())
		}
		return guest.Text(200, page.String()), nil
	}
	return guest.Text(405, "GET or POST\n"), nil
}

// number reads a number above zero, and gives otherwise for anything else.
func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// Message is what somebody said. It crosses a stub as JSON.
type Message struct {
	Number int    `json:"number"`
	From   string `json:"from"`
	Text   string `json:"text"`
}

// String returns the message as a line.
func (m Message) String() string { return fmt.Sprintf("%d %s: %s\n", m.Number, m.From, m.Text) }

// Room is the durable object.
type Room struct{ storage *guest.Storage }

// NewRoom is its constructor, called when a room comes to memory.
func NewRoom(state *guest.State, _ *guest.Env) (*Room, error) { return &Room{state.Storage}, nil }

// prefix is what the keys of messages begin with.
const prefix = "message/"

// key returns the key of a message. Keys are in the order of their bytes, so the
// digits are filled up: 10 would be before 9 otherwise.
func key(number int) string { return fmt.Sprintf("%s%012d", prefix, number) }

// Say adds a message. Two people who speak at once get two numbers: a room does
// one thing at a time.
func (r *Room) Say(from, text string) (Message, error) {
	m := Message{From: from, Text: text}
	if _, err := r.storage.Get("last", &m.Number); err != nil {
		return m, err
	}
	m.Number++
	return m, r.storage.PutMany(map[string]any{"last": m.Number, key(m.Number): m})
}

// History returns the last messages before a number, or of all if it is 0, and
// the oldest of them first.
func (r *Room) History(before, limit int) ([]Message, error) {
	// A list in reverse begins with the latest: no more than limit messages are
	// read, however many there are.
	options := guest.ListOptions{Prefix: prefix, Reverse: true, Limit: min(limit, maxHistory)}
	if before > 0 {
		options.End = key(before) // without this one
	}
	entries, err := r.storage.List(options)
	if err != nil {
		return nil, err
	}
	list := make([]Message, len(entries))
	for i, e := range entries {
		if err := e.Decode(&list[len(list)-1-i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}
