package abi

// Exports: functions of the guest that the host calls. "input" is what the
// guest reads with [FuncInputRead]; its length in bytes is the parameter.
// "output" is what the guest hands over with [FuncOutputWrite] before it
// returns. The result is [StatusOK], with an output as described, or
// [StatusError], with a wire.Error as the output.
const (
	// ExportMemory is the guest's linear memory. Required.
	ExportMemory = "memory"
	// ExportABIVersion is () -> i32 and returns [Version]. Required. The host
	// calls it once, after ExportInitialize, and refuses any other number.
	ExportABIVersion = "abi_version"
	// ExportInitialize is () -> (), a reactor's start as WASI knows it. The
	// guest registers its classes and its Worker here, or in its start
	// function. Optional.
	ExportInitialize = "_initialize"
	// ExportImagePrepare is () -> (). The host calls it once for a module, last
	// before it takes the image that every instance begins as: a guest may warm
	// up what it wants its instances to find warm. Optional.
	ExportImagePrepare = "image_prepare"
	// ExportWorkerFetch is (input_len i32) -> i32. Input: wire.Request, output:
	// wire.Response. Required of a guest that registers a Worker.
	ExportWorkerFetch = "worker_fetch"
	// ExportObjectInit is (input_len i32) -> i32, the constructor: the instance
	// is this object from now on. Input: wire.Object, no output. Required of a
	// guest that registers a class.
	ExportObjectInit = "object_init"
	// ExportObjectCall is (input_len i32) -> i32, a call of a method. Input:
	// wire.Call, output: the result in JSON. Required of a guest that registers
	// a class.
	ExportObjectCall = "object_call"
	// ExportObjectFetch is (input_len i32) -> i32. Input: wire.Request, output:
	// wire.Response. Required when a class has [ClassHasFetch].
	ExportObjectFetch = "object_fetch"
	// ExportObjectAlarm is (input_len i32) -> i32: the alarm went off. Input:
	// wire.Alarm, no output. Required when a class has [ClassHasAlarm].
	ExportObjectAlarm = "object_alarm"
	// ExportBackgroundRun is (input_len i32) -> i32, always with 0. The host
	// calls it after a call that asked for it with [FuncBackgroundRequest], when
	// the answer is on its way. No input, no output. Required of a guest that
	// asks.
	ExportBackgroundRun = "background_run"
)

