package promises

// Transactions are D. Upstream's txn.rollback() is an error of the function here;
// the probe has one that it does not pass on.
var Transactions = []Case{
	{"D56 commit", "put v 0; tx(put v 1, get v, print foo); get v", "; 1, foo; 1"},
	{"D57 reads see what was before", "put v 1, put w 1; tx(get v, get w, list, getmany v w)",
		"; 1, 1, v w, 2: v=1 w=1"},
	{"D58 rollback", "put v 3; tx(put v 4, get v, rollback), get v; get v", "; rolled back, 3; 3"},
	{"D59 an error", "put v 3; try(tx(put v 5, throw no)), get v, count; get v, count",
		"; no, 3, 1; 3, 2"},
	{"D59 an error that nobody catches",
		"put v 3; put w 1, tx(put v 5, throw no); get v, get w, count",
		"; [remote] no; 3, 1, 1"},
	{"D59 an error with a name", "try(tx(throwname RangeError far))",
		"[remote retryable overloaded reset] RangeError: far"},
	{"D59 a panic", "put v 3; recover(tx(put v 5, panic ouch)), get v, put w 1; get v, get w",
		"; panic: ouch, 3; 3, 1"},
	{"D59 a panic that nobody recovers",
		"put v 3; put w 1, tx(put v 5, panic ouch); get v, get w, count",
		"; [remote] ouch; 3, 1, 1"},
	{"D60 inner commits and outer rolls back",
		"put v 3; tx(put v 6, tx(put v 7), get v, rollback), get v; get v",
		"; rolled back, 3; 3"},
	{"D60 inner rolls back and outer commits",
		"put v 3; tx(put v 6, tx(put v 7, rollback), get v), get v; get v",
		"; rolled back, 6, 6; 6"},
	{"D60 inner fails and outer goes on",
		"put v 3; tx(put v 6, try(tx(put v 7, throw no)), put w 1); entries",
		"; no; v=6 w=1"},
	{"D60 inner fails and outer too", "put v 3; try(tx(put v 6, tx(put v 7, throw no))); entries",
		"; no; v=3"},
	{"D60 three deep",
		"tx(put a 1, tx(put b 1, tx(put c 1, rollback), list), tx(put d 1, rollback), list); list",
		"rolled back, a b, rolled back, a b; a b"},
	{"D60 one after the other", "tx(put a 1), tx(put a 2, rollback), tx(put b 2), tx(throw no)",
		"[remote] no"},
	{"D60 one after the other, what is left",
		"tx(put a 1), tx(put a 2, rollback), tx(put b 2), try(tx(throw no)); entries",
		"rolled back, no; a=1 b=2"},
	{"D61 a delete", "put a 1, put b 1; tx(delete a, list, rollback), list; tx(delete a), list",
		"; rolled back, a b; true, b"},
	{"D61 a delete of what is new",
		"put a 1; tx(put b 1, tx(delete b, delete a, list, rollback), list)",
		"; rolled back, a b"},
	{"D61 a put over a delete", "put a 1; delete a, tx(put a 2, rollback), get a; get a",
		"; true, rolled back, none; none"},
	{"D61 many", "putmany a b c; tx(putmany c=1 d=1, deletemany a b x, list, rollback); entries",
		"; rolled back; a=0 b=0 c=0"},
	{"D61 what was written before stays", "put a 1, tx(put b 1, rollback), put c 1; list",
		"rolled back; a c"},
	{"D61 a list sees it",
		"putmany a c e; tx(put b 1, delete c, list, list reverse limit=2, list start=b end=e)",
		"; true, a b e, e b, b"},
	{"D61 the same key again and again", "put a 0; tx(put a 1, tx(put a 2, tx(put a 3, " +
		"rollback), get a, rollback), get a, put a 4); get a",
		"; rolled back, 1; 4"},
	{"D62 first put ever", "try(tx(put a 1, throw no)), list; put a 2; get a", "no, empty; ; 2"},
	{"D62 first alarm ever", "try(tx(setalarm +4000, getalarm, throw no)), getalarm; setalarm " +
		"+5000; getalarm, deletealarm",
		"no, none; ; +5000"},
	{"D62 an alarm that was there", "setalarm +4000; tx(setalarm +5000, rollback), getalarm; " +
		"tx(deletealarm, getalarm, rollback), getalarm, deletealarm",
		"; rolled back, +4000; rolled back, +4000"},
	{"D62 an alarm in a transaction",
		"tx(setalarm +4000, getalarm); getalarm; tx(deletealarm, getalarm); getalarm",
		"+4000; +4000; none; none"},
	{"D62 alarms in transactions in transactions", "setalarm +4000; tx(deletealarm, tx(setalarm " +
		"+1000, rollback), getalarm, tx(setalarm +2000), getalarm, rollback), getalarm",
		"; rolled back, +4000"},
	{"D62 an alarm behind one that is taken back", "tx(setalarm +4000, rollback), setalarm " +
		"+5000, tx(getalarm, deletealarm, getalarm); getalarm",
		"rolled back, +5000, none; none"},
	{"D61 a transaction behind deleteAll", "putmany a b, setalarm +4000; deleteall, tx(put c 1, " +
		"setalarm +1, rollback), list, getalarm, tx(put d 1); list, getalarm",
		"; rolled back, empty, none; d, none"},
	{"D61 unconfirmed, taken back", "put a 1; put a 2 unconfirmed, tx(put b 1 unconfirmed, " +
		"delete a unconfirmed, rollback), entries; restart; entries",
		"; rolled back, a=2; a=2"},
	{"D61 longer and shorter values", "put a 1; tx(put a 22, tx(put a 333, put a 4444, " +
		"rollback), get a, put a 5, tx(put a 66), get a, rollback), get a; get a",
		"; rolled back, 1; 1"},
	{"D60 an inner error ends the outer",
		"put v 1; try(tx(put v 2, tx(put v 3, throwname RangeError far), put v 4)), get v",
		"; [remote retryable overloaded reset] RangeError: far, 1"},
	{"D60 a rollback of the outer alone",
		"tx(tx(tx(put a 1), put b 1), put c 1, rollback), list; list", "rolled back, empty; empty"},
	{"D63 a list in it, with all options", "putmany a b c d; tx(delete b, put bb 1, list " +
		"prefix=b, list start=b end=d, list after=a limit=2 reverse, scan reverse); list",
		"; true, bb, bb c, d c, 4 d a; a bb c d"},
	{"D63 a scan while it writes", "putmany a b c; tx(scan(put a2 1, put c2 1, delete c), list, " +
		"rollback), list", "; rolled back, a b c"},
	{"D63 reads in it see the batch", "put a 1, tx(get a, put a 2, get a), get a", "1, 2, 2"},
	{"D64 use after commit is outside", "put v 1; tx(put v 2), put v 3, tx(put v 4, rollback), " +
		"get v; get v", "; rolled back, 3; 3"},
	{"D64 use after an error is outside", "try(tx(put v 2, throw no)), put v 3; get v", "no; 3"},
	{"D64 use after a panic is outside",
		"recover(tx(put v 2, panic no)), put v 3, deleteall, put w 1; entries", "panic: no; w=1"},
	{"D64 a panic in two transactions",
		"recover(tx(put a 1, tx(put b 1, panic no))), put c 1; list", "panic: no; c"},
	{"2.5 an abort takes all back", "put v 1; put v 2, tx(put v 3), abort no; get v",
		"; [remote reset] no; 1"},
	{"2.5 an abort in a transaction", "put v 1; tx(put v 3, abort no); get v; tx(put v 4); get v",
		"; [remote reset] no; 1; ; 4"},
	{"2.5 a restart", "tx(put a 1, tx(put b 1, rollback)), put c 1; restart; list",
		"rolled back; a c"},
	{"1.4 a transaction of reads", "tx(get a), list", "none, empty"},
	{"1.4 64 deep", "nest 64 tx(put a 1); get a", "; 1"},
	{"1.4 65 deep", "try(nest 65 tx(put a 1)), get a; put a 2; get a",
		"transactions are nested deeper than 64, none; ; 2"},
	{"1.4 a limit in a transaction", "put a 1; tx(try(putsize big 2097153), put b 1); list",
		"; RangeError: Values cannot be larger than 2097152 bytes. A value of size 2097153 was " +
			"provided.; a b"},
}

