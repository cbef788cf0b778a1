package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
)

// sources are where an app's settings come from beside its config: the environment
// that is chosen, and variables that must not stand in a file that is shared. They
// are never kept, and never printed. Of a variable that comes from several, the last
// of these counts:
//
//	vars of the config
//	.dev.vars.ENV or .dev.vars, or else .env, .env.ENV, .env.local, .env.ENV.local (dev)
//	--vars-file, in the order of the command line
//	--secrets-dir
//	CAIRN_VAR_NAME
//	--var
type sources struct {
	env        string
	vars       []string
	varsFiles  []string
	secretsDir string
	beside     bool // files beside the config count, as they do in dev
}

const sourcesHelp = "\n\nVariables come from the config's vars, and before those from here, the " +
	"last of which counts:\n" +
	"  --vars-file FILE    lines of NAME=VALUE, as in .env\n" +
	"  --secrets-dir DIR   a file for each variable, by its name, such as /run/secrets\n" +
	"  CAIRN_VAR_NAME      the environment's variable of the variable NAME\n" +
	"  --var NAME:VALUE\n" +
	"They are of every app that is served; SCRIPT/ before a NAME or a FILE, and a folder SCRIPT " +
	"in DIR, are of one.\n" +
	"None of them is stored or logged."

func (s *sources) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	envFlag(cmd, &s.env)
	flags.StringArrayVar(&s.vars, "var", nil, "a variable, as NAME:VALUE or SCRIPT/NAME:VALUE")
	flags.StringSliceVar(&s.varsFiles, "vars-file", nil,
		"file of variables, NAME=VALUE in each line; SCRIPT=FILE for one script")
	flags.StringVar(&s.secretsDir, "secrets-dir", "", "folder of variables, a file for each")
	cmd.Long += sourcesHelp
}

func envFlag(cmd *cobra.Command, env *string) {
	cmd.Flags().StringVarP(env, "env", "e", "",
		"environment of the config: env.NAME (default the top level)")
}

// load reads the config at a path, or in a folder, with the variables of all
// sources. What makes the app impossible to run comes alone, without warnings.
func (s *sources) load(path string) (*config.Config, []config.Warning, error) {
	c, warnings, err := s.config(path)
	if err != nil {
		return nil, warnings, err
	}
	more, err := s.variables(c)
	return c, append(warnings, more...), err
}

// config is load for the config alone.
func (s *sources) config(path string) (*config.Config, []config.Warning, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if path, err = config.Find(path); err != nil {
			return nil, nil, err
		}
	}
	c, warnings, err := config.LoadEnv(path, s.env)
	if err != nil {
		return nil, warnings, err
	}
	if err := build.Check(c.MainPath()); err != nil {
		return nil, warnings, &config.Error{Pos: c.MainPos, Message: err.Error(), Cause: err}
	}
	return c, warnings, nil
}

// variables gives a config its Secrets.
func (s *sources) variables(c *config.Config) (warnings []config.Warning, err error) {
	vars := config.Vars{}
	read := func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read variables: %w", err)
		}
		found, more, err := config.ParseVars(path, data)
		warnings = append(warnings, more...)
		maps.Copy(vars, found)
		return err
	}
	if s.beside {
		for _, path := range besideFiles(c.Dir, c.Env) {
			if err := read(path); err != nil {
				return warnings, err
			}
		}
		maps.DeleteFunc(vars, func(name, _ string) bool {
			return c.Needs != nil && !slices.Contains(c.Needs, name)
		})
	}
	for _, file := range s.varsFiles {
		script, path, scoped := strings.Cut(file, "=")
		if !scoped {
			path = file
		} else if script != c.Name {
			continue
		}
		if err := read(path); err != nil {
			return warnings, err
		}
	}
	if s.secretsDir != "" {
		if err := readSecrets(s.secretsDir, c.Name, vars); err != nil {
			return warnings, err
		}
	}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name, ok := strings.CutPrefix(name, "CAIRN_VAR_"); ok && name != "" {
			vars[name] = value
		}
	}
	if err := s.given(c.Name, vars); err != nil {
		return warnings, err
	}
	for _, name := range c.Needs {
		if _, ok := vars[name]; !ok {
			warnings = append(warnings, config.Warning{Pos: config.Pos{File: c.Path},
				Message: fmt.Sprintf("The secret %q is required and has no value. Give it one: "+
					"see cairn serve --help.", name)})
		}
	}
	return warnings, setSecrets(c, vars)
}

