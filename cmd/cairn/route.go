package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release"
)

// parseRoutes reads --route. A host alone is all of its paths.
func parseRoutes(flags []string) (routes []release.Route, err error) {
	for _, text := range flags {
		i := strings.LastIndexByte(text, '=')
		if i < 0 || text[i+1:] == "" {
			return nil,
				usageError{fmt.Errorf("--route %q is not HOST=SCRIPT or HOST/PATH=SCRIPT", text)}
		}
		pattern := text[:i]
		if rest := strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"),
			"http://"); rest != "" && !strings.Contains(rest, "/") {
			pattern += "/*"
		}
		r, problem := config.ParseRoute(pattern)
		if problem != "" {
			return nil, usageError{fmt.Errorf("--route %q %s", text, problem)}
		}
		routes = append(routes, release.Route{Route: r, Script: text[i+1:]})
	}
	return routes, nil
}

// printRoutes says which of several scripts answers what, and which none reaches
// but by a binding.
func printRoutes(w io.Writer, configs []*config.Config, given []release.Route) {
	if len(configs) == 1 {
		return
	}
	for i, c := range configs {
		var patterns []string
		for _, r := range given {
			if r.Script == c.Name {
				patterns = append(patterns, r.Pattern)
			}
		}
		for _, r := range c.Routes {
			patterns = append(patterns, r.Pattern)
		}
		switch list := strings.Join(patterns, ", "); {
		case i == 0 && list == "":
			fmt.Fprintf(w, "  %s answers every request that no route gives to another\n", c.Name)
		case i == 0:
			fmt.Fprintf(w, "  %s answers %s, and every request that no route gives to another\n",
				c.Name, list)
		case list == "":
			fmt.Fprintf(w, "  %s answers no request, only bindings reach it (give it routes, or "+
				"--route HOST=%s)\n", c.Name, c.Name)
		default:
			fmt.Fprintf(w, "  %s answers %s\n", c.Name, list)
		}
	}
}
