package guest

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reserved are methods with a meaning of their own, which no stub can call.
// Those that nothing uses yet are kept free.
var reserved = map[string]bool{
	"Fetch": true, "Alarm": true, "Connect": true,
	"WebSocketMessage": true, "WebSocketClose": true, "WebSocketError": true,
}

// method is an RPC method of a class.
type method struct {
	name     string // the method's wire name
	params   int    // how many arguments it takes, without a variadic one
	variadic bool
	in       []reflect.Type // of each parameter; the last is the variadic one's element
	out      reflect.Type   // of the result; nil if there is none, or it is plain
	invoke   invoker
	refused  string // why it cannot be called, if so
}

// invoker calls a method of recv. It decodes c.args, whose number is right, and
// appends the result to c.out, which is empty.
type invoker func(m *method, recv any, c *call) error

// call is a running call of a method.
type call struct {
	args [][]byte // elements of the JSON array, views of the input
	out  []byte
}

// wireName returns the name by which stubs call a Go method.
func wireName(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}

// methodsOf returns the RPC methods of t by wire name. plain returns an invoker
// for a method value's function if it knows its signature, else nil.
func methodsOf(t reflect.Type, plain func(fn any) invoker) map[string]*method {
	methods := make(map[string]*method, t.NumMethod())
	for i := range t.NumMethod() {
		rm := t.Method(i)
		if reserved[rm.Name] {
			continue
		}
		m := &method{name: wireName(rm.Name), variadic: rm.Type.IsVariadic()}
		for j := 1; j < rm.Type.NumIn(); j++ { // 0 is the receiver
			m.in = append(m.in, rm.Type.In(j))
		}
		m.params = len(m.in)
		if m.variadic {
			m.params--
			m.in[m.params] = m.in[m.params].Elem()
		}
		m.invoke = plain(rm.Func.Interface())
		if m.invoke == nil {
			m.reflected(rm)
		}
		methods[m.name] = m
	}
	return methods
}

var errorType = reflect.TypeFor[error]()

// reflected makes m call by reflection.
func (m *method) reflected(rm reflect.Method) {
	out := rm.Type.NumOut()
	fails := out > 0 && rm.Type.Out(out-1) == errorType
	if fails {
		out--
	}
	if out > 1 {
		m.refused = "it returns more than one value and an error"
		return
	}
	if out > 0 {
		m.out = rm.Type.Out(0)
	}
	m.invoke = func(m *method, recv any, c *call) error {
		in := make([]reflect.Value, 1, 1+len(c.args))
		in[0] = reflect.ValueOf(recv)
		for i, arg := range c.args {
			v := reflect.New(m.in[min(i, len(m.in)-1)])
			if err := decode(arg, v.Interface()); err != nil {
				return m.wrongType(i)
			}
			in = append(in, v.Elem())
		}
		results := rm.Func.Call(in)
		if fails {
			if err, _ := results[len(results)-1].Interface().(error); err != nil {
				return err
			}
		}
		if out == 0 {
			return nil
		}
		var err error
		c.out, err = encode(c.out, results[0].Interface())
		return err
	}
}

// run checks the arguments and calls the method. A method without a result has
// the result null: what crosses is always JSON.
func (m *method) run(recv any, c *call) error {
	if m.refused != "" {
		return typeError(`The method "` + m.name + `" cannot be called by RPC: ` + m.refused + ".")
	}
	n := len(c.args)
	if n < m.params || n > m.params && !m.variadic {
		takes := strconv.Itoa(m.params)
		if m.variadic {
			takes = "at least " + takes
		}
		return typeError(`Failed to call "` + m.name + `": it takes ` + takes +
			" arguments, but was given " + strconv.Itoa(n) + ".")
	}
	err := m.invoke(m, recv, c)
	if len(c.out) == 0 {
		c.out = append(c.out, "null"...)
	}
	return err
}

// wrongType says that an argument does not fit its parameter.
func (m *method) wrongType(i int) error {
	t := m.in[min(i, len(m.in)-1)]
	return typeError(`Failed to call "` + m.name + `": parameter ` + strconv.Itoa(i+1) +
		" is not of type '" + t.String() + "'.")
}

// notImplemented is upstream's error for a method that there is not, with its text.
// The log names one that differs in case alone: Go's Tickets is called tickets.
func notImplemented(name []byte, methods map[string]*method) error {
	for known := range methods {
		if strings.EqualFold(known, string(name)) {
			Logger().Warn("call of a method that there is not",
				"method", string(name), "meant", known)
			break
		}
	}
	return typeError(`The RPC receiver does not implement the method "` + string(name) + `".`)
}
