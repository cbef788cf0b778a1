package promises

import (
	"slices"
	"strings"
	"testing"
)

// Calls checks calls, stubs, constructors and vars. The host has Vars.
func Calls(t *testing.T, h Host) {
	t.Helper()
	check(t, h, slices.Concat(calls, methods, brokenStubs, constructors, vars))
}

// Web is a Host that has the probe's Worker.
type Web interface {
	Host
	// Post sends a script to the Worker as a request's body.
	Post(script string) (status int, answer string)
}

// Worker sends scripts to the Worker. The host has Vars.
func Worker(t *testing.T, h Web) {
	t.Helper()
	for _, c := range []struct {
		name, script string
		status       int
		want         string
	}{
		{"calls", "call A(put x 1, count), call A(get x, count), call B(count)", 200, "1, 1, 2, 1"},
		{"keeps nothing", "count, count", 200, "1, 2"},
		{"keeps nothing, again", "count", 200, "1"},
		{"has vars", "var TEXT, var NONE", 200, `"hi", ""`},
		{"has IDs", "idfromname PROBE A, stubname A, stubname OTHER:B",
			200, h.Run("A", "id") + ` "A", "A", "B"`},
		{"fetches", "fetch A http://foo/(get x)",
			200, "202 text/plain;charset=UTF-8 PUT http://foo/ header 1"},
		{"catches", "try(call A(throw no)), call A(get x)", 200, "[remote] no, 1"},
		{"1.2 throws", "throw secret", 500, "Internal Server Error"},
		{"1.2 panics", "panic secret", 500, "Internal Server Error"},
		{"1.2 passes an error on", "call A(throw secret)", 500, "Internal Server Error"},
		{"1.2 passes a reset on", "call A(abort secret)", 500, "Internal Server Error"},
		{"1.2 is overloaded", "throwname Error secret", 503, "Service Unavailable"},
		{"1.2 an object cannot say so", "call A(throwname Error secret)",
			500, "Internal Server Error"},
		{"broken stub",
			"stub s A, try(send s(abort stop)), try(send s(count)), stub s A, send s(count)", 200,
			"[remote reset] stop, [remote reset] stop, 1"},
		{"the stub of another request", "stub s A, send s(count)", 200, "2"},
		{"nothing outside", "outside http://127.0.0.1/", 500, "Internal Server Error"},
	} {
		if status, body := h.Post(c.script); status != c.status || body != c.want {
			t.Errorf("%s: %d %s, want %d %s", c.name, status, body, c.status, c.want)
		}
	}
}

// Vars are the config's.
var Vars = map[string]any{"TEXT": "hi", "EMPTY": "", "N": 3,
	"O": map[string]any{"a": []any{true, nil}}}

const isBuilding = "[remote] Durable Object was called by the chain of calls that its own " +
	"constructor waits for."

var calls = []Case{
	{"B14 three calls on one stub",
		"stub s .b, send s(count), send s(count), send s(count)", "1, 2, 3"},
	{"B14 two stubs of one object",
		"stub a .b, stub b .b, send a(count), send b(count), send a(count)", "1, 2, 3"},
	{"B14 the stub outlives the call",
		"stub s .b, send s(count); send s(count); send s(count)", "1; 2; 3"},
	{"B15 the caller is another", "count, call .b(count), count, call .b(count)", "1, 1, 2, 2"},
	{"B16 a method throws", "try(call .b(put x 1, throw oops)), call .b(get x, count)",
		"[remote] oops, 1, 1"},
	{"B16 with a name", "try(call .b(throwname RangeError far))", "[remote] RangeError: far"},
	{"B16 panics", "call .b(count), try(call .b(panic ouch)), call .b(count)",
		"1, [remote] ouch, 2"},
	{"B16 through another", "try(call .b(call .c(throw deep)))", "[remote] deep"},
	{"B16 and caught there", "call .b(try(call .c(throw deep)), count)", "[remote] deep, 1"},
	{"B16 nobody catches", "call .b(throw oops); count", "[remote] oops; 1"},
	{"B16 an empty text", `try(call .b(throw ""))`, "[remote] "},
	{"B20 A B A", "put n 10, call .b(call .(add n 2)), get n", "12, 12"},
	{"B20 A A", "count, call .(count, call .(count)), count", "1, 2, 3, 4"},
	{"B20 A B A writes", "put n 1, call .b(call .(put n 2)), get n, add n 1", "2, 3"},
	{"1.2 a fetch", "fetch .b http://foo/a?b=c(count), fetch .b https://bar:1/(count)",
		"202 text/plain;charset=UTF-8 PUT http://foo/a?b=c header 1, 202 " +
			"text/plain;charset=UTF-8 PUT https://bar:1/ header 2"},
	{"1.2 a fetch that throws", "try(fetch .b http://x/(put x 1, throw oops)), call .b(get x, " +
		"count)", "[remote] oops, 1, 1"},
	{"1.2 a fetch of a class without", "try(fetch PLAIN:.b http://x/), call PLAIN:.b(count)",
		"TypeError: Handler does not export a fetch() function., 1"},
	{"1.2 a large result", "call .b(putsize v 1000000, size v, print " +
		strings.Repeat("x", 100_000) + ")",
		"1000000, " + strings.Repeat("x", 100_000)},
	{"1.2 nothing goes outside", "try(outside http://127.0.0.1/)",
		"This host lets guests send nothing out (allow hosts with --allow-host)."},
}