// Imports: functions of the host, all in module [ModuleName].
const (
	// FuncClassRegister is (name_ptr, name_len, flags) -> status. It announces
	// a class of objects. Only while the guest starts.
	FuncClassRegister = "class_register"
	// FuncWorkerRegister is () -> status. It says that ExportWorkerFetch
	// answers the app's HTTP requests. Only while the guest starts.
	FuncWorkerRegister = "worker_register"

	// FuncInputRead is (buf_ptr, buf_cap) -> status. It copies the input of the
	// running export into the guest; StatusTooSmall when it does not fit. The
	// input can be read until the export returns.
	FuncInputRead = "input_read"
	// FuncOutputWrite is (ptr, len) -> status. It hands over the output of the
	// running export; the last one counts. StatusTooLarge above MaxMessageBytes.
	FuncOutputWrite = "output_write"
	// FuncResultRead is (buf_ptr, buf_cap, len_ptr) -> status. It copies the
	// result of the guest's last import that left one: a value that was too
	// large for its buffer, or the wire.Error of a StatusError. A result can be
	// read until the next import that leaves one; FuncListNext leaves none.
	FuncResultRead = "result_read"

	// FuncEnvGet is (name_ptr, name_len, buf_ptr, buf_cap, len_ptr) -> status.
	// It reads a variable of the config's vars as JSON.
	FuncEnvGet = "env_get"
	// FuncLogWrite is (level, text_ptr, text_len, attrs_ptr, attrs_len) ->
	// status. The attributes are a JSON object, or empty. Records beyond
	// MaxLogBytesPerCall are dropped and counted.
	FuncLogWrite = "log_write"

	// FuncIDFromName is (binding_ptr, binding_len, name_ptr, name_len, id_ptr)
	// -> status. It writes the 32 bytes of the ID that the name has in the
	// binding's namespace. StatusNotFound: no such binding.
	FuncIDFromName = "id_from_name"
	// FuncIDParse is (binding_ptr, binding_len, hex_ptr, hex_len, id_ptr) ->
	// status. It checks 64 hex digits against the binding's namespace.
	// StatusError leaves upstream's TypeError.
	FuncIDParse = "id_parse"
	// FuncIDNew is (binding_ptr, binding_len, id_ptr) -> status. It writes a
	// new ID that no name has.
	FuncIDNew = "id_new"

	// FuncStubCall is (binding_ptr, binding_len, target_kind, target_ptr,
	// target_len, method_ptr, method_len, args_ptr, args_len, buf_ptr, buf_cap,
	// len_ptr) -> status. It calls a method of another object and waits. The
	// arguments are a JSON array, the result is JSON. While it waits, the
	// guest's exports may be entered again, see "nested entry" in SPEC.md.
	// StatusTooSmall: the result waits for FuncResultRead. StatusError: the
	// wire.Error of the call does. StatusNotFound: no such binding.
	FuncStubCall = "stub_call"
	// FuncStubFetch is (binding_ptr, binding_len, target_kind, target_ptr,
	// target_len, request_ptr, request_len, buf_ptr, buf_cap, len_ptr) ->
	// status. As FuncStubCall, with a wire.Request and a wire.Response.
	FuncStubFetch = "stub_fetch"

	// FuncStorageGet is (key_ptr, key_len, buf_ptr, buf_cap, len_ptr) ->
	// status. It copies the value of a key. StatusNotFound: no such key.
	FuncStorageGet = "storage_get"
	// FuncStoragePut is (key_ptr, key_len, value_ptr, value_len, flags) ->
	// status.
	FuncStoragePut = "storage_put"
	// FuncStorageDelete is (key_ptr, key_len, flags) -> status. StatusNotFound:
	// there was no such key.
	FuncStorageDelete = "storage_delete"
	// FuncStorageDeleteAll is () -> status. It deletes every key and the alarm.
	FuncStorageDeleteAll = "storage_delete_all"
	// FuncStorageSync is () -> status. It waits until everything written before
	// is durable.
	FuncStorageSync = "storage_sync"

	// FuncListOpen is (options_ptr, options_len, handle_ptr) -> status. It
	// begins to list keys, as a wire.List says, and writes an i32 that names the
	// list until list_close or the end of the call. The list shows storage as it
	// is now, whatever is written later.
	FuncListOpen = "list_open"
	// FuncListNext is (handle, buf_ptr, buf_cap, len_ptr) -> status. It fills the
	// buffer with as many entries as fit, each a key and a value as wire.Header
	// has them. StatusNotFound: no more. StatusTooSmall: the next entry does not
	// fit, its length is at len_ptr, and it comes again.
	FuncListNext = "list_next"
	// FuncListClose is (handle) -> status.
	FuncListClose = "list_close"

	// FuncTransactionBegin is () -> status. What is written from here on can be
	// taken back alone; transactions nest.
	FuncTransactionBegin = "transaction_begin"
	// FuncTransactionCommit is () -> status. It ends the innermost transaction;
	// its writes belong to the one around it, or to the call.
	FuncTransactionCommit = "transaction_commit"
	// FuncTransactionRollback is () -> status. It ends the innermost transaction
	// and takes its writes back.
	FuncTransactionRollback = "transaction_rollback"

	// FuncAlarmSet is (time_ms i64, flags) -> status. It sets the object's one
	// alarm, in milliseconds since 1970; a time that has passed is now.
	// StatusError leaves upstream's TypeErrors.
	FuncAlarmSet = "alarm_set"
	// FuncAlarmGet is (time_ptr) -> status. It writes 8 bytes. StatusNotFound: no
	// alarm is set; while the handler runs, only one that it has set counts.
	FuncAlarmGet = "alarm_get"
	// FuncAlarmDelete is (flags) -> status.
	FuncAlarmDelete = "alarm_delete"

	// FuncCriticalBegin is () -> status. Until the matching critical_end no
	// nested entry is let in. StatusError: nested deeper than MaxCriticalDepth.
	FuncCriticalBegin = "critical_begin"
	// FuncCriticalEnd is () -> status. StatusInvalid: none has begun. When the
	// outermost section takes longer than MaxCriticalMillis the entry ends, in this
	// import or before, and the activation with it.
	FuncCriticalEnd = "critical_end"

	// FuncBackgroundRequest is () -> status. It asks the host to call
	// ExportBackgroundRun once this call's answer is on its way, be it a result
	// or an error. StatusForbidden: the guest lacks that export.
	FuncBackgroundRequest = "background_request"

	// FuncFetchSend is (request_ptr, request_len, buf_ptr, buf_cap, len_ptr) ->
	// status. It sends a wire.Request out of the host, if the host allows where
	// it goes, and gives a wire.Response as FuncStubFetch does.
	FuncFetchSend = "fetch_send"

	// FuncObjectAbort is (reason_ptr, reason_len) -> (). It does not return:
	// the activation ends, and what this call wrote is discarded.
	FuncObjectAbort = "object_abort"
	// FuncObjectReset is (reason_ptr, reason_len, flags) -> status. As
	// FuncObjectAbort, with flags; it returns only to refuse.
	FuncObjectReset = "object_reset"
)
