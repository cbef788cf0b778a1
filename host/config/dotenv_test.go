package config

import (
	"maps"
	"strings"
	"testing"
)

// TestParseVars wants what npm's dotenv 16 makes of the same text, which wrangler
// reads .dev.vars with.
func TestParseVars(t *testing.T) {
	for _, c := range []struct {
		text string
		want Vars
	}{
		{"", Vars{}},
		{"A=1", Vars{"A": "1"}},
		{"\ufeffA=1\r\nB=2\r\n", Vars{"A": "1", "B": "2"}},
		{"  A = spaced out  \n", Vars{"A": "spaced out"}},
		{"export A=1\nexport\tB=2\nexported=3\nexport=4",
			Vars{"A": "1", "B": "2", "exported": "3", "export": "4"}},
		{"# no\nA=1 # yes\nB=a#b\nC='a # b' # c\n#D=1", Vars{"A": "1", "B": "a", "C": "a # b"}},
		{"A=\nB=\"\"\nC=''\nD=``", Vars{"A": "", "B": "", "C": "", "D": ""}},
		{"A=\nB=1", Vars{"A": "", "B": "1"}}, // the value ends with its line
		{`A="a\nb\tc\r"` + "\n" + `B='a\nb'`, Vars{"A": "a\nb\\tc\r", "B": `a\nb`}},
		{"A=\"a\nb\"\nB='c\n\nd'\nC=`e\nf`", Vars{"A": "a\nb", "B": "c\n\nd", "C": "e\nf"}},
		{`A="a\"b"` + "\n" + `B='it\'s'`, Vars{"A": `a\"b`, "B": `it\'s`}},
		{`A={"a": "b"}` + "\n" + `B='{"a": "b"}'`, Vars{"A": `{"a": "b"}`, "B": `{"a": "b"}`}},
		{"A=a=b==\nB=$A ${A}", Vars{"A": "a=b==", "B": "$A ${A}"}},
		{"A: 1\nB:2", Vars{"A": "1"}},
		{"A=\"open\nB=2", Vars{"A": "\"open", "B": "2"}},
		{"A=\"x\" y\nB='x'y'", Vars{"A": "\"x\" y", "B": "'x'y'"}},
		{"A=1\nA=2", Vars{"A": "2"}},
		{"a.b-c_1=x", Vars{"a.b-c_1": "x"}},
		{"É=1\nA=é", Vars{"A": "é"}},
		{"KEY=\"-----BEGIN-----\nabc/+=\n-----END-----\n\"\n",
			Vars{"KEY": "-----BEGIN-----\nabc/+=\n-----END-----\n"}},
	} {
		got, _, err := ParseVars(".dev.vars", []byte(c.text))
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%q: %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// TestParseVarsTells wants to know where a line is none, and never what is in it.
func TestParseVarsTells(t *testing.T) {
	_, warns, err := ParseVars("f", []byte("A=1\nhunter2\n\n  =hunter2\nB:hunter2\n"))
	if err != nil || len(warns) != 3 {
		t.Fatalf("%v, %v", warns, err)
	}
	for i, line := range []int{2, 4, 5} {
		if warns[i].Pos.Line != line || strings.Contains(warns[i].String(), "hunter2") {
			t.Errorf("%s, want line %d", warns[i], line)
		}
	}
	for text, want := range map[string]string{
		"A=\xff":                             "f:1:3: syntax error: the file is not UTF-8",
		strings.Repeat("\n", maxFileBytes+1): "f: The file is larger than",
	} {
		if _, _, err := ParseVars("f", []byte(text)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
