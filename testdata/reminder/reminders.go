package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

// Reminder is what is stored of a reminder.
type Reminder struct {
	Number int       `json:"number"`
	Text   string    `json:"text"`
	Due    time.Time `json:"due"`
}

// Reminders is the durable object with the reminders of a user.
type Reminders struct {
	state *guest.State
	env   *guest.Env
}

// NewReminders is its constructor, called when the object comes to memory, be it
// for a call or because its alarm goes off.
func NewReminders(state *guest.State, env *guest.Env) (*Reminders, error) {
	return &Reminders{state, env}, nil
}

func key(number int) string { return fmt.Sprintf("reminder/%06d", number) }

// Set adds a reminder and returns its number. A call's writes become durable
// together, so after a crash there is no reminder without its alarm.
func (r *Reminders) Set(text string, in time.Duration) (number int, err error) {
	if _, err := r.state.Storage.Get("last", &number); err != nil {
		return 0, err
	}
	number++
	added := Reminder{number, text, guest.Now().Add(in)} // time.Now, but tests can move it
	err = r.state.Storage.PutMany(map[string]any{"last": number, key(number): added})
	if err != nil {
		return 0, err
	}
	return number, r.setAlarm()
}

// Cancel removes a reminder and says whether there was one.
func (r *Reminders) Cancel(number int) (bool, error) {
	found, err := r.state.Storage.Delete(key(number))
	if err != nil || !found {
		return false, err
	}
	return true, r.setAlarm()
}

// List returns what has not rung yet.
func (r *Reminders) List() ([]Reminder, error) {
	entries, err := r.state.Storage.List(guest.ListOptions{Prefix: "reminder/"})
	if err != nil {
		return nil, err
	}
	list := make([]Reminder, len(entries))
	for i, e := range entries {
		if err := e.Decode(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// setAlarm sets the alarm for what is due first. It replaces the one before.
func (r *Reminders) setAlarm() error {
	list, err := r.List()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return r.state.Storage.DeleteAlarm()
	}
	first := slices.MinFunc(list, func(a, b Reminder) int { return a.Due.Compare(b.Due) })
	return r.state.Storage.SetAlarm(first.Due)
}

// Alarm is run when the alarm goes off, and again later if it fails: after 2, 4,
// 8 seconds and so on. What it has written by then stays, so what rang does not
// ring again. It can all the same, if the host crashes between Call and Delete:
// an alarm goes off at least once, and what it does has to bear a repetition.
func (r *Reminders) Alarm(info guest.AlarmInfo) error {
	list, err := r.List()
	if err != nil {
		return err
	}
	// An object knows the name by which it was found, here too.
	phone := r.env.Namespace("PHONES").GetByName(r.state.ID.Name())
	for _, due := range list {
		if due.Due.After(info.ScheduledTime) {
			continue
		}
		if err := phone.Call("ring", nil, due.Text); err != nil {
			return fmt.Errorf("reminder %d, retry %d: %w", due.Number, info.RetryCount, err)
		}
		if _, err := r.state.Storage.Delete(key(due.Number)); err != nil {
			return err
		}
	}
	return r.setAlarm() // for the next one
}
