package hostfunc

// Host is what a guest may ask during one call. It implements the interfaces of the
// capabilities that the guest has, [Registration] to [Resets]; what it lacks is
// forbidden to the guest, see abi.Capability. Whoever implements one says so beside
// it, so that a method that is forgotten does not compile:
//
//	var _ hostfunc.Storage = (*turn)(nil)
//
// Slices that a Host is given are views of linear memory, valid until it returns or
// enters a guest, whichever is first; slices that it returns are views that the
// caller copies at once.
//
// A Host can be compared, such as a pointer: a Call that meets the same one again
// has looked already at what it implements.
type Host any

// abilities is a Host by its capabilities; nil is one that it lacks.
type abilities struct {
	registration Registration
	env          Env
	log          Log
	ids          IDs
	stubs        Stubs
	outbound     Outbound
	storage      Storage
	lists        Lists
	transactions Transactions
	alarms       Alarms
	sections     Sections
	background   Background
	resets       Resets
}

func abilitiesOf(h Host) (a abilities) {
	a.registration, _ = h.(Registration)
	a.env, _ = h.(Env)
	a.log, _ = h.(Log)
	a.ids, _ = h.(IDs)
	a.stubs, _ = h.(Stubs)
	a.outbound, _ = h.(Outbound)
	a.storage, _ = h.(Storage)
	a.lists, _ = h.(Lists)
	a.transactions, _ = h.(Transactions)
	a.alarms, _ = h.(Alarms)
	a.sections, _ = h.(Sections)
	a.background, _ = h.(Background)
	a.resets, _ = h.(Resets)
	return a
}
