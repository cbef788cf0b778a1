package guest

import (
	"reflect"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest/internal/goruntime"
)

// unready has JSON only once it is made.
type unready struct{ text *string }

func (u unready) MarshalJSON() ([]byte, error) { return []byte(*u.text), nil }

type unreadyObject struct{}

func (unreadyObject) Turn(unready, []int) map[string]unready { return nil }

// TestImagePrepare makes sure that it stands what a program is made of, and
// leaves the collector as it was.
func TestImagePrepare(t *testing.T) {
	classes["unready"] = &class{methods: methodsOf(reflect.TypeFor[unreadyObject](),
		plainMethod[unreadyObject])}
	defer delete(classes, "unready")
	defer func() { firstResponse = nil }()
	before := debug.SetGCPercent(70)
	in := newInstance()
	in.ImagePrepare()
	if got := debug.SetGCPercent(before); got != 70 {
		t.Errorf("the collector's percent is %d, it was 70", got)
	}

	// What lies in the image serves once: a program may keep what it was given.
	ns := in.env.Namespace("A")
	a, b := ns.GetByName("a"), ns.GetByName("b")
	c := in.env.Namespace("B").Get(ID{name: "c"})
	if a.Name() != "a" || b.Name() != "b" || c.Name() != "c" || b.ns.binding != "A" ||
		c.ns.binding != "B" {
		t.Errorf("the stubs are %+v, %+v and %+v", a, b, c)
	}
	if in.env.Namespace("A") != ns {
		t.Error("another Namespace for the same binding")
	}
	long := strings.Repeat("x", 2*len(in.first.body))
	responses := []*Response{Text(200, "one"), Text(201, long), JSON(202, 3)}
	for i, want := range []string{"one", long, "3"} {
		if r := responses[i]; r.Status != 200+i || string(r.Body) != want {
			t.Errorf("response %d is %d %q, want %q", i, r.Status, r.Body, want)
		}
	}
}

// TestFirst has all of an instance in one page. The allocator has a size class of
// a page.
func TestFirst(t *testing.T) {
	const most = goruntime.PageBytes - goruntime.HeaderBytes
	if size := reflect.TypeFor[instance]().Size(); size > most {
		t.Errorf("an instance has %d bytes", size)
	}
}