// inTransaction refuses what could tell others of writes that are taken back.
// Upstream's transactionSync cannot do that either.
const inTransaction = "A transaction cannot call other objects or the network: they could learn " +
	"of writes that it takes back."

// Refused are the calls that no transaction may make.
var Refused = []Case{
	{"1.4 deleteAll in a transaction", "put a 1; tx(put b 1, try(deleteall), list); list",
		"; TypeError: Cannot call deleteAll() within a transaction, a b; a b"},
	{"1.4 deleteAll in an inner transaction",
		"put a 1; tx(put b 1, tx(try(deleteall)), try(tx(deleteall))); list",
		"; TypeError: Cannot call deleteAll() within a transaction, TypeError: Cannot call " +
			"deleteAll() within a transaction; a b"},
	{"1.4 a call in a transaction", "tx(put a 1, try(call .b(put a 1))); list, call .b(list)",
		inTransaction + "; a, empty"},
	{"1.4 a fetch in a transaction", "tx(try(fetch .b http://x/))", inTransaction},
	{"1.4 outside in a transaction", "tx(try(outside http://127.0.0.1/))", inTransaction},
	{"1.4 sync in a transaction", "tx(put a 1, try(sync)); list", inTransaction + "; a"},
	{"1.4 a call after a transaction", "tx(put a 1), call .b(put a 1, call .(list))", "a"},
	{"1.4 a nested entry has its own", "put a 1, call .b(call .(tx(put a 2, rollback), put b " +
		"1)), entries", "rolled back, a=1 b=1"},
}
