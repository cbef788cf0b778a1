package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestDurableStorage is C: keys and values.
func TestDurableStorage(t *testing.T) {
	onStores(t, func(t *testing.T, o hosttest.Options) {
		p := startProbe(t, o)
		p.check(t, keyCases)
		p.check(t, valueCases)
		p.check(t, manyCases)
		p.check(t, limitCases())
	})
}

var keyCases = []durableCase{
	{"1.4 get of nothing", "get a, raw a, size a", "none, none, 0"},
	{"1.4 put and get", "put a 1, get a; get a", "1; 1"},
	{"1.4 put again", "put a 1, put a 2, get a; put a 3; get a", "2; ; 3"},
	{"1.4 delete", "put a 1, delete a, delete a, get a; get a; put a 1; delete a; delete a; get a",
		"true, false, none; none; ; true; false; none"},
	{"1.4 keys are bytes", `put "" 0, put "\x00" 1, put "\xff\xfe" 2, put "é" 3, put "a b,(" 4;
		get "", get "\x00", get "\xff\xfe", get "é", get "a b,(", get a; list`,
		`; 0, 1, 2, 3, 4, none; "" "\x00" "a b,(" é "\xff\xfe"`},
	{"1.4 put of undefined", "try(put a nil); get a", "TypeError: put() called with undefined value.; none"},
	{"1.4 objects are apart", "put a mine, call .b(put a yours), call .b(get a); get a; call .b(deleteall); get a",
		`"yours"; "mine"; ; "mine"`},
	{"1.4 classes are apart", "put a 1, call OTHER:.(get a), call PLAIN:.(get a)", "none, none"},
	{"2.5 a read is of its moment", "put a 1, get a, put a 2, get a, delete a, get a", "1, 2, true, none"},
	{"2.4 a put needs no wait", "put a 1, get a, list, getmany a b", "1, a, 1: a=1"},
	{"1.4 deleteAll", "put a 1, put b 2; deleteall, get a, list; list; put c 3; list", "; none, empty; empty; ; c"},
	{"1.4 deleteAll then put", "put a 1; deleteall, put b 2, list; list", "; b; b"},
	{"1.4 deleteAll twice", "put a 1; deleteall, put b 2, deleteall, put c 3; list", "; ; c"},
	{"1.4 deleteAll of nothing", "deleteall, list; deleteall; list", "empty; ; empty"},
	{"C46 get of several keys", "put foo 1, put bar 2; getmany foo bar baz qux", "; 2: bar=2 foo=1"},
	{"C48 coalescing", `put bar 123, put foo 1, put garply 2, put corge 3;
		put bar 123, put qux 555, put corge 789, put corge 987, deletemany bar grault, delete foo,
		deletemany garply waldo fred, put waldo odlaw; entries`,
		`; 1, true, 1; corge=987 qux=555 waldo="odlaw"`},
	{"C54 counter", "put n 888, deleteall, get n, add n 1; add n 1", "none, 1; 2"},
	{"2.6 an error keeps writes", "put a 1; put a 2, throw oops; get a, count", "; [remote] oops; 2, 1"},
	{"2.5 all writes of a call or none", "put a 1; put a 2, put b 2, delete a, abort no; entries", "; [remote reset] no; a=1"},
	{"1.4 a restart keeps all", "put a 1, put b 2, put c 3; delete b, put c 4; restart; entries",
		"; true; a=1 c=4"},
	{"1.4 a restart keeps deleteAll", "put a 1, put b 2; deleteall, put c 3; restart; entries", "; ; c=3"},
	{"1.4 a restart forgets an abort", "put a 1; put a 2, abort; restart; get a",
		"; [remote reset] Application called abort() to reset Durable Object.; 1"},
}

var valueCases = []durableCase{
	{"1.4 JSON values", `put s "\"x\"", put n -1.5e300, put t true, put z null, put o "{\"a\": [1, {}]}", put e "\"\"";
		get s, get n, get t, get z, get o, get e`,
		`; "x", -1.5e300, true, null, {"a":[1,{}]}, ""`},
	{"1.4 null is a value", "put z null, list, delete z", "z, true"},
	{"1.4 bytes", `putbytes b "\x00\xff\n", raw b; raw b, size b`, `"\x00\xff\n"; "\x00\xff\n", 3`},
	{"1.4 no bytes are a value", `putbytes b "", raw b, list; raw b, size b, delete b`, `"", b; "", 0, true`},
	{"1.4 bytes that are no JSON", `putbytes b xyz, try(get b)`, "invalid character 'x' looking for beginning of value"},
	{"1.4 large numbers", "put n 9007199254740993; get n", "; 9007199254740993"},
}

