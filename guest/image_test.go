package guest

import (
	"reflect"
	"runtime/debug"
	"testing"
)

// unready has JSON only once it is made.
type unready struct{ text *string }

func (u unready) MarshalJSON() ([]byte, error) { return []byte(*u.text), nil }

type unreadyObject struct{}

func (unreadyObject) Turn(unready, []int) map[string]unready { return nil }

// TestImagePrepare makes sure that it stands what a program is made of, and
// leaves the collector as it was.
func TestImagePrepare(t *testing.T) {
	classes["unready"] = &class{methods: methodsOf(reflect.TypeFor[unreadyObject](), plainMethod[unreadyObject])}
	defer delete(classes, "unready")
	before := debug.SetGCPercent(70)
	newInstance().ImagePrepare()
	if got := debug.SetGCPercent(before); got != 70 {
		t.Errorf("the collector's percent is %d, it was 70", got)
	}
}
