package promises

import (
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

const (
	notHex    = "TypeError: Invalid Durable Object ID: must be 64 hex digits"
	notOfHere = "TypeError: Durable Object ID is not valid for this namespace."
	deadbeef  = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
)

func notText(fn string) string {
	return "TypeError: guest: " + fn + ": the name of an object or a method is not UTF-8"
}

// Identity is A: names, IDs and stubs. The script is called probe.
func Identity(t *testing.T, h Host) {
	t.Helper()
	id := func(binding, name string) string {
		out := h.Run("ids", "idfromname "+binding+` "`+name+`"`)
		return out[:min(64, len(out))]
	}
	foo, bar, other, me := id("PROBE", "foo"), id("PROBE", "bar"), id("OTHER", "foo"),
		id("PROBE", "A8 me")
	check(t, h, []Case{
		{"A3 a name has one ID",
			"idfromname PROBE foo; idfromname PROBE foo; restart; idfromname PROBE foo",
			strings.Repeat("; "+foo+` "foo"`, 3)[2:]},
		{"A3 the empty name", `idfromname PROBE ""; call PROBE:""(id, name)`,
			id("PROBE", "") + ` ""; ` + id("PROBE", "") + `, ""`},
		{"A4 not hex", "try(idfromstring PROBE goodbye), try(idfromstring PROBE " + deadbeef[1:] +
			"), try(idfromstring PROBE " +
			deadbeef + "0), try(idfromstring PROBE " + deadbeef[1:] +
			"g), try(idfromstring PROBE \"\")",
			strings.Repeat(", "+notHex, 5)[2:]},
		{"A5 wrong MAC", "try(idfromstring PROBE " + deadbeef + ")", notOfHere},
		{"A6 of another namespace", "try(idfromstring PROBE " + other + "), idfromstring OTHER " +
			other, notOfHere + ", " + other + ` ""`},
		{"A7 hex digits are of either case",
			"idfromstring PROBE " + strings.ToUpper(foo), foo + ` ""`},
		{"A8 the name does not count", "equal foo bar", "true true false"},
		{"A8 me", "id, name, stubid .", me + `, "A8 me", ` + me + ` "A8 me"`},
		{"A9 an ID from hex has no name", "idfromstring PROBE " + foo, foo + ` ""`},
		{"A10 stubs of one object", "stubid foo, stubname foo, stubid #" + foo +
			", stubname #" + foo,
			foo + ` "foo", "foo", ` + foo + ` "", ""`},
		{"A10 by name and by ID", "call foo(put x 1), call #" + foo +
			"(get x, id), call bar(get x, id)",
			"1, " + foo + ", none, " + bar},
		// The object is named in memory: the case before called it.
		{"A10 an ID reaches what has no name", "call #" + bar + "(name, id)", `"bar", ` + bar},
		{"A11 a name of 1024 bytes", `call ` + strings.Repeat("n", abi.MaxNameBytes) + `(name)`,
			`"` + strings.Repeat("n", abi.MaxNameBytes) + `"`},
		{"A11 a name of 1025 bytes", `call ` + strings.Repeat("n", abi.MaxNameBytes+1) +
			`(name, put x 1, get x)`, `"", 1`},
		{"A11 any text is a name", `call "a/b, (.c)\n\x00漢"(name)`, `"a/b, (.c)\n\x00漢"`},
		{"1.1 no such binding", "try(call NONE:x(id)), try(idfromstring NONE " + foo + ")",
			`TypeError: guest: the config has no durable object binding "NONE", ` +
				`TypeError: guest: the config has no durable object binding "NONE"`},
		{"1.1 a name is text", `try(call "\xff"(id)), try(method .b "\xff"),` +
			` try(fetch "a\xff" http://x/), try(idfromname PROBE "\xff")`,
			notText("stub_call") + ", " + notText("stub_call") + ", " + notText("stub_fetch") +
				`, TypeError: guest: the name of an object is not UTF-8: "\xff"`},
		{"1.1 a method's name is text too", `try(method .b "é"), try(method .b "\x00")`,
			"[remote] " + notImplemented + "é\"., [remote] " + notImplemented + "\x00\"."},
		{"1.1 nothing is sent", "stub s ghost, stubname ghost, put x 1", `"ghost"`},
	})
}
