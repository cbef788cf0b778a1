package storage

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
)

var modelSeed = flag.Uint64("seed", 0, "seed of the random tests; 0 draws one")

func newRand(t testing.TB) *rand.Rand {
	seed := *modelSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("to repeat: go test ./host/storage -run '^%s$' -seed %d", t.Name(), seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// state is what a model object holds. It has a record as long as a row or an
// alarm of it is committed.
type state struct {
	tables map[Table]map[string]string
	due    int64
	alarm  bool
	record bool
}

// modelTables are Data and one of each kind; wipedTables those that DeleteAll empties.
var modelTables, wipedTables = []Table{Data, pages, history}, []Table{Data, pages}

func newState() state {
	s := state{tables: map[Table]map[string]string{}}
	for _, table := range modelTables {
		s.tables[table] = map[string]string{}
	}
	return s
}

func (s state) clone() state {
	s.tables = maps.Clone(s.tables)
	for table, rows := range s.tables {
		s.tables[table] = maps.Clone(rows)
	}
	return s
}

// holds reports whether there is a row or an alarm.
func (s state) holds() bool {
	for _, rows := range s.tables {
		if len(rows) > 0 {
			return true
		}
	}
	return s.alarm
}

// model is one object beside a Txn: what the Txn shows, what is committed, and
// what each savepoint goes back to.
type model struct {
	now, stored state
	saved       []state
}

// cursorCheck is an open cursor and what is left for it to show.
type cursorCheck struct {
	c    *Cursor
	want []string
}

// TestModel runs random operations on a few objects and on plain maps.
func TestModel(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 5
	}
	r := newRand(t)
	fs := vfs.NewMem()
	models := make([]*model, 4)
	for i := range models {
		models[i] = &model{now: newState(), stored: newState()}
	}
	for range rounds {
		s, err := Open("store", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range models {
			checkModel(t, s, i, m)
			runModel(t, r, s, i, m, 400)
		}
		checkAlarms(t, s, models)
		if r.IntN(3) == 0 {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func modelOwner(i int) Owner {
	return Owner{Namespace: uint32(i % 2), ID: testID(byte(i + 1)),
		Name: fmt.Sprint("object", i), Named: true}
}

// checkModel compares a reopened store with the model.
func checkModel(t *testing.T, s *Store, i int, m *model) {
	txn := s.Object(modelOwner(i)).Begin()
	defer txn.Close()
	for _, table := range modelTables {
		got := scanAll(t, txn.Table(table).Scan(ScanOptions{}))
		if want := m.stored.list(table, ScanOptions{}); !slices.Equal(got, want) {
			t.Fatalf("object %d, table %x: after opening %q, want %q", i, table, got, want)
		}
	}
	at, set, err := txn.Alarm()
	if err != nil || set != m.stored.alarm || set && at != m.stored.due {
		t.Fatalf("object %d: alarm %d %v %v, want %d %v",
			i, at, set, err, m.stored.due, m.stored.alarm)
	}
}

// checkAlarms compares the index of times, and the directory, with the models.
func checkAlarms(t *testing.T, s *Store, models []*model) {
	want := map[abi.ID]int64{}
	for i, m := range models {
		if m.stored.alarm {
			want[modelOwner(i).ID] = m.stored.due
		}
		_, found, err := s.Lookup(modelOwner(i).ID)
		listed, err2 := s.ObjectsOf(uint32(i%2), abi.ID{}, 10)
		inList := slices.Contains(listed, modelOwner(i))
		if err != nil || err2 != nil || found != m.stored.record || inList != m.stored.record {
			t.Fatalf("object %d: record %v, listed %v, want %v (%v, %v)",
				i, found, inList, m.stored.record, err, err2)
		}
	}
	alarms, err := s.DueAlarms(1<<62, 100)
	if err != nil || len(alarms) != len(want) {
		t.Fatalf("%d alarms (%v), want %d", len(alarms), err, len(want))
	}
	for i, a := range alarms {
		if want[a.Owner.ID] != a.UnixMS || i > 0 && alarms[i-1].UnixMS > a.UnixMS {
			t.Fatalf("alarm %d: %+v", i, a)
		}
	}
}

func runModel(t *testing.T, r *rand.Rand, s *Store, i int, m *model, ops int) {
	txn := s.Object(modelOwner(i)).Begin()
	defer txn.Close()
	var cursors []cursorCheck
	for n := range ops {
		what := stepModel(t, r, txn, m)
		if r.IntN(10) == 0 {
			o, table := randomScan(r), randomTable(r)
			cursors = append(cursors,
				cursorCheck{txn.Table(table).Scan(o), m.now.list(table, o)})
		}
		for j := 0; j < len(cursors); j++ {
			if cursors[j].step(t, r, fmt.Sprintf("object %d, op %d (%s)", i, n, what)) {
				continue
			}
			cursors = slices.Delete(cursors, j, j+1)
			j--
		}
	}
	m.now, m.saved = m.stored.clone(), nil // Close rolls back
}

// step moves a cursor a little and says whether it goes on.
func (c *cursorCheck) step(t *testing.T, r *rand.Rand, where string) bool {
	for range r.IntN(4) {
		if !c.c.Next() {
			if len(c.want) > 0 || c.c.Close() != nil {
				t.Fatalf("%s: cursor ended (%v), want %q", where, c.c.Err(), c.want)
			}
			return false
		}
		got := string(c.c.Key()) + "=" + string(c.c.Value())
		if len(c.want) == 0 || got != c.want[0] {
			t.Fatalf("%s: cursor shows %q, want %q", where, got, c.want)
		}
		c.want = c.want[1:]
	}
	if r.IntN(20) == 0 {
		_ = c.c.Close()
		return false
	}
	return true
}

// randomKey draws from few keys, so that operations meet.
func randomKey(r *rand.Rand) string {
	const letters = "ab\x00\xff"
	key := make([]byte, r.IntN(4))
	for i := range key {
		key[i] = letters[r.IntN(len(letters))]
	}
	return string(key)
}

func randomTable(r *rand.Rand) Table { return modelTables[r.IntN(len(modelTables))] }

func randomScan(r *rand.Rand) ScanOptions {
	key := func() []byte {
		if r.IntN(3) > 0 {
			return nil
		}
		return []byte(randomKey(r))
	}
	o := ScanOptions{Start: key(), End: key(), Prefix: key(), Reverse: r.IntN(2) == 0}
	if o.Start == nil {
		o.StartAfter = key()
	}
	if r.IntN(3) == 0 {
		o.Limit = 1 + r.IntN(5)
	}
	return o
}

// list is ScanOptions in the plainest words: it looks at every key.
func (s state) list(table Table, o ScanOptions) (pairs []string) {
	rows := s.tables[table]
	keys := slices.Sorted(maps.Keys(rows))
	if o.Reverse {
		slices.Reverse(keys)
	}
	for _, key := range keys {
		if key < string(o.Start) || o.StartAfter != nil && key <= string(o.StartAfter) ||
			o.End != nil && key >= string(o.End) || !strings.HasPrefix(key, string(o.Prefix)) {
			continue
		}
		if pairs = append(pairs, key+"="+rows[key]); len(pairs) == o.Limit {
			break
		}
	}
	return pairs
}

// stepModel does one random thing to both and compares what it returns.
func stepModel(t *testing.T, r *rand.Rand, txn *Txn, m *model) (what string) {
	key, table := randomKey(r), randomTable(r)
	rows, want := txn.Table(table), m.now.tables[table]
	switch n := r.IntN(100); {
	case n < 30:
		value := strings.Repeat(string('a'+rune(r.IntN(26))), r.IntN(20))
		if err := rows.Put([]byte(key), []byte(value)); err != nil {
			t.Fatal(err)
		}
		want[key] = value
		return "put"
	case n < 45:
		found, err := rows.Delete([]byte(key))
		if _, ok := want[key]; err != nil || found != ok {
			t.Fatalf("delete %q: %v %v, want %v", key, found, err, ok)
		}
		delete(want, key)
		return "delete"
	case n < 65:
		value, found, err := rows.Get([]byte(key))
		if kept, ok := want[key]; err != nil || found != ok || string(value) != kept {
			t.Fatalf("get %q: %q %v %v, want %q %v", key, value, found, err, kept, ok)
		}
		return "get"
	case n < 72:
		m.now.due, m.now.alarm = r.Int64N(1000)-500, r.IntN(3) > 0
		err := txn.DeleteAlarm()
		if m.now.alarm {
			err = txn.SetAlarm(m.now.due)
		}
		if err != nil {
			t.Fatal(err)
		}
		return "alarm"
	case n < 75:
		if err := txn.DeleteAll(); err != nil {
			t.Fatal(err)
		}
		m.now.due, m.now.alarm = 0, false
		for _, table := range wipedTables {
			clear(m.now.tables[table])
		}
		return "delete all"
	case n < 77: // in their order, which must not matter
		for _, table := range modelTables {
			want := m.now.tables[table]
			for _, key := range slices.Sorted(maps.Keys(want)) {
				if found, err := txn.Table(table).Delete([]byte(key)); err != nil || !found {
					t.Fatalf("delete %q: %v %v", key, found, err)
				}
			}
			clear(want)
		}
		return "delete each"
	}
	return stepTxn(t, r, txn, m)
}

// stepTxn is the part of stepModel that moves whole states.
func stepTxn(t *testing.T, r *rand.Rand, txn *Txn, m *model) (what string) {
	switch n := r.IntN(25); {
	case n < 9 && len(m.saved) < 6:
		txn.Savepoint()
		m.saved = append(m.saved, m.now.clone())
		return "savepoint"
	case n < 14 && len(m.saved) > 0:
		sp := r.IntN(len(m.saved))
		txn.RollbackTo(sp)
		m.saved = m.saved[:sp+1]
		m.now = m.saved[sp].clone()
		return "rollback to"
	case n < 18 && len(m.saved) > 0:
		sp := r.IntN(len(m.saved))
		txn.Release(sp)
		m.saved = m.saved[:sp]
		return "release"
	case n < 23:
		commit(t, txn)
		m.now.record = m.now.holds()
		m.stored = m.now.clone()
		if _, found, err := txn.o.s.Lookup(txn.o.owner.ID); found != m.now.record || err != nil {
			t.Fatalf("after a commit: record %v, want %v (%v)", found, m.now.record, err)
		}
		for i := range m.saved {
			m.saved[i] = m.now.clone()
		}
		return "commit"
	case n < 24:
		txn.Rollback()
		m.now, m.saved = m.stored.clone(), nil
		return "rollback"
	}
	return "nothing"
}
