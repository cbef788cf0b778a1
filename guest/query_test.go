package guest

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestQuery has what workerd's URLSearchParams made of each query.
func TestQuery(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []string // names and values, in turn
	}{
		{"", nil},
		{"&&&", nil},
		{"a;b&c=%zz&d=%FF&e=+%2B&=x&&f&g=1=2&%", []string{
			"a;b", "", "c", "%zz", "d", "\uFFFD", "e", " +",
			"", "x", "f", "", "g", "1=2", "%", ""}},
		{"=", []string{"", ""}},
		{"%3D=%26&a%3Db=c&x=%00", []string{"=", "&", "a=b", "c", "x", "\x00"}},
		{"%EF%BB%BFa=%EF%BB%BFb", []string{"\uFEFFa", "\uFEFFb"}},
		{"a=%4&b=%&c=%%41&d=%4g&e=%e9%C3%A9", []string{
			"a", "%4", "b", "%", "c", "%A", "d", "%4g", "e", "\uFFFDé"}},
		{"a+b=c+d&a%2Bb=e", []string{"a b", "c d", "a+b", "e"}},
		{"n=%FF%C3%28%ED%A0%80%F0%9F%98", []string{
			"n", "\uFFFD\uFFFD(" + strings.Repeat("\uFFFD", 3) + "\uFFFD"}},
		{"n=%F0%80%80%80%E2%82%C0%C1%F4%90%80%80%F5", []string{"n", strings.Repeat("\uFFFD", 12)}},
		{"n=%F0%9F%98a%E2%82%E2%82%AC%80", []string{"n", "\uFFFDa\uFFFD€\uFFFD"}},
		{"n=\xff\xc3\xa9%80", []string{"n", "\uFFFDé\uFFFD"}},
	} {
		var got []string
		for name, value := range Query(c.query).All() {
			got = append(got, name, value)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
		for i := 0; i < len(c.want); i += 2 {
			values := Query(c.query).Values(c.want[i])
			if !slices.Contains(values, c.want[i+1]) ||
				Query(c.query).Get(c.want[i]) != values[0] ||
				!Query(c.query).Has(c.want[i]) {
				t.Errorf("%q: %q has %q", c.query, c.want[i], values)
			}
		}
		if q := Query(c.query); q.Has("none") || q.Get("none") != "" || q.Values("none") != nil {
			t.Errorf("%q has what it has not", c.query)
		}
	}
	if (&Request{}).Query().Has("") {
		t.Error("a request without a URL has a query")
	}
	const plain = Query("other=1&name=A")
	if n := testing.AllocsPerRun(100, func() { plain.Get("name") }); n != 0 {
		t.Errorf("Get of a plain query allocates %v times", n)
	}
}

// FuzzQuery holds Query to net/url where both know what a query means.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=b&c", "a;b", "%zz=%41", "a=+%20", "é=%FF", "&=&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all := url.Values{}
		for name, value := range Query(s).All() {
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				t.Fatalf("%q: %q=%q is not UTF-8", s, name, value)
			}
			all.Add(name, value)
		}
		want, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		for name, values := range want {
			if !utf8.ValidString(name + "\n" + strings.Join(values, "\n")) {
				return
			}
			if !slices.Equal(all[name], values) || !slices.Equal(Query(s).Values(name), values) {
				t.Fatalf("%q: %q is %q, want %q", s, name, all[name], values)
			}
		}
		if len(all) != len(want) {
			t.Fatalf("%q: %q, want %q", s, all, want)
		}
	})
}
