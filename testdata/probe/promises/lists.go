package promises

import "strings"

const (
	four  = "putmany foo=abc bar=def baz=123 qux=321"
	three = "putmany bar=abc baz=false foo=123"
)

// Lists are C: each list over what is stored, over what is only in the batch, and
// over a batch that hides what is stored.
func Lists() (cases []Case) {
	for _, c := range lists {
		cases = append(cases,
			Case{c.name + " stored", c.put + ";" + c.list, "; " + c.want},
			Case{c.name + " in the batch",
				c.put + ", put zz 1, put ab 1, deletemany zz ab," + c.list, "2, " + c.want},
			Case{c.name + " over what is stored",
				"putmany foo=0 gone=0 bar zz; deleteall," + c.put + "," + c.list, "; " + c.want},
		)
	}
	return cases
}

var lists = []struct{ name, put, list, want string }{
	{"C23 all", four, "list", "bar baz foo qux"},
	{"C24 start cat", four, "list start=cat", "foo qux"},
	{"C25 start foo", four, "list start=foo", "foo qux"},
	{"C26 start fop", four, "list start=fop", "qux"},
	{"C27 start zzz", four, "list start=zzz", "empty"},
	{"C28 end cat", four, "list end=cat", "bar baz"},
	{"C28 end foo", four, "list end=foo", "bar baz"},
	{"C28 end fop", four, "list end=fop", "bar baz foo"},
	{"C29 start and end", four, "list start=baz end=qux", "baz foo"},
	{"C30 start baz limit 2", four, "list start=baz limit=2", "baz foo"},
	{"C31 limit 2", four, "list limit=2", "bar baz"},
	{"C32 reverse", four, "list reverse", "qux foo baz bar"},
	{"C33 reverse start foo", four, "list reverse start=foo", "qux foo"},
	{"C34 reverse end foo", four, "list reverse end=foo", "baz bar"},
	{"C35 reverse limit 2", four, "list reverse limit=2", "qux foo"},
	{"C36 reverse end foo limit 1", four, "list reverse end=foo limit=1", "baz"},
	{"C37 values", four, "entries start=baz", `baz=123 foo="abc" qux=321`},

	{"C38 prefix ba", three, "entries prefix=ba", `bar="abc" baz=false`},
	{"C38 limit 1", three, "list limit=1", "bar"},
	{"C38 limit 1 reverse", three, "list limit=1 reverse", "foo"},
	{"C38 start b end c", three, "list start=b end=c", "bar baz"},
	{"C38 start b end baz", three, "list start=b end=baz", "bar"},
	{"C38 start bar end c", three, "list start=bar end=c", "bar baz"},
	{"C38 after bar end c", three, "list after=bar end=c", "baz"},

	{"C40 prefix ba start bz", four, "list prefix=ba start=bz", "empty"},
	{"C40 prefix b end a", four, "list prefix=b end=a", "empty"},
	{"C40 prefix b end b", four, "list prefix=b end=b", "empty"},
	{"C40 start is end", four, "list start=bar end=bar", "empty"},
	{"C40 start above end", four, "list start=foo end=bar", "empty"},
	{"1.4 prefix above start", four, "list prefix=ba start=a", "bar baz"},
	{"1.4 end inside the prefix", four, "list prefix=ba end=baz", "bar"},
	{"1.4 end behind the prefix", four, "list prefix=ba end=z", "bar baz"},
	{"1.4 start inside the prefix", four, "list prefix=ba start=baz", "baz"},
	{"1.4 after inside the prefix", four, "list prefix=ba after=bar", "baz"},
	{"1.4 after the prefix itself", "putmany ba bar", "list prefix=ba after=ba", "bar"},
	{"1.4 the prefix is a key", "putmany ba bar b", "list prefix=ba", "ba bar"},
	{"1.4 limit counts after the prefix", four, "list prefix=f limit=1", "foo"},
	{"1.4 limit above all", four, "list limit=1000", "bar baz foo qux"},
	{"1.4 prefix reverse limit", four, "list prefix=ba reverse limit=1", "baz"},
	{"1.4 prefix of nothing", four, "list prefix=c", "empty"},
	{"1.4 prefix of 0xff", `putmany "\xfe" "\xff" "\xff\xff" "\xff\xffa"`, `list prefix="\xff\xff"`,
		`"\xff\xff" "\xff\xffa"`},
	{"1.4 prefix with 0xff behind", `putmany "a\xff" "a\xff\xff" b`, `list prefix="a\xff"`,
		`"a\xff" "a\xff\xff"`},
	{"1.4 prefix of all 0xff and end", `putmany "\xff" "\xff\xff" "\xff\xffa"`,
		`list prefix="\xff" end="\xff\xff"`, `"\xff"`},
	{"1.4 order of bytes", `putmany "é" "z" "Z" "\x00" "a\x00" "a" "漢" "😀" "\uffff"`, "list",
		`"\x00" Z a "a\x00" z é 漢 "\uffff" 😀`},

	{"C42 after foo", `putmany foo "foo\x00" fooa`, "list after=foo", `"foo\x00" fooa`},
	{"C42 after nothing", "putmany a b", "list after=Z", "a b"},
	{"C42 after reverse", `putmany foo "foo\x00" fooa`, "list after=foo reverse", `fooa "foo\x00"`},
	{"C44 limit 1", three + " qux=9", "list start=bar end=qux limit=1", "bar"},
	{"C44 limit 2", three + " qux=9", "list start=bar end=qux limit=2", "bar baz"},
	{"C44 limit 3", three + " qux=9", "list start=bar end=qux limit=3", "bar baz foo"},
	{"C44 limit 4", three + " qux=9", "list start=bar end=qux limit=4", "bar baz foo"},
	{"C44 limit 1000", three + " qux=9", "list start=bar end=qux limit=1000", "bar baz foo"},

	{"1.4 start and startAfter", four, "try(list start=a after=b)",
		"TypeError: list() cannot be called with both start and startAfter values."},
	{"1.4 negative limit", four, "try(list limit=-1)", "TypeError: List limit must be positive."},
}

