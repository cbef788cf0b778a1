package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/conformance/guestkit"
	programabi "github.com/cairn-dev/cairn/host/program/abi"
)

func newABI() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "abi",
		Short: "help for authors of guests: look at a module, watch it talk",
		Args:  noSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newABICheck(), newABITranscript())
	return cmd
}

func newABICheck() *cobra.Command {
	var asJSON, run bool
	var script string
	cmd := &cobra.Command{
		Use:   "check FILE.wasm",
		Short: "say what a module imports, exports and registers, and why cairn refuses it",
		Long: "check looks at a module without a host: what it imports and exports, what is " +
			"missing, wrong or\n" +
			"unknown, and, once it has started, what it registers and whether an image of it can " +
			"be taken.\n\n" +
			"With --run it also plays a script with the module, in the words of cairn abi " +
			"transcript: as it\n" +
			"stands, with memory forgotten, with nested entries, with large messages, and with " +
			"each import\n" +
			"answered in every way that a host may answer. It tells what the guest gets wrong, " +
			"by the rules [G…]\n" +
			"of abi/SPEC.md, and notes what is allowed and likely a mistake. A line that begins " +
			"with = is what\n" +
			"the step above must answer. Without --script no method of the guest's own runs, " +
			"and bindings\n" +
			"are guessed from the names of classes.\n\n" +
			"The exit code is 1 if a host would refuse the module, or something is wrong.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			wasm, err := readFile("module", args[0])
			if err != nil {
				return err
			}
			r, err := programabi.Inspect(cmd.Context(), wasm,
				slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
			if err != nil {
				return err
			}
			var judged *guestkit.Report
			if (run || script != "") && len(r.Problems) == 0 {
				if judged, err = judge(cmd.Context(), args[0], wasm, script); err != nil {
					return err
				}
			}
			if asJSON {
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				err = out.Encode(struct {
					*programabi.Report
					Run *guestkit.Report `json:"run,omitempty"`
				}{r, judged})
			} else {
				err = printReport(cmd.OutOrStdout(), args[0], r, judged)
			}
			if err != nil {
				return err
			}
			if n := len(r.Problems); n > 0 {
				return fmt.Errorf("%s: a host refuses this module: %d %s",
					args[0], n, plural(n, "problem"))
			}
			if judged != nil && judged.Wrong() > 0 {
				n := judged.Wrong()
				return fmt.Errorf("%s: the guest does not keep to abi/SPEC.md or to the script: "+
					"%d %s", args[0], n, plural(n, "finding"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&run, "run", false, "run the module, and judge what it does")
	cmd.Flags().StringVar(&script, "script", "",
		"what to run it with (default: requests that any guest should live through)")
	return cmd
}

// judge runs a module with a script; without a name, the kit has its own.
func judge(ctx context.Context, file string, wasm []byte, name string) (*guestkit.Report, error) {
	var script []byte
	if name != "" {
		var err error
		if script, err = readFile("script", name); err != nil {
			return nil, err
		}
	}
	r, err := guestkit.Judge(ctx, wasm, guestkit.Script(script))
	if errors.Is(err, guestkit.ErrScript) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func printReport(w io.Writer, file string, r *programabi.Report, judged *guestkit.Report) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	list := func(name string, names []string) {
		line(name, "%s", cmp.Or(strings.Join(names, " "), "none"))
	}
	line("module", "%s, %d bytes", file, r.Bytes)
	if m := r.Memory; m != nil {
		most := "no maximum"
		if m.MaxBytes > 0 {
			most = "at most " + binaryBytes(m.MaxBytes)
		}
		line("memory", "%s at first, %s; a host allows %s",
			binaryBytes(m.MinBytes), most, binaryBytes(m.LimitBytes))
	}
	list(abi.ModuleName, r.Imports)
	list("WASI", r.WASI)
	list("exports", r.Exports)
	if len(r.Others) > 0 {
		list("unused", r.Others)
	}
	if r.Started {
		line("registers", "%s", registered(r))
	}
	if r.Image.Taken {
		line("image", "%s, instances begin as copies of it", binaryBytes(uint64(r.Image.Bytes)))
	} else {
		line("image", "none, %s", r.Image.Why)
	}
	for _, text := range r.Warnings {
		line("warning", "%s", text)
	}
	for _, p := range r.Problems {
		text := p.Text
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		line("problem", "%s", strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 11)))
	}
	if judged != nil {
		if judged.Probed {
			line("script", "none: the guest was asked what any guest can be, and %s of its own "+
				"methods ran. Write\n"+
				"           what yours does into a file, such as call CLASS OBJECT METHOD [ARGS] "+
				"(--script FILE)",
				cmp.Or(strings.Join(judged.Methods, ", "), "none"))
		}
		for _, binding := range slices.Sorted(maps.Keys(judged.Guessed)) {
			line("guessed", "the binding %s is of the class %s", binding, judged.Guessed[binding])
		}
		for _, f := range judged.Findings {
			b.WriteString(f.String() + "\n")
		}
		notes := len(judged.Findings) - judged.Wrong()
		line("run", "%d plays, %d entries, %d imports answered otherwise, %d nested entries: "+
			"%d wrong, %d %s",
			judged.Plays, judged.Entries, judged.Faults, judged.Nested, judged.Wrong(), notes,
			plural(notes, "note"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// registered lists what a module registers.
func registered(r *programabi.Report) string {
	var parts []string
	if r.Worker {
		parts = append(parts, "a Worker")
	}
	for _, c := range r.Classes {
		text := "class " + c.Name
		switch {
		case c.Fetch && c.Alarm:
			text += " (fetch, alarm)"
		case c.Fetch:
			text += " (fetch)"
		case c.Alarm:
			text += " (alarm)"
		}
		parts = append(parts, text)
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}

// binaryBytes writes a size of memory, which comes in pages.
func binaryBytes(n uint64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
