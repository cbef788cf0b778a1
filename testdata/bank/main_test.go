package main

import (
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

// bank is a running app, and the requests that the tests send.
type bank struct {
	*guesttest.Host
	t *testing.T
}

func newBank(t *testing.T) bank {
	b := bank{guesttest.New(t, guesttest.Options{
		Script: "bank", Bindings: map[string]string{"ACCOUNTS": "Account"},
	}), t}
	b.send("POST", "/alice/deposit", "d1", "amount=100", 200)
	return b
}

func (b bank) send(method, path, key, form string, status int) {
	b.t.Helper()
	req, err := guest.NewRequest(method, "http://127.0.0.1:8787"+path, []byte(form))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", key)
	if resp := b.Fetch(req); resp.Status != status {
		b.t.Errorf("%s %s %s %s: %d %s, want %d", method, path, key, form, resp.Status,
			resp.Body, status)
	}
}

// balances checks what both have, that their ledgers say the same, and whether
// alice has something pending.
func (b bank) balances(alice, bob int64, pending ...string) {
	b.t.Helper()
	for name, want := range map[string]int64{"alice": alice, "bob": bob} {
		var s Statement
		if err := b.Namespace("ACCOUNTS").GetByName(name).Call("statement", &s); err != nil ||
			s.Balance != want {
			b.t.Errorf("%s has %d, want %d, %v", name, s.Balance, want, err)
		}
		sum := int64(0)
		for _, e := range s.Ledger {
			sum += e.Amount
			if e.Pending != slices.Contains(pending, e.Key) {
				b.t.Errorf("%s has %+v, and pending should be %q", name, e, pending)
			}
		}
		if sum != s.Balance {
			b.t.Errorf("%s has %d, and a ledger of %d", name, s.Balance, sum)
		}
	}
}

func TestTransfer(t *testing.T) {
	b := newBank(t)
	for range 3 { // once, and sent again
		b.send("POST", "/alice/transfer", "t1", "to=bob&amount=30", 200)
		b.balances(70, 30)
	}
	b.send("POST", "/bob/transfer", "t1", "to=alice&amount=5", 200) // bob's own t1
	b.balances(75, 25)
}

func TestRefused(t *testing.T) {
	b := newBank(t)
	b.send("POST", "/alice/transfer", "t1", "to=bob&amount=1", 200)
	for _, tt := range []struct {
		path, key, form string
		status          int
	}{
		{"/alice/transfer", "t2", "to=bob&amount=100", 409},
		{"/alice/transfer", "t2", "to=bob&amount=-1", 409},
		{"/alice/transfer", "t2", "to=bob&amount=1000000001", 409},
		{"/alice/transfer", "", "to=bob&amount=1", 409},
		{"/alice/transfer", "t2", "amount=1", 409},
		{"/alice/transfer", "t2", "to=bob/t1&amount=1", 400},
		{"/alice/transfer", "t1", "to=bob&amount=2", 409},
		{"/alice/transfer", "t1", "to=carol&amount=1", 409},
		{"/alice/deposit", "t1", "amount=1", 409},
		{"/alice/deposit", "d2", "amount=x", 409},
		{"/bob/deposit", "alice/t2", "amount=1", 400},
		{"/alice/close", "c1", "", 405},
	} {
		b.send("POST", tt.path, tt.key, tt.form, tt.status)
	}
	b.balances(99, 1)
}

// TestPending has a second step that fails, and a client that sends it again.
func TestPending(t *testing.T) {
	b := newBank(t)
	b.send("PUT", "/bob/frozen", "", "true", 200)
	for range 2 {
		b.send("POST", "/alice/transfer", "t1", "to=bob&amount=30", 503)
		b.balances(70, 0, "t1")
		b.Crash() // a transfer that has begun is not forgotten
	}
	b.send("PUT", "/bob/frozen", "", "false", 200)
	b.send("POST", "/alice/transfer", "t1", "to=bob&amount=30", 200)
	b.balances(70, 30)
}

// TestLostAnswer has a second step that succeeds without alice's learning of it.
func TestLostAnswer(t *testing.T) {
	b := newBank(t)
	b.send("PUT", "/bob/frozen", "", "true", 200)
	b.send("POST", "/alice/transfer", "t1", "to=bob&amount=30", 503)
	b.send("PUT", "/bob/frozen", "", "false", 200)
	if err := b.Namespace("ACCOUNTS").GetByName("bob").Call("deposit", nil, "alice/t1",
		30); err != nil {
		t.Fatal(err)
	}
	b.balances(70, 30, "t1")
	b.send("POST", "/alice/transfer", "t1", "to=bob&amount=30", 200)
	b.balances(70, 30)
}

// TestItself pays the payer: the second call enters the object that waits for it.
func TestItself(t *testing.T) {
	b := newBank(t)
	b.send("POST", "/alice/transfer", "t1", "to=alice&amount=30", 200)
	b.balances(100, 0)
}
