package abi

// Import is a function of the host: a row of [Imports].
type Import struct {
	Name string
	// Capability is what a guest must have to call it.
	Capability Capability
	// Params names the parameters; a name says what a parameter is, see [Import.Args].
	Params []string
	// Answers are the statuses that it may answer. Each import with an address may
	// answer StatusFault as well. None: it returns nothing.
	Answers []Status
}

// Capability is a group of imports that a guest has or lacks as a whole. An import
// of one that it lacks answers StatusForbidden, but env_get StatusNotFound and
// log_write StatusOK, and object_abort traps.
type Capability string

// Capabilities.
const (
	// CapabilityMessages are what each guest has at each moment.
	CapabilityMessages     Capability = "messages"
	CapabilityRegistration Capability = "registration" // while the guest starts
	CapabilityEnv          Capability = "env"
	CapabilityLog          Capability = "log"
	CapabilityIDs          Capability = "ids"
	CapabilityStubs        Capability = "stubs"
	CapabilityOutbound     Capability = "outbound"
	CapabilityBackground   Capability = "background"
	// What follows is an object's alone.
	CapabilityStorage      Capability = "storage"
	CapabilityLists        Capability = "lists"
	CapabilityTransactions Capability = "transactions"
	CapabilityAlarms       Capability = "alarms"
	CapabilitySections     Capability = "sections"
	CapabilityResets       Capability = "resets"
)

