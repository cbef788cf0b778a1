package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Logger returns a logger that writes to the host's log. The host adds the
// object, its class and the request, and decides which levels it keeps.
func Logger() *slog.Logger {
	loggerOnce.Do(func() {
		sink := new(logSink)
		logger = slog.New(&logHandler{sink, slog.NewJSONHandler(sink, &slog.HandlerOptions{
			Level: slog.Level(-1 << 31),
		})})
	})
	return logger
}

// Made on first use: a program that does not log is not linked with slog.
var (
	loggerOnce sync.Once
	logger     *slog.Logger
)

// logHandler lets slog's own handler write the attributes. It gives it a record
// that has nothing else, and sends level and text beside them.
type logHandler struct {
	sink *logSink
	json slog.Handler
}

func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	bare := slog.NewRecord(time.Time{}, slog.LevelInfo, "", 0)
	r.Attrs(func(a slog.Attr) bool { bare.AddAttrs(a); return true })
	h.sink.mu.Lock()
	defer h.sink.mu.Unlock()
	h.sink.level, h.sink.text = int32(r.Level), r.Message
	return h.json.Handle(ctx, bare)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.sink, h.json.WithAttrs(attrs)}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.sink, h.json.WithGroup(name)}
}

// logSink turns what slog's handler writes, one record a time, into log_write.
type logSink struct {
	mu    sync.Mutex // held while a record is written
	level int32
	text  string
}

// bareRecord is how the JSON of a record without time and text begins.
const bareRecord = `{"level":"INFO","msg":""`

func (s *logSink) Write(p []byte) (int, error) {
	attrs := bytes.TrimSuffix(p, []byte("\n"))
	attrs = bytes.TrimPrefix(attrs, []byte(bareRecord))
	if len(attrs) > 0 && attrs[0] == ',' {
		attrs[0] = '{' // p is the handler's buffer, which is ours until we return
	} else {
		attrs = nil
	}
	hostcall.LogWrite(s.level, s.text, attrs)
	return len(p), nil
}

// logPanic logs a panic that becomes an error.
func logPanic(message string, stack []byte) {
	attrs, _ := json.Marshal(map[string]string{"stack": string(stack)})
	hostcall.LogWrite(abi.LevelError, "panic: "+message, attrs)
}