var manyCases = []durableCase{
	{"1.4 putMany", "putmany b=2 a=1 c=x; entries", `; a=1 b=2 c="x"`},
	{"1.4 putMany drops undefined", "putmany a=1 b=nil; entries", "; a=1"},
	{"1.4 putMany of nothing", "putmany; list", "; empty"},
	{"1.4 deleteMany counts", "putmany a b c; deletemany a b x, deletemany a, list", "; 2, 0, c"},
	{"1.4 deleteMany of nothing", "deletemany, getmany", "0, 0:"},
	{"1.4 a key named twice", "put a 1; deletemany a a, getmany a a", "; 1, 0:"},
	{"1.4 putMany in a transaction", "put a 0; tx(putmany a=1 b=2, rollback); entries", "; rolled back; a=0"},
}

// limitCases are at each limit, and on both sides of it (SEMANTICS 2.8).
func limitCases() []durableCase {
	key := strings.Repeat("k", abi.MaxKeyBytes-1)
	tooLarge := func(n int) string {
		return fmt.Sprintf("RangeError: Keys cannot be larger than 2048 bytes. A key of size %d was provided.", n)
	}
	value := fmt.Sprintf("RangeError: Values cannot be larger than %d bytes. A value of size %%d was provided.", abi.MaxValueBytes)
	cases := []durableCase{
		{"C52 value at the limit", fmt.Sprintf("putsize v %d; size v, putsize v %d; size v", abi.MaxValueBytes, abi.MaxValueBytes-1),
			fmt.Sprintf("; %d; %d", abi.MaxValueBytes, abi.MaxValueBytes-1)},
		{"C52 value above the limit", fmt.Sprintf("put v 1, try(putsize v %d), get v, try(putsize v %d); get v",
			abi.MaxValueBytes+1, 4*abi.MaxValueBytes),
			fmt.Sprintf(value+", 1, "+value+"; 1", abi.MaxValueBytes+1, 4*abi.MaxValueBytes)},
		{"C52 upstream's value", "putsize v 131107; size v", "; 131107"},
		{"C52 128 keys", "putmany *128, getmany *128, deletemany *128, list",
			"128:" + numbered(128) + ", 128, empty"},
		{"C52 127 keys", "putmany *127; deletemany *127", "; 127"},
		{"C50 putMany is whole", fmt.Sprintf("putmany a=1 b=1; try(putmany a=2 %s=2 z=2); entries", key+"xx"),
			"; " + tooLarge(2049) + "; a=1 b=1"},
		{"2.8 a batch too large", fmt.Sprintf("%s try(putsize last %d), try(put last 1), delete 00; size 31, size last",
			large("putsize %02d %d, ", 31), abi.MaxValueBytes),
			"RangeError: A call may write at most 67108864 bytes before it calls another object or returns., true; 0, 1"},
	}
	for _, verb := range []string{"getmany", "putmany", "deletemany"} {
		cases = append(cases, durableCase{"C52 129 keys " + verb, "put 000000 1, try(" + verb + " *129), list",
			"RangeError: Maximum number of key value pairs is 128. 129 pairs were provided., 000000"})
	}
	for n, k := range map[int]string{2047: key, 2048: key + "x"} {
		cases = append(cases, durableCase{fmt.Sprint("C52 key of ", n),
			fmt.Sprintf("put %s 1, get %s; getmany %s, delete %s, delete %s", k, k, k, k, k),
			fmt.Sprintf("1; 1: %s=1, true, false", k)})
	}
	for _, verb := range []string{"get %s", "put %s 1", "delete %s", "getmany a %s", "putmany a %s", "deletemany a %s"} {
		cases = append(cases, durableCase{"C52 key of 2049 " + verb[:strings.Index(verb, " ")],
			fmt.Sprintf("put a 1, try("+verb+"), entries", key+"xx"), tooLarge(2049) + ", a=1"})
	}
	return append(cases, durableCase{"C52 key of a megabyte", "try(put " + strings.Repeat("k", 1<<20) + " 1)", tooLarge(1 << 20)})
}

// numbered are n keys of six digits with the value 0.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " %06d=0", i)
	}
	return b.String()
}

// large are n steps with a number and the largest value's size.
func large(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, abi.MaxValueBytes)
	}
	return b.String()
}
