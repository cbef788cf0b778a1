// Package config reads a wrangler file (wrangler.jsonc, wrangler.json or
// wrangler.toml) into one typed Config.
//
// Three nouns: a Config is what a file says, an Error is what makes the file
// unusable, a Warning is what the file says in vain. The last two carry the
// Pos they are about. Both formats are parsed into one tree with positions, and
// one validator walks that tree, so that each rule is written once and holds
// for both.
//
// # Invariants
//
//   - A Config comes without errors or not at all.
//   - Errors and warnings are in the order of the file.
//   - No file panics, however broken; its size and its depth are bounded.
//
// What stays out: host settings (addresses, limits, the data folder are flags),
// looking at the file that main names, and applying migrations.
package config

import (
	"encoding/json"
	"path/filepath"
	"time"
)

// Config is what a wrangler file says, as far as cairn uses it.
type Config struct {
	// Path is the file as the caller named it, Dir the folder that its relative
	// paths start from.
	Path string `json:"Path,omitzero"`
	Dir  string `json:"Dir,omitzero"`

	// Env is the environment that was asked for, empty for the top level.
	Env string `json:"env,omitzero"`
	// Name is the app's name: ASCII letters, digits, dashes, underscores. A file
	// without one has [DefaultName].
	Name string `json:"Name,omitzero"`
	// Main is the entry as written, see [Config.MainPath]; MainPos is where it
	// is written, for errors about what it names.
	Main    string `json:"Main,omitzero"`
	MainPos Pos    `json:"MainPos,omitzero"`

	// CompatibilityDate is yyyy-mm-dd, or empty. Cairn only carries it.
	CompatibilityDate  string   `json:"CompatibilityDate,omitzero"`
	CompatibilityFlags []string `json:"CompatibilityFlags,omitempty"`

	// Bindings and Migrations are in the order of the file. No two bindings
	// share a name, no two migrations a tag: of tags that a file repeats, the later ones
	// get a number.
	Bindings   []Binding   `json:"Bindings,omitempty"`
	Migrations []Migration `json:"Migrations,omitempty"`
	// Exports are the classes of the key of that name, in the order of the file. A
	// file has Migrations or Exports.
	Exports []Export `json:"exports,omitempty"`
	// Routes are the requests that are for this app where a host has several.
	Routes []Route `json:"routes,omitempty"`

	// Vars holds each variable as compact JSON. TOML's dates and times are
	// strings. No variable has the name of a binding.
	Vars map[string]json.RawMessage `json:"Vars,omitempty"`

	// CPULimit is limits.cpu_ms, CallLimit limits.subrequests; zero means the host's
	// default.
	CPULimit  time.Duration `json:"CPULimit,omitzero"`
	CallLimit int           `json:"CallLimit,omitzero"`

	// Needs are the names of secrets.required. Where it is not nil, a file that is read
	// by itself, as .dev.vars is, gives these alone.
	Needs []string `json:"-"`
	// Secrets are variables, as JSON, that come from elsewhere than the file and go
	// before Vars. They are never kept: Encode leaves them out.
	Secrets map[string]json.RawMessage `json:"-"`

	shape shape // of the file
}

// DefaultName is what wrangler dev calls an app without a name.
const DefaultName = "worker"

// MainPath returns the path of the entry: Main, from Dir unless it is absolute.
func (c *Config) MainPath() string {
	if filepath.IsAbs(c.Main) {
		return c.Main
	}
	return filepath.Join(c.Dir, c.Main)
}

// Binding is one of durable_objects.bindings: a name in the guest's env that
// stands for the namespace of a class.
type Binding struct {
	Pos       Pos    `json:"Pos,omitzero"`
	Name      string `json:"Name,omitzero"`
	ClassName string `json:"ClassName,omitzero"`
	// ScriptName is the app that has the class; empty means this one.
	ScriptName string `json:"ScriptName,omitzero"`
	// Environment is that app's environment; never without a ScriptName.
	Environment string `json:"Environment,omitzero"`
}

// Migration is one step in the life of the app's classes.
type Migration struct {
	Pos              Pos        `json:"Pos,omitzero"`
	Tag              string     `json:"Tag,omitzero"`
	NewClasses       []string   `json:"NewClasses,omitempty"`
	NewSQLiteClasses []string   `json:"NewSQLiteClasses,omitempty"`
	Renamed          []Rename   `json:"Renamed,omitempty"`
	Deleted          []string   `json:"Deleted,omitempty"`
	Transferred      []Transfer `json:"Transferred,omitempty"`
}

// Rename gives the objects of one class to another of the same app.
type Rename struct {
	From string `json:"From"`
	To   string `json:"To"`
}

// Transfer takes the objects of another app's class over.
type Transfer struct {
	From       string `json:"From"`
	FromScript string `json:"FromScript"`
	To         string `json:"To"`
}
