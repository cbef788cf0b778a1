package abi

// Exports: functions of the guest that the host calls; [Exports] has their
// signatures. "Input" is what the guest reads with [FuncInputRead]; its length in
// bytes is the parameter. "Output" is what the guest hands over with
// [FuncOutputWrite] before it returns. An export with an input returns [StatusOK],
// with an output as described, or [StatusError], with a wire.Error as the output.
const (
	// ExportMemory is the guest's linear memory. Required.
	ExportMemory = "memory"
	// ExportABIVersion returns [Version]. Required. The host calls it once, after
	// ExportInitialize, and refuses any other number.
	ExportABIVersion = "abi_version"
	// ExportInitialize is a reactor's start as WASI knows it. The guest registers
	// its classes and its Worker here, or in its start function. Optional.
	ExportInitialize = "_initialize"
	// ExportImagePrepare is called once for a module, last before the host takes
	// the image that every instance begins as: a guest may warm up what it wants
	// its instances to find warm. Optional.
	ExportImagePrepare = "image_prepare"
	// ExportWorkerFetch answers a request of the app. Input: wire.Request, output:
	// wire.Response. Required of a guest that registers a Worker.
	ExportWorkerFetch = "worker_fetch"
	// ExportObjectInit is the constructor: the instance is this object from now on.
	// Input: wire.Object, no output. Required of a guest that registers a class.
	ExportObjectInit = "object_init"
	// ExportObjectCall answers a call of a method. Input: wire.Call, output: the
	// result in JSON. Required of a guest that registers a class.
	ExportObjectCall = "object_call"
	// ExportObjectFetch answers a request of another guest. Input: wire.Request,
	// output: wire.Response. Required when a class has [ClassHasFetch].
	ExportObjectFetch = "object_fetch"
	// ExportObjectAlarm says that the alarm went off. Input: wire.Alarm, no output.
	// Required when a class has [ClassHasAlarm].
	ExportObjectAlarm = "object_alarm"
	// ExportBackgroundRun is called after an entry that asked for it with
	// [FuncBackgroundRequest], when the answer is on its way. Its parameter is 0. No
	// input, no output. Required of a guest that asks.
	ExportBackgroundRun = "background_run"
)

// Imports: functions of the host, all in module [ModuleName]; [Imports] has their
// parameters and the statuses that they answer.
const (
	// FuncClassRegister announces a class of objects. Only while the guest starts.
	FuncClassRegister = "class_register"
	// FuncWorkerRegister says that ExportWorkerFetch answers the app's HTTP
	// requests. Only while the guest starts.
	FuncWorkerRegister = "worker_register"

	// FuncInputRead copies the input of the running export into the guest;
	// StatusTooSmall when the buffer cannot hold it. The input can be read until the
	// export returns.
	FuncInputRead = "input_read"
	// FuncOutputWrite hands over the output of the running export; the last one
	// counts. StatusTooLarge above MaxMessageBytes.
	FuncOutputWrite = "output_write"
	// FuncResultRead copies the result of the guest's last import that left one: a
	// value that was too large for its buffer, or the wire.Error of a StatusError. A
	// result can be read until the next import that leaves one; FuncListNext leaves
	// none.
	FuncResultRead = "result_read"

	// FuncEnvGet reads a variable of the config's vars as JSON.
	FuncEnvGet = "env_get"
	// FuncLogWrite writes a record to the host's log. The attributes are a JSON
	// object, or empty. Records beyond MaxLogBytesPerCall are dropped and counted.
	FuncLogWrite = "log_write"

	// FuncIDFromName writes the 32 bytes of the ID that the name has in the
	// binding's namespace. StatusNotFound: no such binding.
	FuncIDFromName = "id_from_name"
	// FuncIDParse checks 64 hex digits against the binding's namespace. StatusError
	// leaves upstream's TypeError.
	FuncIDParse = "id_parse"
	// FuncIDNew writes a new ID that no name has.
	FuncIDNew = "id_new"

	// FuncStubCall calls a method of another object and waits. The arguments are a
	// JSON array, the result is JSON. While it waits, the guest's exports may be
	// entered again, see "nested entry" in SPEC.md. StatusTooSmall: the result waits
	// for FuncResultRead. StatusError: the wire.Error of the call does.
	// StatusNotFound: no such binding.
	FuncStubCall = "stub_call"
	// FuncStubFetch does the same with a wire.Request and a wire.Response.
	FuncStubFetch = "stub_fetch"

	// FuncStorageGet copies the value of a key. StatusNotFound: no such key.
	FuncStorageGet = "storage_get"
	// FuncStoragePut stores a value under a key.
	FuncStoragePut = "storage_put"
	// FuncStorageDelete deletes a key. StatusNotFound: there was no such key.
	FuncStorageDelete = "storage_delete"
	// FuncStorageDeleteAll deletes every key and the alarm.
	FuncStorageDeleteAll = "storage_delete_all"
	// FuncStorageSync waits until everything written before is durable.
	FuncStorageSync = "storage_sync"

	// FuncListOpen begins to list keys, as a wire.List says, and writes an i32 that
	// names the list until list_close or the end of the entry. The list shows
	// storage as it is now, whatever is written later.
	FuncListOpen = "list_open"
	// FuncListNext fills the buffer with as many pairs as fit, each a key and a value
	// as wire.Header has them. StatusNotFound: no more. StatusTooSmall: the next pair
	// does not fit, its length is at len_ptr, and the same pair comes again.
	FuncListNext = "list_next"
	// FuncListClose ends a list.
	FuncListClose = "list_close"

	// FuncTransactionBegin begins what can be taken back alone; transactions nest.
	FuncTransactionBegin = "transaction_begin"
	// FuncTransactionCommit ends the innermost transaction; its writes belong to
	// the one around it, or to the call.
	FuncTransactionCommit = "transaction_commit"
	// FuncTransactionRollback ends the innermost transaction and takes its writes
	// back.
	FuncTransactionRollback = "transaction_rollback"

	// FuncAlarmSet sets the object's one alarm, in milliseconds since 1970; a time
	// that has passed is now. StatusError leaves upstream's TypeErrors.
	FuncAlarmSet = "alarm_set"
	// FuncAlarmGet writes the alarm's time, 8 bytes. StatusNotFound: no alarm is
	// set; while the handler runs, only one that it has set counts.
	FuncAlarmGet = "alarm_get"
	// FuncAlarmDelete deletes the alarm.
	FuncAlarmDelete = "alarm_delete"

	// FuncCriticalBegin lets no nested entry in until the matching critical_end.
	// StatusError: nested deeper than MaxCriticalDepth.
	FuncCriticalBegin = "critical_begin"
	// FuncCriticalEnd ends the innermost section. StatusInvalid: none has begun.
	// When the outermost section takes longer than MaxCriticalMillis the entry ends,
	// in this import or before, and the activation with it.
	FuncCriticalEnd = "critical_end"

	// FuncBackgroundRequest asks the host to call ExportBackgroundRun once this
	// entry's answer is on its way, be it a result or an error. StatusForbidden: the
	// guest lacks that export.
	FuncBackgroundRequest = "background_request"

	// FuncFetchSend sends a wire.Request out of the host, if the host allows where
	// it goes, and gives a wire.Response as FuncStubFetch does.
	FuncFetchSend = "fetch_send"

	// FuncObjectAbort does not return: the activation ends, and what this call wrote
	// is discarded.
	FuncObjectAbort = "object_abort"
	// FuncObjectReset does the same with flags; it returns only to refuse.
	FuncObjectReset = "object_reset"
)
