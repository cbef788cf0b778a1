package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wranglerFlags are flags of wrangler that cairn has under another name, or has no
// use for: what to do instead.
var wranglerFlags = map[string]string{
	"port":       "use --listen 127.0.0.1:PORT",
	"ip":         "use --listen IP:8787",
	"host":       "use --route HOST=SCRIPT, where several apps are served",
	"config":     "name the config as it is: cairn serve wrangler.jsonc",
	"local":      "leave it out, everything runs here",
	"remote":     "leave it out, everything runs here",
	"persist-to": "use --data FOLDER",
	"inspector-port": "leave it out, guests are WebAssembly and " +
		"have no inspector",
	"inspect": "leave it out, guests are WebAssembly and " +
		"have no inspector", "test-scheduled": "leave it out, cairn has no cron handlers yet",
	"live-reload": "leave it out, cairn dev swaps what it has " +
		"rebuilt by itself", "local-protocol": "put a proxy that speaks TLS before it",
	"upstream-protocol":   "leave it out, there is no upstream",
	"https-key-path":      "put a proxy that speaks TLS before it",
	"https-cert-path":     "put a proxy that speaks TLS before it",
	"local-upstream":      "leave it out, there is no upstream",
	"name":                `write "name" into the config`,
	"script":              "name the config, or main in it",
	"compatibility-date":  `write "compatibility_date" into the config`,
	"compatibility-flag":  `write "compatibility_flags" into the config`,
	"compatibility-flags": `write "compatibility_flags" into the config`,
	"latest":              "leave it out, cairn follows the newest date",
	"env-file":            "use --vars-file FILE",
	"secrets-file":        "use --vars-file FILE",
	"secret":              "use --vars-file, --secrets-dir or CAIRN_VAR_NAME",
	"routes":              "use --route HOST=SCRIPT",
	"domain":              "use --route HOST=SCRIPT",
	"domains":             "use --route HOST=SCRIPT",
	"triggers":            "leave it out, cairn has no cron handlers yet",
	"assets":              "leave it out, cairn has no static assets yet",
	"site":                "leave it out, cairn has no static assets yet",
	"outdir":              "use cairn build -o FILE",
	"outfile":             "use cairn build -o FILE",
	"keep-vars": "leave it out, variables come from the config and " +
		"from cairn serve", "message": "leave it out, versions have no messages",
	"tag":                          "leave it out, versions have numbers",
	"version-id":                   "name the version: cairn rollback VERSION",
	"cwd":                          "change to the folder, or name the config",
	"minify":                       "leave it out, modules are taken as they are",
	"no-bundle":                    "leave it out, modules are taken as they are",
	"bundle":                       "leave it out, modules are taken as they are",
	"tsconfig":                     "leave it out, modules are taken as they are",
	"define":                       "use vars, or --var NAME:VALUE",
	"alias":                        "leave it out, modules are taken as they are",
	"node-compat":                  "leave it out, modules are taken as they are",
	"upload-source-maps":           "leave it out, modules are taken as they are",
	"legacy-env":                   "leave it out, an environment is an app of its own",
	"show-interactive-dev-session": "leave it out, there is none",
	"durable-objects-code-update-mode": "leave it out, a new version takes an object over " +
		"between two calls",
}

// wranglerShort are the short forms.
var wranglerShort = map[string]string{
	"c": "config", "l": "local", "r": "remote", "p": "port",
}

// wranglerCommands are commands of wrangler, as the flags above.
var wranglerCommands = map[string]string{
	"init": "cairn new NAME", "generate": "cairn new NAME", "publish": "cairn deploy",
	"start": "cairn serve",
	"run":   "cairn serve", "tail": "the log of cairn serve", "deployments": "cairn versions",
	"secret": "cairn serve --secrets-dir FOLDER", "types": "cairn check",
	"durable-objects": "cairn objects",
	"upload":          "cairn deploy", "validate": "cairn check", "lint": "cairn check",
}

// flagError is a wrong flag with what to use in its place.
func flagError(cmd *cobra.Command, err error) error {
	hint := "see " + cmd.CommandPath() + " --help"
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		text := "--" + name
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			text, name = "-"+name, wranglerShort[name]
		}
		if instead := wranglerFlags[name]; instead != "" {
			return usageError{fmt.Errorf("%w: %s is wrangler's: %s (%s)", err, text, instead, hint)}
		}
		if near := nearFlag(cmd, name); near != "" {
			hint = "did you mean --" + near + "? " + hint
		}
	}
	return usageError{fmt.Errorf("%w (%s)", err, hint)}
}

// nearFlag returns the flag of a command that a name is a slip for, if there is one.
func nearFlag(cmd *cobra.Command, name string) string {
	best, least := "", 3
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := distance(name, f.Name); d < least && d < len(f.Name)-1 {
			best, least = f.Name, d
		}
	})
	return best
}

// distance counts the letters to insert, delete, change, or swap with the next one
// to get from a to b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
		for j := range rows[i] {
			switch {
			case i == 0:
				rows[i][j] = j
				continue
			case j == 0:
				continue
			}
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// noSuchCommand is what a command with commands below it says of an argument.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word, hint := args[0], "see "+cmd.CommandPath()+" --help"
	if instead := wranglerCommands[word]; instead != "" && !cmd.HasParent() {
		hint = instead + " is the nearest there is; " + hint
	} else {
		best, least := "", 3
		for _, sub := range cmd.Commands() {
			if d := distance(strings.ToLower(word), sub.Name()); d < least &&
				d < len(word) && !sub.Hidden {
				best, least = sub.Name(), d
			}
		}
		if best != "" {
			hint = "did you mean " + best + "? " + hint
		}
	}
	return usageError{fmt.Errorf("unknown command %q (%s)", word, hint)}
}

// newHelp is cobra's help command with our exit code for a command that is none.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			cmd, rest, err := c.Root().Find(args)
			if cmd == nil {
				cmd = c.Root()
			}
			if err != nil || len(rest) > 0 {
				if len(rest) == 0 {
					rest = args
				}
				return noSuchCommand(cmd, rest)
			}
			return cmd.Help()
		},
	}
}
