package storage

import (
	"math"
	"testing"
)

// TestAlarmHint: a commit that sets alarms hints at the earliest of them; one that
// sets none does not, and neither does one that is rolled back.
func TestAlarmHint(t *testing.T) {
	s := openMem(t, Options{})
	signalled := func() bool {
		select {
		case <-s.AlarmHint():
			return true
		default:
			return false
		}
	}
	txn := s.Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	other := s.Object(Owner{ID: testID(2)}).Begin()
	defer other.Close()

	mustPut(t, txn, "k", "v")
	commit(t, txn)
	if err := txn.SetAlarm(5); err != nil {
		t.Fatal(err)
	}
	txn.Rollback()
	commit(t, txn)
	if _, set := s.TakeAlarmHint(); set || signalled() {
		t.Fatal("hint without an alarm")
	}

	for i, at := range []int64{300, 100, 200} {
		to := txn
		if i == 2 {
			to = other
		}
		if err := to.SetAlarm(at); err != nil {
			t.Fatal(err)
		}
		commit(t, to)
	}
	if !signalled() {
		t.Fatal("no signal after three alarms")
	}
	if at, set := s.TakeAlarmHint(); at != 100 || !set {
		t.Fatalf("hint = %d, %v, want 100", at, set)
	}
	if err := txn.DeleteAlarm(); err != nil {
		t.Fatal(err)
	}
	commit(t, txn)
	if _, set := s.TakeAlarmHint(); set || signalled() {
		t.Fatal("hint after a deletion")
	}
}

// TestDueAlarmsAfter: DueAlarmsAfter goes on behind any place, whether an alarm is
// there or not.
func TestDueAlarmsAfter(t *testing.T) {
	s := openMem(t, Options{})
	for i, at := range []int64{10, 20, 20, 30} {
		txn := s.Object(Owner{ID: testID(byte(i + 1))}).Begin()
		if err := txn.SetAlarm(at); err != nil {
			t.Fatal(err)
		}
		commit(t, txn)
		txn.Close()
	}
	for _, c := range []struct {
		after int64
		id    byte
		want  []byte
	}{
		{math.MinInt64, 0, []byte{1, 2, 3, 4}},
		{10, 1, []byte{2, 3, 4}},
		{20, 2, []byte{3, 4}},
		{19, 0xff, []byte{2, 3, 4}},
		{30, 4, nil},
	} {
		due, err := s.DueAlarmsAfter(Alarm{UnixMS: c.after, Owner: Owner{ID: testID(c.id)}}, 30, 9)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for _, a := range due {
			got = append(got, a.Owner.ID[0])
		}
		if string(got) != string(c.want) {
			t.Errorf("after %d/%d: %v, want %v", c.after, c.id, got, c.want)
		}
	}
}
