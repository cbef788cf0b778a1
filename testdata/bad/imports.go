//go:build wasip1

package main

// imported is a function of the host that takes a pointer.
type imported struct {
	name   string
	params string // as SPEC.md names them
	call   func(a []uint32) uint32
}

var imports = []imported{
	{"class_register", "name_ptr name_len flags", func(a []uint32) uint32 {
		return classRegister(a[0], a[1], a[2])
	}},
	{"input_read", "buf_ptr buf_cap", func(a []uint32) uint32 { return inputRead(a[0], a[1]) }},
	{"output_write", "ptr len", func(a []uint32) uint32 { return outputWrite(a[0], a[1]) }},
	{"result_read", "buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return resultRead(a[0], a[1], a[2])
	}},
	{"env_get", "name_ptr name_len buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return envGet(a[0], a[1], a[2], a[3], a[4])
	}},
	{"log_write", "level text_ptr text_len attrs_ptr attrs_len", func(a []uint32) uint32 {
		return logWrite(a[0], a[1], a[2], a[3], a[4])
	}},
	{"id_from_name", "binding_ptr binding_len name_ptr name_len id_ptr", func(a []uint32) uint32 {
		return idFromName(a[0], a[1], a[2], a[3], a[4])
	}},
	{"id_parse", "binding_ptr binding_len hex_ptr hex_len id_ptr", func(a []uint32) uint32 {
		return idParse(a[0], a[1], a[2], a[3], a[4])
	}},
	{"id_new", "binding_ptr binding_len id_ptr", func(a []uint32) uint32 {
		return idNew(a[0], a[1], a[2])
	}},
	{"stub_call", "binding_ptr binding_len target_kind target_ptr target_len method_ptr " +
		"method_len args_ptr args_len buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return stubCall(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11])
	}},
	{"stub_fetch", "binding_ptr binding_len target_kind target_ptr target_len request_ptr " +
		"request_len buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return stubFetch(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9])
	}},
	{"storage_get", "key_ptr key_len buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return storageGet(a[0], a[1], a[2], a[3], a[4])
	}},
	{"storage_put", "key_ptr key_len value_ptr value_len flags", func(a []uint32) uint32 {
		return storagePut(a[0], a[1], a[2], a[3], a[4])
	}},
	{"storage_delete", "key_ptr key_len flags", func(a []uint32) uint32 {
		return storageDelete(a[0], a[1], a[2])
	}},
	{"list_open", "options_ptr options_len handle_ptr", func(a []uint32) uint32 {
		return listOpen(a[0], a[1], a[2])
	}},
	{"list_next", "handle buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return listNext(a[0], a[1], a[2], a[3])
	}},
	{"alarm_get", "time_ptr", func(a []uint32) uint32 { return alarmGet(a[0]) }},
	{"fetch_send", "request_ptr request_len buf_ptr buf_cap len_ptr", func(a []uint32) uint32 {
		return fetchSend(a[0], a[1], a[2], a[3], a[4])
	}},
}

//go:wasmimport cairn_v1 class_register
func classRegister(namePtr, nameLen, flags uint32) uint32

//go:wasmimport cairn_v1 input_read
func inputRead(bufPtr, bufCap uint32) uint32

//go:wasmimport cairn_v1 output_write
func outputWrite(ptr, length uint32) uint32

//go:wasmimport cairn_v1 result_read
func resultRead(bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 env_get
func envGet(namePtr, nameLen, bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 log_write
func logWrite(level, textPtr, textLen, attrsPtr, attrsLen uint32) uint32

//go:wasmimport cairn_v1 id_from_name
func idFromName(bindingPtr, bindingLen, namePtr, nameLen, idPtr uint32) uint32

//go:wasmimport cairn_v1 id_parse
func idParse(bindingPtr, bindingLen, hexPtr, hexLen, idPtr uint32) uint32

//go:wasmimport cairn_v1 id_new
func idNew(bindingPtr, bindingLen, idPtr uint32) uint32

//go:wasmimport cairn_v1 stub_call
func stubCall(bindingPtr, bindingLen, kind, targetPtr, targetLen, methodPtr, methodLen,
	argsPtr, argsLen, bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 stub_fetch
func stubFetch(bindingPtr, bindingLen, kind, targetPtr, targetLen, requestPtr, requestLen,
	bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 storage_get
func storageGet(keyPtr, keyLen, bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 storage_put
func storagePut(keyPtr, keyLen, valuePtr, valueLen, flags uint32) uint32

//go:wasmimport cairn_v1 storage_delete
func storageDelete(keyPtr, keyLen, flags uint32) uint32

//go:wasmimport cairn_v1 list_open
func listOpen(optionsPtr, optionsLen, handlePtr uint32) uint32

//go:wasmimport cairn_v1 list_next
func listNext(handle, bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 alarm_get
func alarmGet(timePtr uint32) uint32

//go:wasmimport cairn_v1 fetch_send
func fetchSend(requestPtr, requestLen, bufPtr, bufCap, lenPtr uint32) uint32

//go:wasmimport cairn_v1 object_abort
func objectAbort(reasonPtr, reasonLen uint32)
