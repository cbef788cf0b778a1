package guest

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

var jsonSeeds = []string{
	`0`, `-0`, `1`, `-1`, `42`, ` 42 `, `007`, `1.0`, `1e3`, `-`, ``, `null`, `true`,
	`false`, `True`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`,
	`999999999999999999`, `9007199254740993`, `""`, `"a"`, `"a\n"`, `"\u0041"`, `"é"`, `"a`, `a"`,
	`"a"b"`, `"<&>"`, "\"\x7f\"", "\"\x01\"", "\"\xff\"", `[1]`, `{"a":1}`,
}

// FuzzDecode holds the decoding by hand to encoding/json.
func FuzzDecode(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []func() any{
			func() any { v := int64(-7); return &v },
			func() any { v := -7; return &v },
			func() any { v := "before"; return &v },
			func() any { v := true; return &v },
			func() any { v := -7.5; return &v },
			func() any { var v any; return &v },
		} {
			got, want := p(), p()
			gotErr, wantErr := decode(b, got), json.Unmarshal(b, want)
			if (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("decode(%q, %T) = %v, encoding/json %v", b, got, gotErr, wantErr)
			}
			if !reflect.DeepEqual(got, want) || signs(got) != signs(want) {
				t.Fatalf("decode(%q, %T) makes %v, encoding/json %v", b, got,
					reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem())
			}
		}
	})
}

// signs tells -0 from 0.
func signs(v any) bool {
	f, ok := v.(*float64)
	return ok && math.Signbit(*f)
}

// FuzzEncode holds the encoding by hand to encoding/json.
func FuzzEncode(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add(s, int64(len(s)), float64(len(s))/4)
	}
	f.Add("", int64(math.MinInt64), math.Copysign(0, -1))
	f.Add("", int64(math.MaxInt64), 1e15)
	f.Add("", int64(0), 1e21)
	f.Add("", int64(0), float64(1<<53))
	f.Add("", int64(0), math.NaN())
	f.Add("", int64(0), math.Inf(-1))
	f.Fuzz(func(t *testing.T, s string, n int64, x float64) {
		for _, v := range []any{s, n, int(n), x, n > 0, []string{s}, nil} {
			got, gotErr := encode(nil, v)
			want, wantErr := json.Marshal(v)
			if (gotErr == nil) != (wantErr == nil) || string(got) != string(want) {
				t.Fatalf("encode(%#v) = %s, %v; encoding/json %s, %v",
					v, got, gotErr, want, wantErr)
			}
		}
	})
}

// FuzzElements holds the splitting of arrays to encoding/json: what splits into
// elements that are valid is valid, and the other way round.
func FuzzElements(f *testing.F) {
	for _, s := range []string{
		`[]`, ` [ ] `, `[1]`, `[1,2]`, ` [ 1 , "a,b" ,[3,4],{"a":[5]} ] `, `["\""]`, `["\\",1]`,
		`[1,]`, `[,1]`, `[1`, `1]`, `[1]]`, `[[1]`, `["a]`, `{}`, `[1 2]`, `["a""b"]`, `[1][2]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(trimSpace(b)) == 0 {
			return // no arguments, which encoding/json does not know
		}
		var want []json.RawMessage
		valid := json.Unmarshal(b, &want) == nil && string(trimSpace(b)) != "null"
		got, ok := elements(nil, b)
		for _, e := range got {
			ok = ok && json.Valid(e)
		}
		if ok != valid {
			t.Fatalf("elements(%q): %v, encoding/json: %v", b, ok, valid)
		}
		if !ok {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("elements(%q) = %q, encoding/json %q", b, got, want)
		}
		for i := range got {
			if string(got[i]) != string(want[i]) {
				t.Fatalf("elements(%q)[%d] = %q, encoding/json %q", b, i, got[i], want[i])
			}
		}
	})
}
