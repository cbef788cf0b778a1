package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
)

//go:embed template/*.tmpl
var templates embed.FS

// appName is what Go, npm and wrangler all take for a name.
var appName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// maxAppName is DNS's limit of a label, which upstream makes the name one of.
const maxAppName = 63

// goLine is the line of a go.mod that says which Go it needs.
var goLine = regexp.MustCompile(`(?m)^go (\S+)$`)

// app is what the templates are filled with.
type app struct {
	Name    string
	Version string // of cairn's module
	SDK     string // the module's folder; empty where the version is one to download
	Go      string // at least what the SDK asks for: less is refused
}

func newNew() *cobra.Command {
	var lang, sdk string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "write an app that runs, with a test",
		Long: "new makes a folder with five files: a Go guest, its test, its config, go.mod and " +
			"a README. They build, test and\n" +
			"serve as they are. NAME may be a path, whose last part is the app's name. Nothing " +
			"is overwritten.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a := app{Name: filepath.Base(filepath.Clean(args[0]))}
			switch strings.ToLower(lang) {
			case "go":
			case "js", "ts", "javascript", "typescript", "py", "python":
				return usageError{fmt.Errorf("--lang %s is not in cairn yet (go is)", lang)}
			default:
				return usageError{fmt.Errorf("--lang %q is not go", lang)}
			}
			if !appName.MatchString(a.Name) || len(a.Name) > maxAppName {
				return usageError{fmt.Errorf("the name %q is none that Go, npm and wrangler all "+
					"take: up to %d lower case letters, digits and dashes, a letter first, such "+
					"as my-app", a.Name, maxAppName)}
			}
			if err := a.find(sdk); err != nil {
				return err
			}
			return a.write(filepath.Clean(args[0]), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "go", "language of the guest: go")
	cmd.Flags().StringVar(&sdk, "sdk", "",
		"folder with cairn's source, for go.mod (default the one that this cairn was built from)")
	return cmd
}

// find says where the app gets the SDK from: the folder that is given, the one that
// this cairn was built from, if it is still there, or else its version.
func (a *app) find(sdk string) error {
	a.Version, a.Go = "v0.0.0", "1.26"
	given := sdk != ""
	if _, file, _, ok := runtime.Caller(0); ok && !given {
		sdk = filepath.Join(filepath.Dir(file), "..", "..")
	}
	abs, err := filepath.Abs(sdk)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(abs, "go.mod"))
	switch is := strings.HasPrefix(string(text), "module github.com/cairn-dev/cairn\n"); {
	case is:
		if goes := goLine.FindSubmatch(text); goes != nil {
			a.Go = string(goes[1])
		}
		a.SDK = filepath.ToSlash(abs)
		if strings.ContainsAny(a.SDK, " \t\"'`()[]{},") {
			a.SDK = fmt.Sprintf("%q", a.SDK)
		}
		return nil
	case given && err != nil:
		return fmt.Errorf("--sdk: %w", err)
	case given:
		return fmt.Errorf("--sdk %s is not the folder of the module github.com/cairn-dev/cairn",
			sdk)
	}
	// go install MODULE@VERSION leaves a version and no folder.
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" &&
		info.Main.Version != "" && info.Main.Sum != "" {
		a.Version = info.Main.Version
		return nil
	}
	return errors.New("this cairn does not know where its source is, which the app needs (say it " +
		"with --sdk PATH)")
}

// write makes the folder and its files.
func (a *app) write(dir string, out io.Writer) error {
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return fmt.Errorf("%s is there and not empty, and nothing was written (choose "+
			"another name)", dir)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("new app: %w (choose another name)", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("new app: %w", err)
	}
	all, err := template.ParseFS(templates, "template/*.tmpl")
	if err != nil {
		return fmt.Errorf("new app: %w", err)
	}
	for _, t := range all.Templates() {
		path := filepath.Join(dir, strings.TrimSuffix(t.Name(), ".tmpl"))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			err = errors.Join(t.Execute(f, a), f.Close())
		}
		if err != nil {
			return fmt.Errorf("new app: %w", err)
		}
	}
	_, err = fmt.Fprintf(out, "%s is an app. Try:\n\n\tcd %s\n\tgo test .\n"+
		"\tcairn dev\n", a.Name, dir)
	return err
}
