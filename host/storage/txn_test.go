package storage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/cairn-dev/cairn/abi"
)

// TestTxn runs transcripts of one object's transaction. A line is a command; see
// runTxnLine. The name of a table before it is that of the rows that are meant. "read"
// opens a second transaction, which sees what is committed only.
func TestTxn(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := openMem(t, Options{})
		owner := Owner{Namespace: 7, ID: testID(1), Name: "alice", Named: true}
		txn := s.Object(owner).Begin()
		defer txn.Close()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			target := txn
			if d.Cmd == "read" {
				target = s.Object(owner).Begin()
				defer target.Close()
			}
			var out strings.Builder
			for line := range strings.Lines(d.Input) {
				line = strings.TrimSpace(line)
				result, err := runTxnLine(s, target, strings.Fields(line))
				if err != nil {
					result = "error: " + err.Error()
				}
				fmt.Fprintf(&out, "%s: %s\n", line, result)
			}
			return out.String()
		})
	})
}

func runTxnLine(s *Store, txn *Txn, args []string) (string, error) {
	rows := txn.Table(Data)
	if table, ok := map[string]Table{"pages": pages, "history": history}[args[0]]; ok {
		rows, args = txn.Table(table), args[1:]
	}
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	n, _ := strconv.Atoi(arg(1))
	switch args[0] {
	case "get":
		value, found, err := rows.Get(b(arg(1)))
		return fmt.Sprintf("%q %v", value, found), err
	case "put":
		return "ok", rows.Put(b(arg(1)), b(arg(2)))
	case "delete":
		found, err := rows.Delete(b(arg(1)))
		return fmt.Sprint(found), err
	case "delete-all":
		return "ok", txn.DeleteAll()
	case "scan", "scan-reverse":
		c := rows.Scan(ScanOptions{Reverse: args[0] == "scan-reverse"})
		var pairs []string
		for c.Next() {
			pairs = append(pairs, string(c.Key())+"="+string(c.Value()))
		}
		return strings.Join(pairs, " "), c.Close()
	case "savepoint":
		return fmt.Sprint(txn.Savepoint()), nil
	case "rollback-to":
		txn.RollbackTo(n)
		return "ok", nil
	case "release":
		txn.Release(n)
		return "ok", nil
	case "set-alarm":
		return "ok", txn.SetAlarm(int64(n))
	case "delete-alarm":
		return "ok", txn.DeleteAlarm()
	case "alarm":
		at, set, err := txn.Alarm()
		return fmt.Sprint(at, set), err
	case "dirty":
		return fmt.Sprint(txn.Dirty()), nil
	case "commit":
		seq, err := txn.Commit()
		return fmt.Sprintf("seq %d", seq), err
	case "rollback":
		txn.Rollback()
		return "ok", nil
	case "store":
		return describeStore(s)
	}
	return "", fmt.Errorf("unknown command %q", args[0])
}

// describeStore lists what is derived from the objects.
func describeStore(s *Store) (string, error) {
	owners, err := s.ObjectsOf(7, abi.ID{}, 10)
	if err != nil {
		return "", err
	}
	due, err := s.DueAlarms(1<<62, 10)
	if err != nil {
		return "", err
	}
	var out []string
	for _, o := range owners {
		out = append(out, fmt.Sprintf("object %q", o.Name))
	}
	for _, a := range due {
		out = append(out, fmt.Sprintf("alarm %d of %q", a.UnixMS, a.Owner.Name))
	}
	return strings.Join(out, ", "), nil
}

func TestLimits(t *testing.T) {
	txn := openMem(t, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	longest, largest := make([]byte, abi.MaxKeyBytes), make([]byte, abi.MaxValueBytes)
	if err := txn.Put(longest, largest); err != nil {
		t.Fatalf("at the limits: %v", err)
	}
	var size *SizeError
	err := txn.Put(append(longest, 0), nil)
	if !errors.Is(err, ErrKeyTooLarge) || !errors.As(err, &size) || size.Size != abi.MaxKeyBytes+1 {
		t.Errorf("long key: %v", err)
	}
	if _, _, err := txn.Get(append(longest, 0)); !errors.Is(err, ErrKeyTooLarge) {
		t.Errorf("get of a long key: %v", err)
	}
	err = txn.Put(nil, append(largest, 0))
	if !errors.Is(err, ErrValueTooLarge) || !errors.As(err, &size) ||
		size.Size != abi.MaxValueBytes+1 {
		t.Errorf("large value: %v", err)
	}
	for i := 0; ; i++ {
		err = txn.Put(fmt.Appendf(nil, "k%d", i), largest)
		if err != nil {
			break
		}
		if i > MaxTxnBytes/abi.MaxValueBytes {
			t.Fatal("a transaction grows without limit")
		}
	}
	if !errors.Is(err, ErrTxnTooLarge) {
		t.Errorf("large transaction: %v", err)
	}
	commit(t, txn) // a batch above half a memtable takes another way in pebble
	value, found, err := txn.Get(longest)
	if !found || len(value) != abi.MaxValueBytes || err != nil {
		t.Errorf("after a large batch: %d bytes, %v, %v", len(value), found, err)
	}
}

// TestTxnMemoryIsReused: rolling back in a loop, and writing one key over and over,
// take no memory.
func TestTxnMemoryIsReused(t *testing.T) {
	txn := openMem(t, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	value := make([]byte, abi.MaxValueBytes)
	sp := txn.Savepoint()
	for range 2 * MaxTxnBytes / len(value) {
		if err := txn.Put(b("k"), value); err != nil {
			t.Fatal(err)
		}
		txn.RollbackTo(sp)
	}
	txn.Release(sp)
	for range 2 * MaxTxnBytes / len(value) {
		if err := txn.Put(b("k"), value); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGetPutCommitAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := openMem(t, Options{})
	o := s.Object(Owner{ID: testID(1)})
	key, value := b("value"), b("12345678")
	got := testing.AllocsPerRun(1000, func() {
		txn := o.Begin()
		if _, _, err := txn.Get(key); err != nil {
			t.Fatal(err)
		}
		if err := txn.Put(key, value); err != nil {
			t.Fatal(err)
		}
		// Waiting lets the syncer give the batch back before the next is made.
		wait(t, s, commit(t, txn))
		txn.Close()
	})
	if got > 1 { // pebble's pools may lose one to the collector
		t.Errorf("Get, Put and Commit of one key allocate %v times, want at most 1", got)
	}
}
