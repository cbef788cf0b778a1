//go:build !wasip1

package hostcall

import "github.com/cairn-dev/cairn/abi"

func ClassRegister(name string, flags uint32) abi.Status {
	classes[name] = flags
	return abi.StatusOK
}

func WorkerRegister() abi.Status {
	hasWorker = true
	return abi.StatusOK
}

func InputRead(buf []byte) abi.Status         { return current.InputRead(buf) }
func OutputWrite(b []byte) abi.Status         { return current.OutputWrite(b) }
func ResultRead(buf []byte) (int, abi.Status) { return current.ResultRead(buf) }

func EnvGet(name string, buf []byte) (int, abi.Status) { return current.EnvGet(name, buf) }

func LogWrite(level int32, text string, attrs []byte) abi.Status {
	return current.LogWrite(level, text, attrs)
}

func IDFromName(binding, name string) (abi.ID, abi.Status) {
	return current.IDFromName(binding, name)
}

func IDParse(binding, hex string) (abi.ID, abi.Status) { return current.IDParse(binding, hex) }
func IDNew(binding string) (abi.ID, abi.Status)        { return current.IDNew(binding) }

func StubCall(binding string, kind uint32, target, method string, args, buf []byte,
) (int, abi.Status) {
	return current.StubCall(binding, kind, target, method, args, buf)
}

func StubFetch(binding string, kind uint32, target string, request, buf []byte,
) (int, abi.Status) {
	return current.StubFetch(binding, kind, target, request, buf)
}

func StorageGet(key string, buf []byte) (int, abi.Status) { return current.StorageGet(key, buf) }
func StoragePut(key string, value []byte) abi.Status      { return current.StoragePut(key, value) }
func StorageDelete(key string) abi.Status                 { return current.StorageDelete(key) }
func ObjectAbort(reason string)                           { current.ObjectAbort(reason) }
