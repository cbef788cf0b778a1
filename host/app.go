package host

import (
	"encoding/json"
	"fmt"

	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/storage"
)

// appRecord is what the store knows of a script: its namespaces. It is JSON
// under "app/" and the script's name.
type appRecord struct {
	Namespaces map[string]namespaceRecord `json:"namespaces"` // by class
}

// namespaceRecord keeps what a namespace's objects are found by. The number
// begins its directory keys, the unique key derives its IDs: neither may change
// while it has objects.
type namespaceRecord struct {
	Number    uint32 `json:"number"`
	UniqueKey string `json:"unique_key"`
}

// newEnv makes the environment of the app's guests: its variables, and a
// namespace for each class that a binding names.
func newEnv(store *storage.Store, o *Options, v *module.Version) (*object.Env, error) {
	c := o.Config
	env := &object.Env{
		Script: c.Name, Vars: map[string][]byte{}, Bindings: map[string]*object.Namespace{}, CPULimit: o.CPULimit,
	}
	if c.CPULimit != 0 {
		env.CPULimit = c.CPULimit
	}
	for name, value := range c.Vars {
		env.Vars[name] = value
	}
	record, err := readApp(store, c.Name)
	if err != nil {
		return nil, err
	}
	namespaces, added := map[string]*object.Namespace{}, false
	for _, b := range c.Bindings {
		if b.ScriptName != "" && b.ScriptName != c.Name {
			return nil, fmt.Errorf("%s: binding %q is to script %q, which this host does not run", c.Path, b.Name, b.ScriptName)
		}
		if _, ok := v.Class(b.ClassName); !ok {
			return nil, fmt.Errorf("%s: binding %q names class %q, which the module does not register (it has %v)",
				c.Path, b.Name, b.ClassName, v.Classes())
		}
		if namespaces[b.ClassName] == nil {
			r, ok := record.Namespaces[b.ClassName]
			if !ok {
				added = true
				r = namespaceRecord{Number: uint32(len(record.Namespaces) + 1), UniqueKey: c.Name + "-" + b.ClassName}
				record.Namespaces[b.ClassName] = r
			}
			namespaces[b.ClassName] = object.NewNamespace(r.Number, b.ClassName, r.UniqueKey, env, v)
		}
		env.Bindings[b.Name] = namespaces[b.ClassName]
	}
	if added {
		return env, writeApp(store, c.Name, record)
	}
	return env, nil
}

func readApp(store *storage.Store, script string) (appRecord, error) {
	record := appRecord{Namespaces: map[string]namespaceRecord{}}
	value, found, err := store.Meta("app/" + script)
	if err != nil {
		return record, fmt.Errorf("read app record: %w", err)
	}
	if found {
		if err := json.Unmarshal(value, &record); err != nil {
			return record, fmt.Errorf("read app record of %s: %w", script, err)
		}
	}
	return record, nil
}

func writeApp(store *storage.Store, script string, record appRecord) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write app record: %w", err)
	}
	if _, err := store.PutMeta("app/"+script, value); err != nil {
		return fmt.Errorf("write app record: %w", err)
	}
	return nil
}