// Scans are lists that stream.
var Scans = []Case{
	{"1.4 a scan is of its moment", four + "; scan(put a 1, put zz 1, delete foo), list; list",
		"; 4 bar qux, a bar baz qux zz; a bar baz qux zz"},
	{"1.4 a scan of the batch is of its moment",
		four + ", scan(put a 1, put zz 1, delete foo), list",
		"4 bar qux, a bar baz qux zz"},
	{"1.4 a scan outlives a commit", four + "; scan(put a 1, put zz 1, delete foo, sync), list",
		"; 4 bar qux, a bar baz qux zz"},
	{"1.4 a scan outlives deleteAll", four + "; scan(deleteall, put n 1), list", "; 4 bar qux, n"},
	{"1.4 a scan outlives a rollback",
		"put a 1; tx(put b 2, scan(try(tx(put c 3, throw no))), rollback), list",
		"; rolled back, a"},
	{"1.4 a scan that stops", four + "; scan stop=2, scan stop=1 reverse",
		"; 2 bar baz, 1 qux qux"},
	{"1.4 scans in scans", four + "; scan(scan(scan stop=1))", "; 4 bar qux"},
	{"1.4 many scans one by one", four + "; " + strings.Repeat("scan stop=1, ", 40) + "scan",
		"; " + strings.Repeat("1 bar bar, ", 40) + "4 bar qux"},
	{"1.4 a scan sees no nested entry's writes",
		"putmany a b; scan(call .b(call .(put c 1, delete b)), count), list", "; 2 a b, a c"},
	{"1.4 a scan over a batch that a call sends off",
		"put a 1; put b 1, scan(call .b(count), put c 1), list; list", "; 2 a b, a b c; a b c"},
	{"1.4 a scan of large values", "putsize a 2097152, putsize b 32750, putsize c 32768, put d " +
		"1; scan, scan reverse, scan start=b limit=2; list",
		"; 4 a d, 4 d a, 2 b c; a b c d"},
	// Values that come to the guest one by one.
	{"1.4 a scan's values are of its moment",
		"putsize a 40000, putsize b 40000, putsize c 40000, putsize d 40000, scansizes(putsize b " +
			"10, putsize c 10, putsize d 50000), size b, size c, size d",
		"a=40000 b=40000 c=40000 d=40000, 10, 10, 50000"},
	{"1.4 a scan's stored values are of its moment", "putsize a 40000, putsize b 40000; " +
		"scansizes reverse(putsize a 10, putsize b 10), size a; size a",
		"; b=40000 a=40000, 10; 10"},
	{"1.4 a scan's values in a transaction", "putsize a 40000, putsize b 40000; tx(putsize b " +
		"30000, scansizes(putsize b 10), size b, rollback), size b",
		"; rolled back, 40000"},
	{"1.4 a scan's values in a transaction that is kept", "putsize a 40000, putsize b 40000; " +
		"tx(putsize b 39000, scansizes(putsize b 10), size b), size b",
		"; a=40000 b=39000, 10, 10"},
	{"1.4 a scan's values are taken back in it", "putsize a 40000; try(tx(putsize b 39000, " +
		"scansizes(try(tx(putsize b 10, throw no)), putsize c 1), size b)), size b",
		"; a=40000 b=39000, 39000, 39000"},
	{"1.4 an error in a scan", four + "; try(scan(throw no)), scan", "; no, 4 bar qux"},
}
