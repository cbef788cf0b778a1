package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/admin"
)

// errNoHost says that there is nobody to talk to.
var errNoHost = errors.New("no host answers")

// client talks to the admin listener of a running host.
type client struct {
	address string
	token   string
}

// flags adds what every command that talks to a host takes.
func (c *client) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.address, "admin", "127.0.0.1:8788",
		"address of the host's admin listener")
	cmd.Flags().StringVar(&c.token, "admin-token", "", "bearer token of the admin listener")
}

// do sends a request and decodes the answer into out. The path is escaped.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body []byte,
	out any) error {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "http", Host: c.address, Path: plain, RawPath: path,
		RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("admin address %q: %w", c.address, err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w at %s: %w (is cairn serve running there? see --admin)",
			errNoHost, c.address, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the host's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Error string }
		if json.Unmarshal(answer, &problem) != nil || problem.Error == "" {
			problem.Error = resp.Status
		}
		return errors.New(problem.Error)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the host's answer: %w", err)
	}
	return nil
}

func printVersions(w io.Writer, list []admin.Version) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VERSION\tHASH\tBYTES\tCREATED\tMIGRATION\tCONFIG\tSERVES")
	for _, v := range list {
		tag := v.Tag
		if tag == "" {
			tag = "-"
		}
		fmt.Fprintf(t, "%d\t%.12s\t%d\t%s\t%s\t%.8s\t%d %%\n", v.Number, v.Hash, v.Size,
			v.Created.Format("2006-01-02 15:04:05"), tag, v.Config, v.Percent)
	}
	return t.Flush()
}

func newVersions() *cobra.Command {
	var c client
	var script string
	cmd := &cobra.Command{
		Use:   "versions",
		Short: "list the versions that a running host keeps",
		Args:  maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var answer struct{ Versions []admin.Version }
			if err := c.do(cmd.Context(), http.MethodGet, "/v1/versions",
				url.Values{"script": {script}}, nil, &answer); err != nil {
				return err
			}
			return printVersions(cmd.OutOrStdout(), answer.Versions)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&script, "script", "", "name of the script (default the public one)")
	return cmd
}

func newRollback() *cobra.Command {
	var c client
	var script string
	cmd := &cobra.Command{
		Use:   "rollback [VERSION]",
		Short: "let an earlier version serve again, the one before when VERSION is left out",
		Long: "rollback lets an earlier version serve again, with the config that it was " +
			"deployed with: bindings, variables,\n" +
			"limits. A version from before a migration cannot come back; the error says " +
			"which migration.",
		Args: maxArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"script": {script}}
			if len(args) == 1 {
				query.Set("to", args[0])
			}
			var v admin.Version
			if err := c.do(cmd.Context(), http.MethodPost, "/v1/rollback", query, nil,
				&v); err != nil {
				return err
			}
			return printVersions(cmd.OutOrStdout(), []admin.Version{v})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&script, "script", "", "name of the script (default the public one)")
	return cmd
}

func newObjects() *cobra.Command {
	cmd := &cobra.Command{Use: "objects", Short: "list and show objects of a running host",
		Args: noSuchCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var c client
	var after string
	var limit int
	var script string
	list := &cobra.Command{
		Use:   "list CLASS",
		Short: "list the objects of a class that have stored something",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var answer struct{ Objects []admin.Object }
			query := url.Values{"script": {script}, "after": {after}, "limit": {fmt.Sprint(limit)}}
			if err := c.do(cmd.Context(), http.MethodGet, objectsPath(args...), query, nil,
				&answer); err != nil {
				return err
			}
			if n := len(answer.Objects); n > 0 && n == limit {
				fmt.Fprintf(cmd.ErrOrStderr(), "there may be more: --after %s\n",
					answer.Objects[n-1].ID)
			}
			return printObjects(cmd.OutOrStdout(), answer.Objects)
		},
	}
	list.Flags().StringVar(&after, "after", "", "ID to go on after")
	list.Flags().IntVar(&limit, "limit", 1000, "how many at most")
	show := &cobra.Command{
		Use:   "show CLASS NAME",
		Short: "show an object, by its name or its ID",
		Args:  exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var o admin.Object
			query := url.Values{"script": {script}}
			if err := c.do(cmd.Context(), http.MethodGet, objectsPath(args...), query, nil,
				&o); err != nil {
				return err
			}
			return printObjects(cmd.OutOrStdout(), []admin.Object{o})
		},
	}
	for _, sub := range []*cobra.Command{list, show} {
		c.flags(sub)
		sub.Flags().StringVar(&script, "script", "",
			"name of the script (default the first that has the class)")
		cmd.AddCommand(sub)
	}
	return cmd
}

// objectsPath is the path of a class, or of one of its objects. A name can be
// anything, .. as well, which servers take for a step up.
func objectsPath(names ...string) string {
	path := "/v1/objects"
	for _, name := range names {
		path += "/" + strings.ReplaceAll(url.PathEscape(name), ".", "%2E")
	}
	return path
}

func printObjects(w io.Writer, list []admin.Object) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range list {
		name := "-"
		if o.Named {
			name = fmt.Sprintf("%q", o.Name)
		}
		state := "asleep"
		if o.Active {
			state = "active"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\tversion %d\n", o.ID, o.Class, name, state, o.Version)
	}
	return t.Flush()
}

// exactArgs is cobra's check with our exit code.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("%s takes %d %s, got %d (see %s --help)",
				cmd.CommandPath(), n, plural(n, "argument"), len(args), cmd.CommandPath())}
		}
		return nil
	}
}

// readFile is os.ReadFile with an error that names what the file is.
func readFile(what, path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return b, nil
}
