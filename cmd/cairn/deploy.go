package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/build"
)

func newDeploy() *cobra.Command {
	var c client
	var script string
	var percent int
	var from sources
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "deploy FILE.wasm|CONFIG",
		Short: "put a new version on a running host",
		Long: "deploy sends a module, or a wrangler file and the module that it names, to a " +
			"running host. The host\n" +
			"checks and warms it beside the version that serves, and then lets it take over; no " +
			"request is lost.\n" +
			"A version is a module and its config; a module alone takes the config of the newest " +
			"version that runs.\n" +
			"With --percent, which objects it takes depends on their IDs alone; a larger share " +
			"or a rollback follows.\n" +
			"With --dry-run nothing changes: the module is built and started once, and the host, " +
			"if it answers, says what\n" +
			"it would do to the stored classes. Variables from outside of the config stay " +
			"those of the host.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"script": {script}}
			if percent < 1 || percent > 100 {
				return usageError{fmt.Errorf("--percent %d is not between 1 and 100", percent)}
			}
			query.Set("percent", fmt.Sprint(percent))
			body, err := deployment(cmd, &from, args[0], query)
			if err != nil {
				return err
			}
			if dryRun {
				return tryDeploy(cmd, &c, query, body)
			}
			var v admin.Version
			if err := c.do(cmd.Context(), http.MethodPost, "/v1/deploy", query, body,
				&v); err != nil {
				return err
			}
			return printVersions(cmd.OutOrStdout(), []admin.Version{v})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&script, "script", "", "name of the script (default the public one)")
	cmd.Flags().IntVar(&percent, "percent", 100,
		"share of the objects and of the requests that the version takes, 1 to 100")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be deployed, and do nothing")
	envFlag(cmd, &from.env)
	return cmd
}

// tryDeploy says what a deploy would do.
func tryDeploy(cmd *cobra.Command, c *client, query url.Values, body []byte) error {
	n, _ := strconv.Atoi(query.Get("config_bytes")) // 0 where there is no config
	v, err := inspect(cmd, body[n:])
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "the module is in order: %s\n", describe(v))
	query.Set("dry_run", "true")
	var answer struct{ Changes []string }
	err = c.do(cmd.Context(), http.MethodPost, "/v1/deploy", query, body, &answer)
	switch {
	case errors.Is(err, errNoHost):
		fmt.Fprintf(cmd.OutOrStdout(),
			"no host answers at %s, so what is stored was not looked at\n", c.address)
		return nil
	case err != nil:
		return err
	case len(answer.Changes) == 0:
		fmt.Fprintln(cmd.OutOrStdout(), "the stored classes stay as they are")
	}
	for _, line := range answer.Changes {
		fmt.Fprintf(cmd.OutOrStdout(), "would change %s\n", line)
	}
	return nil
}

// deployment returns the body of a deploy: the module, after the config if
// there is one.
func deployment(cmd *cobra.Command, from *sources, path string, query url.Values) ([]byte, error) {
	if filepath.Ext(path) == ".wasm" {
		return readFile("module", path)
	}
	c, warnings, err := from.config(path)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", w.Pos, w.Message)
	}
	scratch, err := os.MkdirTemp("", "cairn-deploy")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	wasm, err := build.Main(cmd.Context(), c.MainPath(), scratch)
	if err != nil {
		return nil, err
	}
	text, err := readFile("config", c.Path)
	if err != nil {
		return nil, err
	}
	query.Set("config", filepath.Base(c.Path))
	query.Set("config_bytes", fmt.Sprint(len(text)))
	query.Set("env", c.Env)
	return append(text, wasm...), nil
}
