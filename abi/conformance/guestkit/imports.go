package guestkit

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// functions are the imports of cairn_v1, in the order of abi.Imports.
var functions []*function

// light are the imports that a guest may well do without.
var light = []string{abi.FuncLogWrite, abi.FuncListClose, abi.FuncTransactionRollback,
	abi.FuncCriticalEnd, abi.FuncBackgroundRequest, abi.FuncObjectAbort, abi.FuncObjectReset}

func init() { // in its declaration, functions would refer to itself
	answers := map[string]answer{
		abi.FuncClassRegister:     (*world).classRegister,
		abi.FuncWorkerRegister:    (*world).workerRegister,
		abi.FuncInputRead:         (*world).inputRead,
		abi.FuncOutputWrite:       (*world).outputWrite,
		abi.FuncResultRead:        (*world).resultRead,
		abi.FuncEnvGet:            (*world).envGet,
		abi.FuncLogWrite:          (*world).logWrite,
		abi.FuncIDFromName:        (*world).idFromName,
		abi.FuncIDParse:           (*world).idParse,
		abi.FuncIDNew:             (*world).idNew,
		abi.FuncStubCall:          (*world).stubCall,
		abi.FuncStubFetch:         (*world).stubFetch,
		abi.FuncFetchSend:         (*world).fetchSend,
		abi.FuncBackgroundRequest: (*world).backgroundRequest,
		abi.FuncObjectAbort:       (*world).objectAbort,
		abi.FuncObjectReset:       (*world).objectReset,
	}
	maps.Copy(answers, storageAnswers)
	for i := range abi.Imports {
		row := &abi.Imports[i]
		if answers[row.Name] == nil {
			panic("guestkit: the scripted host lacks " + row.Name)
		}
		f := &function{Import: row, args: row.Args(), answer: answers[row.Name],
			light: slices.Contains(light, row.Name)}
		f.fits(&entry{}) // panics where nobody says who may call f
		functions = append(functions, f)
	}
}

func (w *world) classRegister(e *entry, c *call) abi.Status {
	name, in := string(c.ins[0]), e.instance
	known := slices.ContainsFunc(in.classes, func(k class) bool { return k.name == name })
	if name == "" || len(name) > abi.MaxClassBytes || !utf8.ValidString(name) || known ||
		c.nums[0]&^(classHasFetch|classHasAlarm) != 0 {
		return abi.StatusInvalid
	}
	in.classes = append(in.classes, class{name, uint32(c.nums[0])})
	return abi.StatusOK
}

func (w *world) workerRegister(e *entry, _ *call) abi.Status {
	e.instance.worker = true
	return abi.StatusOK
}

func (w *world) inputRead(e *entry, c *call) abi.Status {
	if int(c.cap) < len(e.input) {
		return abi.StatusTooSmall
	}
	c.write(abi.KindBuffer, e.input)
	return abi.StatusOK
}

func (w *world) outputWrite(e *entry, c *call) abi.Status {
	if len(c.ins[0]) > abi.MaxMessageBytes {
		return abi.StatusTooLarge
	}
	e.output = c.ins[0]
	return abi.StatusOK
}

func (w *world) resultRead(e *entry, c *call) abi.Status {
	kept := e.result
	status := c.give(kept)
	e.result = kept
	return status
}

func (w *world) envGet(e *entry, c *call) abi.Status {
	value, ok := w.plan.vars[string(c.ins[0])]
	if !ok || e.starts() {
		return abi.StatusNotFound
	}
	return c.give([]byte(value))
}

func (w *world) logWrite(_ *entry, c *call) abi.Status {
	if attrs := c.ins[1]; len(attrs) > 0 {
		var object map[string]json.RawMessage
		if json.Unmarshal(attrs, &object) != nil {
			w.note("", "log_write: the attributes are no JSON object: %.60q", attrs)
		}
	}
	if int32(c.nums[0]) >= 4 {
		w.warned++
	}
	return abi.StatusOK
}

// space returns the class behind a binding. Without a script it is guessed: nobody has
// said which bindings there are, and a guest that finds none does nothing.
func (w *world) space(binding []byte) (string, bool) {
	name, bound := w.plan.bindings[string(binding)]
	if !bound {
		name = string(binding)
	}
	is := func(k class) bool { return k.name == name }
	if bound || !w.judge.report.Probed || slices.ContainsFunc(w.judge.classes, is) {
		return name, slices.ContainsFunc(w.judge.classes, is)
	}
	class, ok := guess(name, w.judge.classes)
	if ok {
		if w.judge.report.Guessed == nil {
			w.judge.report.Guessed = map[string]string{}
		}
		w.judge.report.Guessed[name] = class
	}
	return class, ok
}

// guess returns the class that a binding is likely to stand for: the one whose name it
// has but for case, separators and the end, as COUNTERS and MY_COUNTER have that of
// Counter, or else the only one.
func guess(binding string, classes []class) (string, bool) {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "") }
	name, best := plain(binding), ""
	for _, k := range classes {
		if strings.Contains(name, plain(k.name)) && len(k.name) > len(best) {
			best = k.name
		}
	}
	if best == "" && len(classes) == 1 {
		best = classes[0].name
	}
	return best, best != ""
}

func (w *world) idFromName(_ *entry, c *call) abi.Status {
	space, ok := w.space(c.ins[0])
	switch {
	case !utf8.Valid(c.ins[1]):
		return abi.StatusInvalid
	case !ok:
		return abi.StatusNotFound
	}
	id := w.object(space, string(c.ins[1])).id
	c.write(abi.KindID, id[:])
	return abi.StatusOK
}

