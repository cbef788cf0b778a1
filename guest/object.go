package guest

import (
	"reflect"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// class is a registered class. It is complete before the first call: building
// it takes reflection, and what init does is done once for all instances.
type class struct {
	name      string
	construct func(*State, *Env) (any, error)
	methods   map[string]*method
	fetch     func(recv any, req *Request) (*Response, error) // nil without a Fetch method
	alarm     func(recv any, info AlarmInfo) error            // nil without an Alarm method
}

// classes are the program's, by name. They change only while init runs.
var classes = map[string]*class{}

// fetcher is a class with a Fetch method.
type fetcher interface {
	Fetch(*Request) (*Response, error)
}

// alarmer is a class with an Alarm method.
type alarmer interface {
	Alarm(AlarmInfo) error
}

// RegisterObject makes a type of the program a class of durable objects, under
// the class_name that the config uses. T is usually a pointer to a struct; its
// exported methods are what stubs can call. construct makes an object from its
// state whenever the object comes to memory; if it fails, the call that wanted
// the object fails.
//
// RegisterObject can be called only in init, and panics when it cannot do its
// work: a program that registers wrongly should not start.
func RegisterObject[T any](name string, construct func(*State, *Env) (T, error)) {
	t := reflect.TypeFor[T]()
	if t.Kind() == reflect.Interface {
		panic("guest: RegisterObject " + name + ": the constructor returns an interface, " +
			"which does not say what methods there are")
	}
	c := &class{
		name:      name,
		construct: func(s *State, e *Env) (any, error) { return construct(s, e) },
		methods:   methodsOf(t, plainMethod[T]),
	}
	if _, ok := any(*new(T)).(fetcher); ok {
		c.fetch = func(recv any, req *Request) (*Response, error) {
			return recv.(fetcher).Fetch(req)
		}
	} else if m, ok := t.MethodByName("Fetch"); ok {
		panic("guest: RegisterObject " + name + ": Fetch is " + m.Type.String() +
			", not a method that takes a *guest.Request and returns (*guest.Response, error)")
	}
	if _, ok := any(*new(T)).(alarmer); ok {
		c.alarm = func(recv any, info AlarmInfo) error { return recv.(alarmer).Alarm(info) }
	} else if m, ok := t.MethodByName("Alarm"); ok {
		panic("guest: RegisterObject " + name + ": Alarm is " + m.Type.String() +
			", not a method that takes a guest.AlarmInfo and returns error")
	}
	c.register()
}

func (c *class) register() {
	if _, ok := classes[c.name]; ok {
		panic("guest: RegisterObject " + c.name + ": there is such a class already")
	}
	var flags uint32
	if c.fetch != nil {
		flags |= abi.ClassHasFetch
	}
	if c.alarm != nil {
		flags |= abi.ClassHasAlarm
	}
	if s := hostcall.ClassRegister(c.name, flags); s != abi.StatusOK {
		panic("guest: RegisterObject " + c.name + ": " + s.String())
	}
	classes[c.name] = c
}
