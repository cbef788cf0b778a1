package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
)

// checked is what cairn check says of a config, and its JSON.
type checked struct {
	Path     string    `json:"path"`
	Name     string    `json:"name,omitempty"`
	Errors   []finding `json:"errors"`
	Warnings []finding `json:"warnings"`
}

// finding is a sentence about a place; Line 0 is the file as a whole.
type finding struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

func newCheck() *cobra.Command {
	from := sources{beside: true}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [CONFIG...]",
		Short: "say what is wrong in a config, or ignored",
		Long: "check reads configs, the one of this folder when CONFIG is left out, and the " +
			"files of variables beside\n" +
			"them, and says what cairn serve and cairn dev would refuse, and what they " +
			"would ignore,\n" +
			"and, of a Go main, which methods no stub can call as they are.\n" +
			"The exit code is 1 if something is wrong.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			var all []checked
			wrong := 0
			for _, path := range args {
				c, err := check1(&from, path)
				if err != nil {
					return err
				}
				all = append(all, c)
				wrong += len(c.Errors)
			}
			out := cmd.OutOrStdout()
			if asJSON {
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				e.SetEscapeHTML(false)
				if err := e.Encode(map[string]any{"configs": all}); err != nil {
					return err
				}
			} else if err := printChecked(out, all); err != nil {
				return err
			}
			if wrong > 0 {
				return fmt.Errorf("%d %s", wrong, plural(wrong, "error"))
			}
			return nil
		},
	}
	envFlag(cmd, &from.env)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// check1 checks one config; an error is of the command line.
func check1(from *sources, path string) (checked, error) {
	c, warnings, err := from.load(path)
	var usage usageError
	if errors.As(err, &usage) {
		return checked{}, err
	}
	out := checked{Path: path, Errors: findings(err), Warnings: []finding{}}
	if c != nil {
		out.Path, out.Name = c.Path, c.Name
	}
	for _, w := range warnings {
		out.Warnings = append(out.Warnings, finding{w.Pos.File, w.Pos.Line, w.Pos.Col, w.Message})
	}
	if c == nil {
		return out, nil
	}
	if info, err := os.Stat(c.MainPath()); err == nil && info.IsDir() {
		guest, err := build.Lint(c.MainPath())
		out.Errors = append(out.Errors, findings(err)...)
		for _, w := range guest {
			out.Warnings = append(out.Warnings,
				finding{w.Pos.Filename, w.Pos.Line, w.Pos.Column, w.Message})
		}
	}
	return out, nil
}

// findings takes joined errors apart.
func findings(err error) []finding {
	list := []finding{}
	var at *config.Error
	switch joined, ok := err.(interface{ Unwrap() []error }); {
	case err == nil:
	case ok:
		for _, one := range joined.Unwrap() {
			list = append(list, findings(one)...)
		}
	case errors.As(err, &at):
		list = append(list, finding{at.Pos.File, at.Pos.Line, at.Pos.Col, at.Message})
	default:
		list = append(list, finding{Message: err.Error()})
	}
	return list
}

func printChecked(w io.Writer, all []checked) error {
	var err error
	line := func(kind string, f finding) {
		place := ""
		if f.File != "" {
			place = config.Pos{File: f.File, Line: f.Line, Col: f.Column}.String() + ": "
		}
		if _, e := fmt.Fprintf(w, "%s%s: %s\n", place, kind, f.Message); e != nil {
			err = e
		}
	}
	for _, c := range all {
		for _, f := range c.Errors {
			line("error", f)
		}
		for _, f := range c.Warnings {
			line("warning", f)
		}
		if len(c.Errors) == 0 {
			_, e := fmt.Fprintf(w, "%s: %s is in order, %d %s\n",
				c.Path, c.Name, len(c.Warnings), plural(len(c.Warnings), "warning"))
			err = errors.Join(err, e)
		}
	}
	return err
}
