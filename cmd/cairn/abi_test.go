package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/cairn-dev/cairn/host/program/abi"
)

// TestABI runs the files in testdata/abi. The commands:
//
//	check GUEST [-json] [script=NAME]
//	                     cairn abi check; lines OLD NEW change bytes of the module;
//	                     script is a file of the kit, or none for --run alone
//	transcript GUEST     cairn abi transcript, with the script as it stands there
//
// A GUEST is a module that TestMain built, or wat, the counter written by hand.
// What is printed to standard error stands last, and the exit code if it is not 0.
func TestABI(t *testing.T) {
	guests := map[string]string{"counter": counter, "chain": chain, "wat": watCounter,
		"wrong": kitData + "wrong.wasm"}
	datadriven.Walk(t, "testdata/abi", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			file, dir := guests[d.CmdArgs[0].Key], t.TempDir()
			var args []string
			switch d.Cmd {
			case "check":
				file = changed(t, file, filepath.Join(dir, "guest.wasm"), d.Input)
				args = []string{"abi", "check", file}
				if d.HasArg("-json") {
					args = append(args, "--json")
				}
				var script string
				if d.MaybeScanArgs(t, "script", &script); script == "none" {
					args = append(args, "--run")
				} else if script != "" {
					args = append(args, "--script", kitData+script)
				}
			case "transcript":
				args = []string{"abi", "transcript", file,
					writeFile(t, dir, "script", d.Input+"\n")}
			default:
				t.Fatalf("no command %s", d.Cmd)
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), args, &stdout, &stderr)
			out := stdout.String() + stderr.String()
			if code != 0 {
				out += fmt.Sprintf("exit code %d\n", code)
			}
			return strings.NewReplacer(file, d.CmdArgs[0].Key+".wasm",
				dir+string(filepath.Separator), "").Replace(out)
		})
	})
}

const kitData = root + "/abi/conformance/guestkit/testdata/"

const watCounter = root + "/testdata/counter-wat/counter.wasm"

// changed writes a module in which bytes are replaced, each by as many.
func changed(t *testing.T, file, out, changes string) string {
	t.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(changes) {
		var old, now string
		if _, err := fmt.Sscanf(line, "%q %q", &old, &now); err != nil || len(old) != len(now) ||
			!bytes.Contains(wasm, []byte(old)) {
			t.Fatalf("cannot change %q: %v", line, err)
		}
		wasm = bytes.ReplaceAll(wasm, []byte(old), []byte(now))
	}
	if err := os.WriteFile(out, wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestABICheckJSON reads what a program would read.
func TestABICheckJSON(t *testing.T) {
	r := cairn("abi", "check", "--json", counter).run(t)
	var report abi.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 {
		t.Fatalf("exit code %d, %v: %s", r.code, err, r.stderr)
	}
	if !report.Started || !report.Worker || len(report.Classes) != 1 ||
		report.Classes[0].Name != "Counter" ||
		!report.Image.Taken || len(report.Problems) > 0 || len(report.Warnings) > 0 ||
		len(report.WASI) == 0 {
		t.Errorf("%+v", report)
	}
}

// TestABICommandLine wants a wrong use told from a wrong module.
func TestABICommandLine(t *testing.T) {
	text := writeFile(t, t.TempDir(), "a.wasm", "(module)")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"abi"}, 0, ""},
		{[]string{"abi", "check"}, 2, "takes 1 argument"},
		{[]string{"abi", "check", "gone.wasm"}, 1, "gone.wasm"},
		{[]string{"abi", "check", text}, 1, "1 problem"},
		{[]string{"abi", "transcript", text, text}, 1, "wat2wasm makes a module of it"},
		{[]string{"abi", "transcript", writeFile(t, t.TempDir(), "a.wasm", ""), text}, 1,
			"the file is empty"},
		{[]string{"abi", "check", kitData + "wrongstart.wasm", "--run"}, 1, "4 findings"},
		{[]string{"abi", "check", watCounter, "--script", "gone.txt"}, 1, "gone.txt"},
		{[]string{"abi", "check", watCounter, "--script", text}, 1,
			`a.wasm: script: line 1: "(module)": no such step`},
		{[]string{"abi", "transcript", text}, 2, "takes 2 arguments"},
		{[]string{"abi", "transcript", text, text}, 1, "not a module that cairn can run"},
	} {
		if r := cairn(c.args...).run(t); r.code != c.code || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%v: exit code %d, %q, want %d and %q",
				c.args, r.code, r.stderr, c.code, c.want)
		}
	}
}
