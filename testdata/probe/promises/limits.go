package promises

import (
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/abi"
)

const manyKeys = "RangeError: Maximum number of key value pairs is 128. 129 pairs were provided."

// Limits are at each limit, and on both sides of it (SEMANTICS 2.8).
func Limits() []Case {
	key := strings.Repeat("k", abi.MaxKeyBytes-1)
	tooLarge := func(n int) string {
		return fmt.Sprintf("RangeError: Keys cannot be larger than 2048 bytes. A key of size %d "+
			"was provided.", n)
	}
	value := fmt.Sprintf("RangeError: Values cannot be larger than %d bytes. A value of size %%d "+
		"was provided.", abi.MaxValueBytes)
	const (
		rest  = abi.MaxBatchBytes - 31*(abi.MaxValueBytes+2) - len("last")
		batch = "RangeError: A call may write at most 67108864 bytes before it calls another " +
			"object or returns."
	)
	cases := []Case{
		{"C52 value at the limit", fmt.Sprintf("putsize v %d; size v, putsize v %d; size v",
			abi.MaxValueBytes, abi.MaxValueBytes-1),
			fmt.Sprintf("; %d; %d", abi.MaxValueBytes, abi.MaxValueBytes-1)},
		{"C52 value above the limit",
			fmt.Sprintf("put v 1, try(putsize v %d), get v, try(putsize v %d); get v",
				abi.MaxValueBytes+1, 4*abi.MaxValueBytes),
			fmt.Sprintf(value+", 1, "+value+"; 1", abi.MaxValueBytes+1, 4*abi.MaxValueBytes)},
		{"C52 upstream's value", "putsize v 131107; size v", "; 131107"},
		{"C52 128 keys", "putmany *128, getmany *128, deletemany *128, list",
			"128:" + numbered(128) + ", 128, empty"},
		{"C52 127 keys", "putmany *127; deletemany *127", "; 127"},
		{"C50 putMany is whole",
			fmt.Sprintf("putmany a=1 b=1; try(putmany a=2 %s=2 z=2); entries", key+"xx"),
			"; " + tooLarge(2049) + "; a=1 b=1"},
		{"C50 putMany is whole, with a large value", "putmany a=1 b=1; try(putmany a=2 b=" +
			strings.Repeat("x", abi.MaxValueBytes) + " c=2); entries",
			fmt.Sprintf("; "+value+"; a=1 b=1", abi.MaxValueBytes+2)},
		// 31 values with keys of two bytes, and then what is left of a batch.
		{"2.8 a batch at its limit", fmt.Sprintf("%s try(putsize last %d), try(putmany! a=1 "+
			"z=%s), get a, putsize last %d, try(put x 1); size 31, size last, list start=30",
			large("putsize %02d %d, ", 31), rest+1,
			strings.Repeat("z", rest), rest),
			fmt.Sprintf("%s, %[1]s, none, %[1]s; 0, %d, 30 last", batch, rest)},
		{"2.8 what is taken back is not in the batch",
			fmt.Sprintf("tx(%s rollback), tx(%[1]s put a 1), try(%[1]s put b 1); list limit=2",
				large("putsize %02d %d, ", 20)), "rolled back, " + batch + "; 00 01"},
		{"C52 a key's size is in bytes", fmt.Sprintf("put %s 1, list limit=1, try(put %s 1)",
			strings.Repeat("é", 1024), strings.Repeat("é", 1025)),
			strings.Repeat("é", 1024) + ", " + tooLarge(2050)},
		{"2.8 bounds of a list have no limit", fmt.Sprintf("put k 1, list start=%s, list "+
			"end=%[1]s, list prefix=%[1]s, list after=%[1]s reverse",
			strings.Repeat("j", 5000)), "k, empty, empty, k"},
		{"2.8 lists in lists", "put a 1, nest 16 scan(print x), try(nest 17 scan(print x)), list",
			"1 a a, too many lists are open in one call, a"},
		{"C52 a key named 129 times", "put a 1, try(getmany" + strings.Repeat(" a", 129) +
			"), try(deletemany" + strings.Repeat(" a", 129) +
			"), getmany" + strings.Repeat(" a", 128) + ", deletemany" + strings.Repeat(" a", 128),
			manyKeys + ", " + manyKeys + ", 1: a=1, 1"},
	}
	for _, verb := range []string{"getmany", "putmany", "deletemany"} {
		cases = append(cases, Case{"C52 129 keys " + verb,
			"put 000000 1, try(" + verb + " *129), list",
			manyKeys + ", 000000"})
	}
	for n, k := range map[int]string{2047: key, 2048: key + "x"} {
		cases = append(cases, Case{fmt.Sprint("C52 key of ", n),
			fmt.Sprintf("put %s 1, get %s; getmany %s, delete %s, delete %s", k, k, k, k, k),
			fmt.Sprintf("1; 1: %s=1, true, false", k)})
	}
	for _, verb := range []string{"get %s", "put %s 1", "delete %s", "getmany a %s", "putmany a %s",
		"deletemany a %s"} {
		cases = append(cases, Case{"C52 key of 2049 " + verb[:strings.Index(verb, " ")],
			fmt.Sprintf("put a 1, try("+verb+"), entries", key+"xx"), tooLarge(2049) + ", a=1"})
	}
	return append(cases, Case{"C52 key of a megabyte",
		"try(put " + strings.Repeat("k", 1<<20) + " 1)", tooLarge(1 << 20)})
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
