//go:build !wasip1

package hostcall

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
)

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

func StoragePut(key string, value []byte, flags uint32) abi.Status {
	return current.StoragePut(key, value, flags)
}

func StorageDelete(key string, flags uint32) abi.Status { return current.StorageDelete(key, flags) }
func StorageDeleteAll() abi.Status                      { return current.StorageDeleteAll() }
func StorageSync() abi.Status                           { return current.StorageSync() }

func ListOpen(options []byte) (list uint32, _ abi.Status) { return current.ListOpen(options) }
func ListNext(list uint32, buf []byte) (int, abi.Status)  { return current.ListNext(list, buf) }
func ListClose(list uint32) abi.Status                    { return current.ListClose(list) }
func TransactionBegin() abi.Status                        { return current.TransactionBegin() }
func TransactionCommit() abi.Status                       { return current.TransactionCommit() }
func TransactionRollback() abi.Status                     { return current.TransactionRollback() }
func AlarmSet(unixMS int64, flags uint32) abi.Status      { return current.AlarmSet(unixMS, flags) }
func AlarmGet() (unixMS int64, _ abi.Status)              { return current.AlarmGet() }
func AlarmDelete(flags uint32) abi.Status                 { return current.AlarmDelete(flags) }
func CriticalBegin() abi.Status                           { return current.CriticalBegin() }
func CriticalEnd() abi.Status                             { return current.CriticalEnd() }
func BackgroundRequest() abi.Status                       { return current.BackgroundRequest() }
func FetchSend(request, buf []byte) (int, abi.Status)     { return current.FetchSend(request, buf) }
func Now() time.Time                                      { return current.Now() }
func ObjectAbort(reason string, flags uint32)             { current.ObjectAbort(reason, flags) }
