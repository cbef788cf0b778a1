package hostcall

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// noHost is current while no host is entered, as in a test that calls a
// guest's Go code directly. It forbids what needs a host.
type noHost struct{}

func (noHost) InputRead([]byte) abi.Status               { return abi.StatusForbidden }
func (noHost) OutputWrite([]byte) abi.Status             { return abi.StatusForbidden }
func (noHost) ResultRead([]byte) (int, abi.Status)       { return 0, abi.StatusForbidden }
func (noHost) EnvGet(string, []byte) (int, abi.Status)   { return 0, abi.StatusForbidden }
func (noHost) LogWrite(int32, string, []byte) abi.Status { return abi.StatusForbidden }
func (noHost) IDFromName(string, string) (abi.ID, abi.Status) {
	return abi.ID{}, abi.StatusForbidden
}
func (noHost) IDParse(string, string) (abi.ID, abi.Status)  { return abi.ID{}, abi.StatusForbidden }
func (noHost) IDNew(string) (abi.ID, abi.Status)            { return abi.ID{}, abi.StatusForbidden }
func (noHost) StorageGet(string, []byte) (int, abi.Status)  { return 0, abi.StatusForbidden }
func (noHost) StoragePut(string, []byte, uint32) abi.Status { return abi.StatusForbidden }
func (noHost) StorageDelete(string, uint32) abi.Status      { return abi.StatusForbidden }
func (noHost) StorageDeleteAll() abi.Status                 { return abi.StatusForbidden }
func (noHost) StorageSync() abi.Status                      { return abi.StatusForbidden }
func (noHost) ListOpen([]byte) (uint32, abi.Status)         { return 0, abi.StatusForbidden }
func (noHost) ListNext(uint32, []byte) (int, abi.Status)    { return 0, abi.StatusForbidden }
func (noHost) ListClose(uint32) abi.Status                  { return abi.StatusForbidden }
func (noHost) TransactionBegin() abi.Status                 { return abi.StatusForbidden }
func (noHost) TransactionCommit() abi.Status                { return abi.StatusForbidden }
func (noHost) TransactionRollback() abi.Status              { return abi.StatusForbidden }
func (noHost) AlarmSet(int64, uint32) abi.Status            { return abi.StatusForbidden }
func (noHost) AlarmGet() (int64, abi.Status)                { return 0, abi.StatusForbidden }
func (noHost) AlarmDelete(uint32) abi.Status                { return abi.StatusForbidden }
func (noHost) CriticalBegin() abi.Status                    { return abi.StatusForbidden }
func (noHost) CriticalEnd() abi.Status                      { return abi.StatusForbidden }
func (noHost) BackgroundRequest() abi.Status                { return abi.StatusForbidden }
func (noHost) FetchSend([]byte, []byte) (int, abi.Status)   { return 0, abi.StatusForbidden }
func (noHost) Now() time.Time                               { return time.Now() }
func (noHost) ObjectAbort(reason string, _ uint32)          { panic(Abort{reason}) }

func (noHost) StubCall(string, uint32, string, string, []byte, []byte) (int, abi.Status) {
	return 0, abi.StatusForbidden
}

func (noHost) StubFetch(string, uint32, string, []byte, []byte) (int, abi.Status) {
	return 0, abi.StatusForbidden
}
