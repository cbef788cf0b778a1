package outbound

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
)

// Errors that guests are told.
var (
	// errLost is upstream's text (SEMANTICS 2.8). Why goes to the log: it may
	// name addresses that are none of the guest's business.
	errLost = &event.Error{Flags: wire.ErrorRetryable, Message: "Network connection lost."}
	errGate = &event.Error{Message: "The request was not sent: " +
		"what was written before it could not be made durable."}
)

// Failed reports whether a request of a guest was sent, or was to be, and had no
// answer; else what Fetch gave says that it may not be sent.
func Failed(err error) bool {
	var told *event.Error
	return err == errGate || errors.As(err, &told) && told.Flags&wire.ErrorRetryable != 0
}

func timedOut(host string, after time.Duration) error {
	return &event.Error{Flags: wire.ErrorRetryable,
		Message: fmt.Sprintf("The request to %s took longer than %v.", clip(host), after)}
}

// noAnswer is for a response with a status below 200: net/http passes over what is
// informational, so this one has another protocol after it, or is none.
func noAnswer(resp *http.Response) error {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return &event.Error{Message: fmt.Sprintf("The server %s switched to another protocol "+
			"(status 101), for which a fetch does not ask.", clip(resp.Request.URL.Host))}
	}
	return &event.Error{Flags: wire.ErrorRetryable, Message: fmt.Sprintf(
		"Network connection lost. (The server %s answered with status %03d, which is none.)",
		clip(resp.Request.URL.Host), resp.StatusCode)}
}

func tooLarge(limit int) error {
	return &event.Error{Name: "RangeError",
		Message: fmt.Sprintf("The response is larger than %d bytes.", limit)}
}

func notAllowed(t target) error {
	return &event.Error{Message: fmt.Sprintf(
		"This host lets guests send nothing to %s (allow it with --allow-host %s).",
		clip(t.String()), clip(t.host))}
}

// notPublic tells that a name leads inside. It does not say where to, which
// would make a map of the operator's network.
func notPublic(t target, ip netip.Addr) error {
	hint := "list it by its full name with --allow-host " + clip(t.host)
	if kindOf(ip) == special {
		hint = "list the address itself with --allow-host"
	}
	return &event.Error{Message: fmt.Sprintf(
		"This host lets guests send nothing to %s: its address is not public (%s).",
		clip(t.String()), hint)}
}

func typeError(format string, args ...any) error {
	return &event.Error{Name: "TypeError", Message: fmt.Sprintf(format, args...)}
}

// clip bounds what a message repeats of a guest's own text.
func clip(s string) string {
	const max = 256
	if len(s) > max {
		return s[:max] + "…"
	}
	return s
}
