package main

import (
	"fmt"

	"github.com/cairn-dev/cairn/guest"
)

// Entry is a line of an account's ledger. Its key makes it happen once.
type Entry struct {
	Key     string `json:"key"`
	Amount  int64  `json:"amount"`            // what the balance grew by
	To      string `json:"to,omitempty"`      // the other account of a transfer
	Pending bool   `json:"pending,omitempty"` // the other account may not have it yet
}

// Statement is what the Worker shows of an account.
type Statement struct {
	Balance int64   `json:"balance"`
	Ledger  []Entry `json:"ledger"`
}

// Account is the durable object.
type Account struct {
	state *guest.State
	env   *guest.Env
}

// NewAccount is its constructor, called when an account comes to memory.
func NewAccount(state *guest.State, env *guest.Env) (*Account, error) {
	return &Account{state, env}, nil
}

// refuse returns an error whose name the Worker knows: it crosses the stub with
// the message. What is refused has changed nothing.
func refuse(message string) error { return &guest.Error{Name: "Refused", Message: message} }

// Deposit puts money into the account, once for each key.
func (a *Account) Deposit(key string, amount int64) error {
	entry := Entry{Key: key, Amount: amount}
	if _, found, err := a.find(entry, amount); found || err != nil {
		return err // none if it was done before
	}
	var frozen bool
	if _, err := a.state.Storage.Get("frozen", &frozen); err != nil {
		return err
	}
	if frozen {
		return refuse(a.state.ID.Name() + " is frozen")
	}
	return a.post(entry)
}

// Transfer moves money to another account, once for each key. An error whose
// name is Pending says that it has left here and may not have arrived.
func (a *Account) Transfer(key, to string, amount int64) error {
	if to == "" {
		return refuse("it needs an account to go to")
	}
	entry := Entry{Key: key, Amount: -amount, To: to, Pending: true}
	earlier, found, err := a.find(entry, amount)
	if err != nil {
		return err
	}
	if found && !earlier.Pending {
		return nil // done before
	}
	if !found {
		balance, err := a.balance()
		if err != nil {
			return err
		}
		if balance < amount {
			return refuse(fmt.Sprintf("%s has only %d", a.state.ID.Name(), balance))
		}
		if err := a.post(entry); err != nil {
			return err
		}
	}

	// What is posted is a whole of its own once the call goes out, and from here on
	// the entry says how to go on, whatever happens. The other account has a ledger
	// too, so it may get the call more than once. Its key there names us, as clients
	// of two accounts can choose the same.
	other := a.env.Namespace("ACCOUNTS").GetByName(to)
	if err := other.Call("deposit", nil, a.state.ID.Name()+"/"+key, amount); err != nil {
		return &guest.Error{Name: "Pending",
			Message: "send it again with the same key: " + err.Error()}
	}

	// The other account may have paid us meanwhile: a call that would wait for ours
	// for ever is let in. The balance from above may be an old one by now; the entry
	// is ours alone.
	entry.Pending = false
	return a.state.Storage.Put("entry/"+key, entry)
}

// Freeze keeps money from coming in, or no longer does.
func (a *Account) Freeze(frozen bool) error { return a.state.Storage.Put("frozen", frozen) }

// Statement returns the balance and the ledger.
func (a *Account) Statement() (s Statement, err error) {
	entries, err := a.state.Storage.List(guest.ListOptions{Prefix: "entry/"})
	if err != nil {
		return s, err
	}
	s.Ledger = make([]Entry, len(entries))
	for i, e := range entries {
		if err := e.Decode(&s.Ledger[i]); err != nil {
			return s, err
		}
	}
	s.Balance, err = a.balance()
	return s, err
}

func (a *Account) balance() (balance int64, err error) {
	_, err = a.state.Storage.Get("balance", &balance)
	return balance, err
}

// maxAmount keeps balances far away from where an int64 ends.
const maxAmount = 1_000_000_000

// find looks for an earlier entry with the key of a new one. The same key for
// something else is a mistake, which is better refused than done or passed over.
func (a *Account) find(entry Entry, amount int64) (earlier Entry, found bool, err error) {
	if entry.Key == "" || amount <= 0 || amount > maxAmount {
		return earlier, false, refuse("it needs an Idempotency-Key, and an amount above 0")
	}
	found, err = a.state.Storage.Get("entry/"+entry.Key, &earlier)
	if err == nil && found && (earlier.Amount != entry.Amount || earlier.To != entry.To) {
		err = refuse("the key " + entry.Key + " was used for something else")
	}
	return earlier, found, err
}

// post writes an entry and the new balance. PutMany is all or nothing, also when
// it fails and the call goes on.
func (a *Account) post(e Entry) error {
	balance, err := a.balance()
	if err != nil {
		return err
	}
	return a.state.Storage.PutMany(map[string]any{"balance": balance + e.Amount,
		"entry/" + e.Key: e})
}
