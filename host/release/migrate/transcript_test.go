package migrate

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
)

// TestTranscripts runs testdata/*.txt, each on a store of its own. The commands:
//
//	plan      plan for the scripts below (see parseScripts); writes nothing
//	apply     plan and apply, without Finish
//	serve     plan, apply and finish, as a start of the host does
//	finish    Finish
//	put       store an object, "SCRIPT/CLASS NAME" in each line
//	store     what the store has: the record, then the objects by namespace
//	raw       write what is below in place of the record
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			store := openStore(t, vfs.NewMem())
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				out, err := command(store, d)
				if err != nil {
					out += fmt.Sprintf("error: %v\n", err)
				}
				return out
			})
		})
	}
}

func openStore(t *testing.T, fs vfs.FS) *storage.Store {
	t.Helper()
	store, err := storage.Open("store", storage.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func command(store *storage.Store, d *datadriven.TestData) (string, error) {
	switch d.Cmd {
	case "plan", "apply", "serve":
		scripts, err := parseScripts(d.Input)
		if err != nil {
			return "", err
		}
		return run(store, d.Cmd, scripts)
	case "finish":
		_, err := Finish(store)
		return "", err
	case "put":
		for line := range strings.Lines(d.Input) {
			class, name, _ := strings.Cut(strings.TrimSpace(line), " ")
			if err := put(store, class, name); err != nil {
				return "", err
			}
		}
		return "", nil
	case "store":
		return describe(store)
	case "raw":
		_, err := store.PutMeta(recordKey, []byte(d.Input))
		return "", err
	}
	return "", fmt.Errorf("no command %q", d.Cmd)
}

// run makes a plan, tells what it says, and goes as far with it as cmd says.
func run(store *storage.Store, cmd string, scripts []Script) (string, error) {
	_, before, _ := store.Meta(recordKey)
	record, _, _ := store.Meta(recordKey)
	plan, err := NewPlan(store, scripts)
	if now, found, _ := store.Meta(recordKey); found != before || !bytes.Equal(now, record) {
		return "", fmt.Errorf("planning wrote the record %s", now)
	}
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, c := range plan.Changes {
		fmt.Fprintln(&out, c)
	}
	for _, w := range plan.Warnings {
		fmt.Fprintf(&out, "warning: %s\n", w)
	}
	if cmd == "plan" {
		return out.String(), nil
	}
	last := store.Last()
	if _, err := plan.Apply(store); err != nil {
		return out.String(), err
	}
	if cmd == "serve" {
		if _, err := Finish(store); err != nil {
			return out.String(), err
		}
	}
	if store.Last() == last {
		fmt.Fprintln(&out, "nothing written")
	}
	return out.String(), nil
}

// parseScripts reads scripts. One begins in the first column, with its name, the
// kind of its config file and the classes of its module; what is in its config
// is indented:
//
//	app: jsonc Counter Room
//	  bind C Counter
//	  bind R Room of other
//	  v1 new Counter | sqlite Room | delete X | rename A B | transfer Hall of other to Room
func parseScripts(input string) ([]Script, error) {
	var scripts []Script
	number := 0
	for line := range strings.Lines(input) {
		number++
		words := strings.Fields(line)
		if name, ok := strings.CutSuffix(words[0], ":"); ok {
			path := name + "/wrangler." + words[1]
			s := Script{Config: &config.Config{Path: path, Name: name}, Classes: words[2:]}
			if words[1] == "rollback" {
				s.Config.Path, s.Rollback = name+"/wrangler.jsonc", true
			}
			scripts = append(scripts, s)
			continue
		}
		c := scripts[len(scripts)-1].Config
		pos := config.Pos{File: c.Path, Line: number, Col: 3}
		if words[0] == "bind" {
			b := config.Binding{Pos: pos, Name: words[1], ClassName: words[2]}
			if len(words) > 4 {
				b.ScriptName = words[4]
			}
			if len(words) > 5 {
				b.Environment = words[5]
			}
			c.Bindings = append(c.Bindings, b)
			continue
		}
		if words[0] == "export" {
			e := config.Export{Pos: pos, Class: words[1], State: config.ExportState(words[2])}
			switch {
			case e.State == config.ExportRenamed:
				e.To = words[3]
			case len(words) > 3:
				e.Script = words[3]
			}
			c.Exports = append(c.Exports, e)
			continue
		}
		m, err := parseMigration(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		m.Pos = pos
		c.Migrations = append(c.Migrations, m)
	}
	return scripts, nil
}

func parseMigration(words []string) (config.Migration, error) {
	m := config.Migration{Tag: words[0]}
	for step := range strings.SplitSeq(strings.Join(words[1:], " "), "|") {
		w := strings.Fields(step)
		if len(w) == 0 {
			continue
		}
		switch {
		case w[0] == "new":
			m.NewClasses = append(m.NewClasses, w[1:]...)
		case w[0] == "sqlite":
			m.NewSQLiteClasses = append(m.NewSQLiteClasses, w[1:]...)
		case w[0] == "delete":
			m.Deleted = append(m.Deleted, w[1:]...)
		case w[0] == "rename" && len(w) == 3:
			m.Renamed = append(m.Renamed, config.Rename{From: w[1], To: w[2]})
		case w[0] == "transfer" && len(w) == 6:
			m.Transferred = append(m.Transferred,
				config.Transfer{From: w[1], FromScript: w[3], To: w[5]})
		default:
			return m, fmt.Errorf("no step %q", step)
		}
	}
	return m, nil
}

// put stores an object of a class, "SCRIPT/CLASS", under the ID that its name
// has there: who has the same unique key has the same objects.
func put(store *storage.Store, class, name string) error {
	r, err := Read(store)
	if err != nil {
		return err
	}
	script, class, _ := strings.Cut(class, "/")
	s := r.Scripts[script]
	if s == nil {
		return fmt.Errorf("no script %q", script)
	}
	n, ok := s.Namespaces[class]
	if !ok {
		return fmt.Errorf("no class %q", class)
	}
	return putObject(store, n, name)
}

func putObject(store *storage.Store, n Namespace, name string) error {
	txn := store.Object(storage.Owner{
		Namespace: n.Number, Name: name, Named: true,
		ID: abi.ID(sha256.Sum256([]byte(n.UniqueKey + "/" + name))),
	}).Begin()
	defer txn.Close()
	if err := txn.Put([]byte("value"), []byte(name)); err != nil {
		return err
	}
	_, err := txn.Commit()
	return err
}

// describe tells what the store has.
func describe(store *storage.Store) (string, error) {
	r, err := Read(store)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Scripts)) {
		s := r.Scripts[name]
		fmt.Fprintf(&out, "%s: tag %q of %q\n", name, s.Tag, s.Migrations)
		for _, class := range s.classes() {
			n := s.Namespaces[class]
			fmt.Fprintf(&out, "  %s: number %d, unique key %q, created %q", class,
				n.Number, n.UniqueKey, n.Created)
			if err := describeObjects(&out, store, n.Number); err != nil {
				return "", err
			}
		}
	}
	for _, d := range r.Deleting {
		fmt.Fprintf(&out, "deleting %s of %s: number %d", d.Class, d.Script, d.Number)
		if err := describeObjects(&out, store, d.Number); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(&out, "next number %d\n", r.NextNumber)
	return out.String(), nil
}

func describeObjects(out *strings.Builder, store *storage.Store, number uint32) error {
	owners, err := store.ObjectsOf(number, abi.ID{}, 1000)
	if err != nil {
		return err
	}
	var names []string
	for _, o := range owners {
		names = append(names, o.Name)
	}
	if slices.Sort(names); len(names) > 0 {
		fmt.Fprintf(out, ", objects %v", names)
	}
	out.WriteByte('\n')
	return nil
}
