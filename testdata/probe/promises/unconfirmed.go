package promises

// Unconfirmed are scripts for an object that has stored old. Lost says that the
// answer waits for nothing, so that what the script writes may be lost in a crash.
var Unconfirmed = []struct {
	Script string
	Lost   bool
}{
	{"put x 1 unconfirmed", true},
	{"putbytes x 1 unconfirmed, get x", true},
	{"putmany! x=1 y=1", true},
	{"delete old unconfirmed", true},
	{"setalarm +1000 unconfirmed, deletealarm unconfirmed, put x 1 unconfirmed", true},
	{"tx(put x 1 unconfirmed)", true},
	{"put x 1 unconfirmed, delete none", true},
	{"put x 1 unconfirmed, tx(put y 1, rollback)", true},
	{"put x 1 unconfirmed, tx(tx(delete old), rollback)", true},
	{"put x 1 unconfirmed, try(tx(putmany y=1 z=1, throw no))", true},
	{"put x 1 unconfirmed, try(throw no)", true},
	{"put x 1 unconfirmed, get old, list, getmany x old", true},

	{"put x 1", false},
	{"put x 1, put y 1 unconfirmed", false},
	{"put x 1 unconfirmed, put y 1", false},
	{"put x 1 unconfirmed, putmany y=1", false},
	{"put x 1 unconfirmed, tx(put y 1)", false},
	{"put x 1 unconfirmed, tx(put y 1 unconfirmed, tx(put z 1))", false},
	{"put x 1 unconfirmed, put x 2, delete x unconfirmed", false},
	{"put x 1 unconfirmed, delete old", false},
	{"put x 1 unconfirmed, deletemany none old", false},
	{"put x 1 unconfirmed, setalarm +1000", false},
	{"deleteall, put x 1 unconfirmed", false},
	{"put x 1 unconfirmed, sync", false},
}
