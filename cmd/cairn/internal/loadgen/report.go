package loadgen

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Where a latency counts from.
const (
	FromDue  = "due"  // when the request had to go out: open loop
	FromSent = "sent" // when it went out: service time under a full queue
)

// Report is what a load measured. Its JSON keys are permanent; durations are in
// nanoseconds.
type Report struct {
	URL         string        `json:"url"`
	Connections int           `json:"connections"`
	Rate        float64       `json:"rate"` // 0: as fast as it goes
	Duration    time.Duration `json:"duration_ns"`
	Limit       uint64        `json:"limit"` // of requests; 0: none but Duration
	Names       int           `json:"names"` // 1: there is no {name}
	ReadShare   float64       `json:"read_share"`
	Seed        uint64        `json:"seed"`
	Interrupted bool          `json:"interrupted"`

	// Elapsed lasts until the last answer, and at least the planned time.
	Elapsed    time.Duration `json:"elapsed_ns"`
	OK         uint64        `json:"ok"`                  // answers with 2xx
	Reads      uint64        `json:"reads"`               // of OK
	Writes     uint64        `json:"writes"`              // of OK
	Unfinished uint64        `json:"unfinished"`          // were due and had no answer at the end
	PerSecond  float64       `json:"requests_per_second"` // OK / Elapsed
	BytesIn    uint64        `json:"bytes_in"`
	BytesOut   uint64        `json:"bytes_out"`
	Errors     Errors        `json:"errors"`

	LatencyFrom string    `json:"latency_from"` // FromDue or FromSent
	Latency     Quantiles `json:"latency_ns"`   // of OK, Errors.Timeout and Unfinished
	// Lateness is of sending with a connection free: the load generator's own fault.
	Lateness Quantiles `json:"lateness_ns"`
}

// Errors counts the requests that had no answer with 2xx, by kind.
type Errors struct {
	Total     uint64            `json:"total"`
	Connect   uint64            `json:"connect"`
	Write     uint64            `json:"write"`
	Read      uint64            `json:"read"`
	Timeout   uint64            `json:"timeout"`
	Malformed uint64            `json:"malformed"`
	Status    map[string]uint64 `json:"status"` // by status code
}

// Quantiles are of durations, to three digits.
type Quantiles struct {
	Mean time.Duration `json:"mean"`
	P50  time.Duration `json:"p50"`
	P90  time.Duration `json:"p90"`
	P99  time.Duration `json:"p99"`
	P999 time.Duration `json:"p99_9"`
	Max  time.Duration `json:"max"`
}

// report gathers what the tallies hold. No worker runs any more.
func (b *Bench) report(s *schedule, tallies []*tally, end time.Time) *Report {
	c := sum(tallies)
	latency, lateness := newHistogram(), newHistogram()
	for _, t := range tallies {
		latency.Merge(t.latency)
		lateness.Merge(t.lateness)
	}
	o := b.options
	r := &Report{
		URL: o.URL, Connections: o.Connections, Rate: o.Rate, Duration: o.Duration,
		Limit:     o.Requests,
		Names:     max(len(b.plan.write.ends), len(b.plan.read.ends)),
		ReadShare: o.Reads, Seed: o.Seed,
		Elapsed: end.Sub(s.start), OK: c.ok, Reads: c.reads, Writes: c.writes,
		Unfinished: c.outcomes[unfinished], BytesIn: c.in, BytesOut: c.out,
		Errors: Errors{
			Total: c.failed(), Connect: c.outcomes[connectFailed], Write: c.outcomes[writeFailed],
			Read: c.outcomes[readFailed], Timeout: c.outcomes[timedOut],
			Malformed: c.outcomes[malformed],
			Status:    map[string]uint64{},
		},
		LatencyFrom: FromSent, Latency: quantiles(latency), Lateness: quantiles(lateness),
	}
	if o.Rate > 0 {
		r.LatencyFrom = FromDue
	}
	for status, n := range c.statuses {
		if n > 0 && status/100 != 2 {
			r.Errors.Status[strconv.Itoa(status)] = n
		}
	}
	if end.After(s.end) || c.total() == s.total { // the last request's period belongs to it
		r.Elapsed = max(r.Elapsed, s.planned())
	}
	if r.Elapsed > 0 {
		r.PerSecond = float64(r.OK) / r.Elapsed.Seconds()
	}
	return r
}

