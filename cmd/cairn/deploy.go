package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
)

func newDeploy() *cobra.Command {
	var c client
	var script string
	var percent int
	cmd := &cobra.Command{
		Use:   "deploy FILE.wasm|CONFIG",
		Short: "put a new version on a running host",
		Long: "deploy sends a module, or a wrangler file and the module that it names, to a running host. The host\n" +
			"checks and warms it beside the version that serves, and then lets it take over; no request is lost.\n" +
			"A version is a module and its config; a module alone takes the config of the newest version that runs.\n" +
			"With --percent, which objects it takes depends on their IDs alone; a larger share or a rollback follows.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"script": {script}}
			if percent < 1 || percent > 100 {
				return usageError{fmt.Errorf("--percent %d is not between 1 and 100", percent)}
			}
			query.Set("percent", fmt.Sprint(percent))
			body, err := deployment(cmd, args[0], query)
			if err != nil {
				return err
			}
			var v admin.Version
			if err := c.do(cmd.Context(), http.MethodPost, "/v1/deploy", query, body, &v); err != nil {
				return err
			}
			return printVersions(cmd.OutOrStdout(), []admin.Version{v})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&script, "script", "", "name of the script (default the public one)")
	cmd.Flags().IntVar(&percent, "percent", 100, "share of the objects and of the requests that the version takes, 1 to 100")
	return cmd
}

// deployment returns the body of a deploy: the module, after the config if
// there is one.
func deployment(cmd *cobra.Command, path string, query url.Values) ([]byte, error) {
	if filepath.Ext(path) == ".wasm" {
		return readFile("module", path)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if path, err = config.Find(path); err != nil {
			return nil, err
		}
	}
	c, warnings, err := config.Load(path)
	for _, w := range warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", w.Pos, w.Message)
	}
	if err != nil {
		return nil, err
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
	text, err := readFile("config", path)
	if err != nil {
		return nil, err
	}
	query.Set("config", filepath.Base(path))
	query.Set("config_bytes", fmt.Sprint(len(text)))
	return append(text, wasm...), nil
}