// Imports is the table of the ABI's imports, in the order of SPEC.md: the one
// place that says which there are. What host, kits and traces know of a function
// comes from its row. (The table is all literals: what calls nothing costs a guest
// that does not look at it neither bytes nor time at its start.)
var Imports = []Import{
	{FuncClassRegister, CapabilityRegistration, []string{"name_ptr", "name_len", "flags"},
		[]Status{StatusOK, StatusInvalid, StatusTooLarge, StatusForbidden}},
	{FuncWorkerRegister, CapabilityRegistration, nil, []Status{StatusOK, StatusForbidden}},

	{FuncInputRead, CapabilityMessages, []string{"buf_ptr", "buf_cap"},
		[]Status{StatusOK, StatusTooSmall}},
	{FuncOutputWrite, CapabilityMessages, []string{"ptr", "len"},
		[]Status{StatusOK, StatusTooLarge}},
	{FuncResultRead, CapabilityMessages, []string{"buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusTooSmall}},

	{FuncEnvGet, CapabilityEnv,
		[]string{"name_ptr", "name_len", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusTooSmall}},
	{FuncLogWrite, CapabilityLog,
		[]string{"level", "text_ptr", "text_len", "attrs_ptr", "attrs_len"},
		[]Status{StatusOK, StatusTooLarge}},

	{FuncIDFromName, CapabilityIDs,
		[]string{"binding_ptr", "binding_len", "name_ptr", "name_len", "id_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusInvalid, StatusForbidden}},
	{FuncIDParse, CapabilityIDs,
		[]string{"binding_ptr", "binding_len", "hex_ptr", "hex_len", "id_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusForbidden, StatusError}},
	{FuncIDNew, CapabilityIDs, []string{"binding_ptr", "binding_len", "id_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusForbidden}},

	{FuncStubCall, CapabilityStubs,
		[]string{"binding_ptr", "binding_len", "target_kind", "target_ptr", "target_len",
			"method_ptr", "method_len", "args_ptr", "args_len", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusTooSmall, StatusInvalid, StatusTooLarge,
			StatusForbidden, StatusError}},
	{FuncStubFetch, CapabilityStubs,
		[]string{"binding_ptr", "binding_len", "target_kind", "target_ptr", "target_len",
			"request_ptr", "request_len", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusTooSmall, StatusInvalid, StatusTooLarge,
			StatusForbidden, StatusError}},
	{FuncFetchSend, CapabilityOutbound,
		[]string{"request_ptr", "request_len", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusTooSmall, StatusInvalid, StatusTooLarge, StatusForbidden,
			StatusError}},

	{FuncStorageGet, CapabilityStorage,
		[]string{"key_ptr", "key_len", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusTooSmall, StatusTooLarge, StatusForbidden,
			StatusError}},
	{FuncStoragePut, CapabilityStorage,
		[]string{"key_ptr", "key_len", "value_ptr", "value_len", "flags"},
		[]Status{StatusOK, StatusInvalid, StatusTooLarge, StatusForbidden, StatusError}},
	{FuncStorageDelete, CapabilityStorage, []string{"key_ptr", "key_len", "flags"},
		[]Status{StatusOK, StatusNotFound, StatusInvalid, StatusTooLarge, StatusForbidden,
			StatusError}},
	{FuncStorageDeleteAll, CapabilityStorage, nil,
		[]Status{StatusOK, StatusForbidden, StatusError}},
	{FuncStorageSync, CapabilityStorage, nil, []Status{StatusOK, StatusForbidden, StatusError}},

	{FuncListOpen, CapabilityLists, []string{"options_ptr", "options_len", "handle_ptr"},
		[]Status{StatusOK, StatusInvalid, StatusForbidden, StatusError}},
	{FuncListNext, CapabilityLists, []string{"handle", "buf_ptr", "buf_cap", "len_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusTooSmall, StatusInvalid, StatusError}},
	{FuncListClose, CapabilityLists, []string{"handle"}, []Status{StatusOK, StatusInvalid}},

	{FuncTransactionBegin, CapabilityTransactions, nil,
		[]Status{StatusOK, StatusForbidden, StatusError}},
	{FuncTransactionCommit, CapabilityTransactions, nil,
		[]Status{StatusOK, StatusInvalid, StatusForbidden, StatusError}},
	{FuncTransactionRollback, CapabilityTransactions, nil,
		[]Status{StatusOK, StatusInvalid, StatusForbidden, StatusError}},

	{FuncAlarmSet, CapabilityAlarms, []string{"time_ms", "flags"},
		[]Status{StatusOK, StatusInvalid, StatusForbidden, StatusError}},
	{FuncAlarmGet, CapabilityAlarms, []string{"time_ptr"},
		[]Status{StatusOK, StatusNotFound, StatusForbidden, StatusError}},
	{FuncAlarmDelete, CapabilityAlarms, []string{"flags"},
		[]Status{StatusOK, StatusInvalid, StatusForbidden, StatusError}},

	{FuncCriticalBegin, CapabilitySections, nil,
		[]Status{StatusOK, StatusForbidden, StatusError}},
	{FuncCriticalEnd, CapabilitySections, nil,
		[]Status{StatusOK, StatusInvalid, StatusForbidden}},

	{FuncBackgroundRequest, CapabilityBackground, nil, []Status{StatusOK, StatusForbidden}},
	{FuncObjectAbort, CapabilityResets, []string{"reason_ptr", "reason_len"}, nil},
	{FuncObjectReset, CapabilityResets, []string{"reason_ptr", "reason_len", "flags"},
		[]Status{StatusInvalid, StatusForbidden}},
}

// ImportNamed returns a row of [Imports], or nil.
func ImportNamed(name string) *Import {
	for i := range Imports {
		if Imports[i].Name == name {
			return &Imports[i]
		}
	}
	return nil
}

// Export is a function of the guest: a row of [Exports].
type Export struct {
	Name string
	// Params names the parameters.
	Params []string
	// Result says that it returns an i32, a status where it has an input.
	Result bool
}

// Exports is the table of the functions that the host calls, in the order of
// SPEC.md. [ExportMemory] is none.
var Exports = []Export{
	{ExportABIVersion, nil, true},
	{ExportInitialize, nil, false},
	{ExportImagePrepare, nil, false},
	{ExportWorkerFetch, []string{"input_len"}, true},
	{ExportObjectInit, []string{"input_len"}, true},
	{ExportObjectCall, []string{"input_len"}, true},
	{ExportObjectFetch, []string{"input_len"}, true},
	{ExportObjectAlarm, []string{"input_len"}, true},
	{ExportBackgroundRun, []string{"input_len"}, true},
}