// given adds what --var says.
func (s *sources) given(script string, vars config.Vars) error {
	for _, v := range s.vars {
		name, value, ok := strings.Cut(v, ":")
		of, bare, scoped := strings.Cut(name, "/")
		if scoped {
			name = bare
		}
		if !ok || !isVarName(name) {
			return usageError{errors.New("--var takes NAME:VALUE, or SCRIPT/NAME:VALUE, " +
				"with a NAME of letters, digits, _, - and dots")}
		}
		if !scoped || of == script {
			vars[name] = value
		}
	}
	return nil
}

func isVarName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r > 0x7f || !config.IsVarByte(byte(r))
	})
}

// setSecrets makes variables the config's secrets, which are strings.
func setSecrets(c *config.Config, vars config.Vars) error {
	for name := range vars {
		if slices.ContainsFunc(c.Bindings, func(b config.Binding) bool { return b.Name == name }) {
			return fmt.Errorf("%s: the variable %q, which comes from outside, has the name of a "+
				"binding", c.Path, name)
		}
	}
	c.Secrets = make(map[string]json.RawMessage, len(vars))
	for name, value := range vars {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("variable %q: %w", name, err)
		}
		c.Secrets[name] = text
	}
	return nil
}

// besideFiles are the files beside a config that wrangler reads variables from while
// one develops, the weakest first: .dev.vars alone, that of the environment before
// the plain one, or all that there are of .env.
func besideFiles(dir, env string) (files []string) {
	there := func(name string) bool {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			return false
		}
		files = append(files, path)
		return true
	}
	if env != "" && there(".dev.vars."+env) || there(".dev.vars") {
		return files
	}
	there(".env")
	if env != "" {
		there(".env." + env)
	}
	there(".env.local")
	if env != "" {
		there(".env." + env + ".local")
	}
	return files
}

// maxSecretBytes bounds a file of --secrets-dir: certificates fit, a wrong folder
// does not.
const maxSecretBytes = 1 << 20

// readSecrets adds a variable for each file of a folder, and of its folder with a
// script's name. What is hidden is left out: Kubernetes has links of its own there.
// A newline at the end is the editor's.
func readSecrets(dir, script string, vars config.Vars) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read secrets: %w", err)
	}
	var own []fs.DirEntry
	if info, err := os.Stat(filepath.Join(dir, script)); err == nil && info.IsDir() {
		if own, err = os.ReadDir(filepath.Join(dir, script)); err != nil {
			return fmt.Errorf("read secrets: %w", err)
		}
	}
	for _, folder := range []struct {
		dir     string
		entries []fs.DirEntry
	}{{dir, entries}, {filepath.Join(dir, script), own}} {
		for _, e := range folder.entries {
			path := filepath.Join(folder.dir, e.Name())
			info, err := os.Stat(path) // what a link leads to
			switch {
			case err != nil:
				return fmt.Errorf("read secrets: %w", err)
			case info.IsDir() || e.Name()[0] == '.':
				continue
			case !isVarName(e.Name()):
				return fmt.Errorf("read secrets: %s: the file's name is no name of a variable",
					path)
			case info.Size() > maxSecretBytes:
				return fmt.Errorf("read secrets: %s is larger than %d bytes", path, maxSecretBytes)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read secrets: %w", err)
			}
			vars[e.Name()] = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
		}
	}
	return nil
}
