package promises

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ListOptions lists with every combination of options, over keys that are stored,
// in the batch and deleted, and compares with what the options say.
func ListOptions(t *testing.T, h Host) {
	keys := []string{"", "\x00", "a", "a\x00", "a\xff", "a\xff\xff", "aa", "ab", "b", "ba", "\xfe",
		"\xff", "\xff\xff", "\xff\xff\x00"}
	var stored, batch strings.Builder
	for i, key := range keys {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&stored, "put %q 1, ", key)
		case 1:
			fmt.Fprintf(&batch, "put %q 2, ", key)
		default:
			fmt.Fprintf(&stored, "put %q 1, ", key)
			fmt.Fprintf(&batch, "put %q 2, ", key)
		}
		fmt.Fprintf(&stored, "put %q 1, ", key+"~") // deleted in the batch
		fmt.Fprintf(&batch, "deletemany %q, ", key+"~")
	}
	h.Run("lists", stored.String())
	slices.Sort(keys)

	var script, want strings.Builder
	script.WriteString(batch.String())
	want.WriteString(strings.Repeat("1, ", len(keys)))
	for _, prefix := range []string{"", "a", "a\xff", "\xff", "\xff\xff", "zz"} {
		for _, low := range []string{"", "start=\x00", "start=a", "start=a\xff", "start=b",
			"start=\xff\xff",
			"after=a", "after=a\xff", "after=\xff", "after=\xff\xff\xff"} {
			for _, end := range []string{"", "\x00", "a", "a\xff", "a\xff\xff", "b", "\xff",
				"\xff\xff", "\xff\xff\xff"} {
				for _, limit := range []int{0, 1, 2, 100} {
					for _, reverse := range []bool{false, true} {
						option, bound, _ := strings.Cut(low, "=")
						script.WriteString("list")
						for _, o := range []struct{ name, value string }{{"prefix", prefix},
							{option, bound}, {"end", end}} {
							if o.value != "" {
								script.WriteString(" " + o.name + "=" + strconv.Quote(o.value))
							}
						}
						if limit > 0 {
							fmt.Fprintf(&script, " limit=%d", limit)
						}
						if reverse {
							script.WriteString(" reverse")
						}
						script.WriteString(",")
						want.WriteString(listed(keys, prefix, option, bound, end, limit,
							reverse) + ", ")
					}
				}
			}
		}
	}
	got := strings.Split(h.Run("lists", script.String())+", ", ", ")
	steps := strings.Split(batch.String()+script.String()[batch.Len():], ",")
	for i, w := range strings.Split(want.String(), ", ") {
		if i >= len(got) || got[i] != w {
			t.Fatalf("result %d of %d: got %s, want %s (%s)",
				i, len(got), got[min(i, len(got)-1)], w,
				steps[min(i+len(steps)-len(got), len(steps)-1)])
		}
	}
	t.Logf("%d lists", len(got)-len(keys))
}

// listed says what a list shows, key by key.
func listed(keys []string, prefix, option, bound, end string, limit int, reverse bool) string {
	var out []string
	for _, key := range keys {
		switch {
		case !strings.HasPrefix(key, prefix), option == "start" && key < bound,
			option == "after" && key <= bound,
			end != "" && key >= end:
			continue
		}
		if quoted := strconv.Quote(key); key == "" || quoted != `"`+key+`"` {
			key = quoted
		}
		out = append(out, key)
	}
	if reverse {
		slices.Reverse(out)
	}
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	if len(out) == 0 {
		return "empty"
	}
	return strings.Join(out, " ")
}