func (w *world) idParse(e *entry, c *call) abi.Status {
	space, ok := w.space(c.ins[0])
	if !ok {
		return abi.StatusNotFound
	}
	id, err := hex.DecodeString(string(c.ins[1]))
	if err != nil || len(id) != abi.IDBytes || w.byID[abi.ID(id)] == nil ||
		w.byID[abi.ID(id)].class != space {
		return e.fail("TypeError", "not an ID of this namespace")
	}
	c.write(abi.KindID, id)
	return abi.StatusOK
}

func (w *world) idNew(_ *entry, c *call) abi.Status {
	space, ok := w.space(c.ins[0])
	if !ok {
		return abi.StatusNotFound
	}
	// A name that nobody can give: it is not UTF-8.
	o := w.object(space,
		"\xff"+hex.EncodeToString([]byte{byte(len(w.objects) >> 8), byte(len(w.objects))}))
	c.write(abi.KindID, o.id[:])
	return abi.StatusOK
}

// fail leaves an error.
func (e *entry) fail(name, message string) abi.Status {
	e.result = wire.AppendError(nil, 0, name, message)
	return abi.StatusError
}

// target finds the object that a call goes to.
func (w *world) target(e *entry, c *call) (*object, abi.Status) {
	kind, to := c.nums[0], c.ins[1]
	space, ok := w.space(c.ins[0])
	switch {
	case kind > 1, kind == 1 && len(to) != abi.IDBytes, kind == 0 && !utf8.Valid(to):
		return nil, abi.StatusInvalid
	case !ok:
		return nil, abi.StatusNotFound
	case kind == 0:
		return w.object(space, string(to)), abi.StatusOK
	}
	if o := w.byID[abi.ID(to)]; o != nil && o.class == space {
		return o, abi.StatusOK
	}
	return nil, e.fail("TypeError", "not an ID of this namespace")
}

func (w *world) stubCall(e *entry, c *call) abi.Status {
	o, status := w.target(e, c)
	if status != abi.StatusOK {
		return status
	}
	if !utf8.Valid(c.ins[2]) {
		return abi.StatusInvalid
	}
	if !json.Valid(c.ins[3]) || c.ins[3][0] == '{' {
		w.wrong("G11", "stub_call: the arguments are no JSON array: %.60q", c.ins[3])
	}
	if w.judge.report.Probed && !slices.Contains(w.judge.report.Methods, string(c.ins[2])) {
		w.judge.report.Methods = append(w.judge.report.Methods, string(c.ins[2]))
	}
	return w.through(e, c, o, abi.ExportObjectCall, wire.AppendCall(nil, c.ins[2], c.ins[3]))
}

func (w *world) stubFetch(e *entry, c *call) abi.Status {
	o, status := w.target(e, c)
	if status != abi.StatusOK {
		return status
	}
	if err := wire.DecodeRequest(c.ins[2], new(wire.Request)); err != nil {
		return abi.StatusInvalid
	}
	if w.judge.flags(o.class)&classHasFetch == 0 {
		return e.fail("TypeError", "the class does not answer fetch")
	}
	return w.through(e, c, o, abi.ExportObjectFetch, c.ins[2])
}

// through calls an object for a guest that waits.
func (w *world) through(e *entry, c *call, o *object, export string, input []byte) abi.Status {
	if len(e.transacts) > 0 {
		return e.fail("Error", "a transaction is open")
	}
	if len(input) > abi.MaxMessageBytes {
		return abi.StatusTooLarge
	}
	if from := e.instance.object; from != nil {
		from.apply()
	}
	w.nest(e, c)
	output, failed := w.deliver(o, export, input)
	if from := e.instance.object; from != nil && from.instance != e.instance {
		panic(&failure{flags: wire.ErrorReset,
			message: "a nested entry reset the object", trap: true})
	}
	if failed != nil {
		e.result = wire.AppendError(nil, failed.flags, failed.name, failed.message)
		return abi.StatusError
	}
	return c.give(output)
}

// deliver calls an object, nested where it waits for this call.
func (w *world) deliver(o *object, export string, input []byte) ([]byte, *failure) {
	if len(w.entries) >= abi.MaxCallDepth {
		return nil, &failure{message: "the chain of calls is too deep"}
	}
	for _, below := range w.entries {
		if below.instance.object == o &&
			(below.critical > 0 || below.export == abi.ExportObjectInit || o.instance == nil) {
			return nil, &failure{message: "the object lets no call in"}
		}
	}
	if failed := w.activate(o); failed != nil {
		return nil, failed
	}
	return w.enter(o.instance, export, input)
}

func (w *world) fetchSend(e *entry, c *call) abi.Status {
	var m wire.Request
	if err := wire.DecodeRequest(c.ins[0], &m); err != nil {
		return abi.StatusInvalid
	}
	if len(e.transacts) > 0 {
		return e.fail("Error", "a transaction is open")
	}
	if o := e.instance.object; o != nil {
		o.apply()
	}
	return c.give(wire.AppendResponse(nil,
		&wire.Response{Status: 200, Body: []byte("the kit answers")}))
}

func (w *world) backgroundRequest(e *entry, _ *call) abi.Status {
	if e.instance.module.ExportedFunction(abi.ExportBackgroundRun) == nil {
		return abi.StatusForbidden
	}
	e.asked = true
	return abi.StatusOK
}

func (w *world) objectAbort(_ *entry, c *call) abi.Status {
	reason := "the object aborts"
	if len(c.ins[0]) > 0 {
		reason = string(c.ins[0])
	}
	panic(&failure{flags: wire.ErrorRemote | wire.ErrorReset, message: reason})
}

func (w *world) objectReset(e *entry, c *call) abi.Status {
	if c.nums[0]&^abi.ResetDropAlarm != 0 {
		return abi.StatusInvalid
	}
	return w.objectAbort(e, c)
}
