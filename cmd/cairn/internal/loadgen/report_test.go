package loadgen

import (
	"strings"
	"testing"
	"time"
)

func sample() *Report {
	return &Report{
		URL: "http://h:8787/a?b={name}&c=d", Connections: 64, Rate: 1000,
		Duration: 10 * time.Second, Limit: 12000, Names: 1000,
		ReadShare: 0.25, Seed: 1, Elapsed: 10500 * time.Millisecond, OK: 9975, Reads: 2500,
		Writes: 7475, Unfinished: 5,
		PerSecond: 950, BytesIn: 123456, BytesOut: 654321,
		Errors: Errors{Total: 20, Connect: 1, Write: 2, Read: 3, Timeout: 4, Malformed: 3,
			Status: map[string]uint64{"503": 6, "404": 1}},
		LatencyFrom: FromDue,
		Latency: Quantiles{Mean: 1234567, P50: 987654, P90: 2345678, P99: 34567890, P999: 456789012,
			Max: 5678901234},
		Lateness: Quantiles{Mean: 12345, P50: 9876, P90: 23456, P99: 99999, P999: 123456, Max: 999},
	}
}

// TestJSON: the keys are permanent.
func TestJSON(t *testing.T) {
	const want = `{"url":"http://h:8787/a?b={name}&c=d","connections":64,"rate":1000,` +
		`"duration_ns":10000000000,"limit":12000,"names":1000,` +
		`"read_share":0.25,"seed":1,"interrupted":false,"elapsed_ns":10500000000,"ok":9975,` +
		`"reads":2500,"writes":7475,` +
		`"unfinished":5,"requests_per_second":950,"bytes_in":123456,"bytes_out":654321,` +
		`"errors":{"total":20,"connect":1,"write":2,"read":3,"timeout":4,"malformed":3,` +
		`"status":{"404":1,"503":6}},` +
		`"latency_from":"due",` +
		`"latency_ns":{"mean":1234567,"p50":987654,"p90":2345678,"p99":34567890,` +
		`"p99_9":456789012,"max":5678901234},` +
		`"lateness_ns":{"mean":12345,"p50":9876,"p90":23456,"p99":99999,"p99_9":123456,"max":999}}`
	var b strings.Builder
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if got := strings.NewReplacer("\n", "", " ", "").Replace(b.String()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTable is what people read.
func TestTable(t *testing.T) {
	const want = `http://h:8787/a?b={name}&c=d
64 connections, 1000 requests per second for 10s or 12000 requests, 1000 names, seed 1

requests/s  950.0   9975 answers with 2xx in 10.50s
                    2500 reads, 7475 writes
errors      20      connect 1, write 2, read 3, timeout 4, malformed 3, status 404 1, status 503 6
unfinished  5       had no answer when the load ended
bytes       123456  read, 654321 written

          mean    p50     p90     p99     p99.9  max
latency   1.23ms  988µs   2.35ms  34.6ms  457ms  5.68s
lateness  12.3µs  9.88µs  23.5µs  100µs   123µs  999ns

Latency counts from when a request was due, however late it could be sent.
Lateness is cairn bench's own part of it, with a connection free.
`
	var b strings.Builder
	if err := sample().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}