const notImplemented = `TypeError: The RPC receiver does not implement the method "`

var methods = []Case{
	{"1.2 arguments", "method .b sum 1, method .b sum 1 2 3", "1, 6"},
	{"1.2 missing", "try(method .b gone), call .b(count)",
		"[remote] " + notImplemented + `gone"., 1`},
	{"1.2 a name as in Go", "try(method .b Run), try(method .b sUM)",
		"[remote] " + notImplemented + `Run"., [remote] ` + notImplemented + `sUM".`},
	{"1.2 no method is empty", `try(method .b "")`, "[remote] " + notImplemented + `".`},
	{"1.2 alarm and fetch are none",
		"try(method .b alarm), try(method .b fetch), try(method PLAIN:.b alarm)",
		"[remote] " + notImplemented + `alarm"., [remote] ` + notImplemented +
			`fetch"., [remote] ` + notImplemented + `alarm".`},
	{"1.2 too few", "try(method .b sum), try(method .b run)",
		`[remote] TypeError: Failed to call "sum": it takes at least 1 arguments,` +
			` but was given 0., ` +
			`[remote] TypeError: Failed to call "run": it takes 1 arguments, but was given 0.`},
	{"1.2 too many", "try(method .b run 1 2)",
		`[remote] TypeError: Failed to call "run": it takes 1 arguments, but was given 2.`},
	{"1.2 of another type",
		`try(method .b sum "\"1\""), try(method .b sum 1 1.5), try(method .b run 1)`,
		`[remote] TypeError: Failed to call "sum": parameter 1 is not of type 'int'., ` +
			`[remote] TypeError: Failed to call "sum": parameter 2 is not of type 'int'., ` +
			`[remote] TypeError: Failed to call "run": parameter 1 is not of type 'string'.`},
	{"1.2 two results", "try(method .b pair)",
		`[remote] TypeError: The method "pair" cannot be called by RPC: it returns more than one ` +
			`value and an error.`},
}

var brokenStubs = []Case{
	{"B17 a stub stays broken", "stub s .b, try(send s(abort stop)), try(send s(count)), " +
		"try(send s(count)), call .b(count)",
		"[remote reset] stop, [remote reset] stop, [remote reset] stop, 1"},
	{"B17 in later calls too",
		"stub s .b, try(send s(abort stop)); try(send s(count)); stub s .b, send s(count)",
		"[remote reset] stop; [remote reset] stop; 1"},
	{"B17 nothing arrives",
		"stub s .b, try(send s(abort stop)), try(send s(put x 1)), call .b(list)",
		"[remote reset] stop, [remote reset] stop, empty"},
	{"B17 a new stub works", "stub s .b, try(send s(abort stop)), stub s .b, send s(count), send " +
		"s(count)", "[remote reset] stop, 1, 2"},
	{"B17 not after an error", "stub s .b, try(send s(throw no)), send s(count)", "[remote] no, 1"},
	{"B17 not what others broke", "stub s .b, send s(count), try(call .b(abort stop)), send " +
		"s(count)", "1, [remote reset] stop, 1"},
}

var constructors = []Case{
	{"2.2 it runs before the first call", `put oninit "count, count"; count; abort x; count`,
		"; 1; [remote reset] x; 3"},
	{"2.2 its writes are the object's",
		`put oninit "add n 1"; abort x; get n; get n; abort x; get n`,
		"; [remote reset] x; 1; 1; [remote reset] x; 2"},
	{"2.2 it throws", `put oninit "delete oninit, put x 1, throw born"; abort x; count; count,` +
		` get x`, "; [remote reset] x; [remote] born; 1, 1"},
	{"2.2 it throws each time", `put oninit "throw born"; abort x; count; count`,
		"; [remote reset] x; [remote] born; [remote] born"},
	{"2.2 it panics", `put oninit "delete oninit, panic born"; abort x; count; count`,
		"; [remote reset] x; [remote] born; 1"},
	{"2.2 it aborts", `put oninit "add n 1, abort born"; abort x; count`,
		"; [remote reset] x; [remote reset] born"},
	{"2.2 it blocks and fails", `put oninit "block(throw born)"; abort x; count`,
		"; [remote reset] x; [remote reset] born"},
	{"2.2 it calls another", `put oninit "call .b(add n 1)"; abort x; call .b(get n); count`,
		"; [remote reset] x; 1; 1"},
	{"2.2 it waits for itself", `put oninit "delete oninit,` +
		` try(call .b(call .(count)))"; abort x; count`, "; [remote reset] x; 1"},
	{"2.2 who waits for it",
		`put oninit "delete oninit, call .b(call .(count))"; abort x; count; count`,
		"; [remote reset] x; " + isBuilding + "; 1"},
	{"2.2 the caller of what cannot be made", `call .b(put oninit "throw born"); try(call ` +
		`.b(abort x)), try(call .b(count)), try(call .b(count)), count`,
		"; [remote reset] x, [remote] born, [remote] born, 1"},
}

var vars = []Case{
	{"4.1 vars", "var TEXT, var EMPTY, var N, var O, var NONE",
		`"hi", "", "3", "{\"a\":[true,null]}", ""`},
	{"4.1 vars decoded",
		"decodevar TEXT, decodevar EMPTY, decodevar N, decodevar O, decodevar NONE",
		"true hi, true , true 3, true map[a:[true <nil>]], false <nil>"},
	{"4.1 vars of another class", "call PLAIN:.(var TEXT)", `"hi"`},
}