func quantiles(h *hdrhistogram.Histogram) Quantiles {
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) }
	return Quantiles{
		Mean: time.Duration(h.Mean()), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
		Max: time.Duration(h.Max()),
	}
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // a URL's & stays readable
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	interrupted := ""
	if r.Interrupted {
		interrupted = ", INTERRUPTED"
	}
	fmt.Fprintf(t, "%s\n%d connections, %s, %d names, seed %d%s\n\n",
		r.URL, r.Connections, r.pace(), r.Names, r.Seed, interrupted)
	fmt.Fprintf(t, "requests/s\t%.1f\t%d answers with 2xx in %.2fs\n",
		r.PerSecond, r.OK, r.Elapsed.Seconds())
	if r.Reads > 0 {
		fmt.Fprintf(t, "\t\t%d reads, %d writes\n", r.Reads, r.Writes)
	}
	fmt.Fprintf(t, "errors\t%d\t%s\n", r.Errors.Total, r.Errors)
	if r.Unfinished > 0 {
		fmt.Fprintf(t, "unfinished\t%d\thad no answer when the load ended\n", r.Unfinished)
	}
	fmt.Fprintf(t, "bytes\t%d\tread, %d written\n\n", r.BytesIn, r.BytesOut)
	fmt.Fprint(t, "\tmean\tp50\tp90\tp99\tp99.9\tmax\n")
	r.Latency.row(t, "latency")
	if r.Rate > 0 {
		r.Lateness.row(t, "lateness")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	note := "Latency is service time under a full queue: each connection sends when it has " +
		"its answer.\n" +
		"Use --rate to measure from when a request was due.\n"
	if r.Rate > 0 {
		note = "Latency counts from when a request was due, however late it could be sent.\n" +
			"Lateness is cairn bench's own part of it, with a connection free.\n"
	}
	_, err := fmt.Fprint(w, "\n", note)
	return err
}

// pace says how the requests followed each other.
func (r *Report) pace() string {
	pace := "as fast as it goes"
	if r.Rate > 0 {
		pace = fmt.Sprintf("%g requests per second", r.Rate)
	}
	pace += fmt.Sprintf(" for %v", r.Duration)
	if r.Limit > 0 {
		pace += fmt.Sprintf(" or %d requests", r.Limit)
	}
	return pace
}

func (q Quantiles) row(w io.Writer, name string) {
	fmt.Fprint(w, name)
	for _, d := range []time.Duration{q.Mean, q.P50, q.P90, q.P99, q.P999, q.Max} {
		fmt.Fprintf(w, "\t%s", digits(d))
	}
	fmt.Fprintln(w)
}

// digits prints a duration to the digits that were kept.
func digits(d time.Duration) string {
	unit := time.Nanosecond
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// String lists the kinds that occurred.
func (e Errors) String() string {
	var kinds []string
	for _, kind := range []struct {
		name string
		n    uint64
	}{
		{"connect", e.Connect}, {"write", e.Write}, {"read", e.Read}, {"timeout", e.Timeout},
		{"malformed", e.Malformed},
	} {
		if kind.n > 0 {
			kinds = append(kinds, fmt.Sprintf("%s %d", kind.name, kind.n))
		}
	}
	for _, status := range slices.Sorted(maps.Keys(e.Status)) {
		kinds = append(kinds, fmt.Sprintf("status %s %d", status, e.Status[status]))
	}
	return cmp.Or(strings.Join(kinds, ", "), "none")
}
