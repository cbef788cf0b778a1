package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/worker"
)

// Rooms are what a node is made of, as far as operators ask about it. All are required.
type Rooms struct {
	App      *app.App
	Releases *release.Releases
	Workers  *worker.Workers
	Objects  *object.Objects
	Alarms   *alarm.Scheduler
	Engine   *module.Engine
	Store    *storage.Store
	Account  *account.Account
}

// node asks the rooms, and gives errors that are the caller's the status that says so.
type node struct{ rooms Rooms }

// NewHost makes the Host of a node.
func NewHost(r Rooms) Host { return &node{r} }

// Healthy implements Host.
func (n *node) Healthy() error {
	return errors.Join(n.rooms.Store.Log().Err(), n.rooms.Engine.Err())
}

// Deploy implements Host.
func (n *node) Deploy(ctx context.Context, d Deploy) (Version, error) {
	deploy, err := deployOf(d)
	if err != nil {
		return Version{}, err
	}
	v, err := n.rooms.Releases.Deploy(ctx, deploy)
	return Version(v), kind(err)
}

// Plan implements Host.
func (n *node) Plan(ctx context.Context, d Deploy) ([]string, error) {
	deploy, err := deployOf(d)
	if err != nil {
		return nil, err
	}
	changes, err := n.rooms.Releases.Plan(ctx, deploy)
	return changes, kind(err)
}

// deployOf reads the config that an operator sends, who has seen its warnings.
func deployOf(d Deploy) (release.Deploy, error) {
	deploy := release.Deploy{Script: d.Script, Wasm: d.Wasm, Percent: d.Percent}
	if d.ConfigName != "" {
		c, _, err := config.ParseEnv(d.ConfigName, d.Config, d.Env)
		if err != nil {
			return deploy, &Error{Status: http.StatusConflict, Err: err}
		}
		deploy.Config = c
		if deploy.Script == "" {
			deploy.Script = c.Name
		}
	}
	return deploy, nil
}

// Rollback implements Host.
func (n *node) Rollback(ctx context.Context, script string, number int) (Version, error) {
	v, err := n.rooms.Releases.Rollback(ctx, script, number)
	return Version(v), kind(err)
}

// Versions implements Host.
func (n *node) Versions(script string) ([]Version, error) {
	list, err := n.rooms.Releases.Versions(script)
	out := make([]Version, len(list))
	for i, v := range list {
		out[i] = Version(v)
	}
	return out, kind(err)
}

// Objects implements Host.
func (n *node) Objects(script, class, after string, limit int) ([]Object, error) {
	c, err := n.class(script, class)
	if err != nil {
		return nil, err
	}
	var from abi.ID
	if after != "" {
		if from, err = c.Namespace.ParseID([]byte(after)); err != nil {
			return nil, &Error{Status: http.StatusBadRequest, Err: fmt.Errorf("after: %w", err)}
		}
	}
	owners, err := n.rooms.Store.ObjectsOf(c.Namespace.Number, from, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Object, len(owners))
	for i, o := range owners {
		list[i] = n.describe(c, o.ID)
		list[i].Name, list[i].Named = o.Name, o.Named
	}
	return list, nil
}

// Object implements Host.
func (n *node) Object(script, class, nameOrID string) (Object, error) {
	c, err := n.class(script, class)
	if err != nil {
		return Object{}, err
	}
	id, err := c.Namespace.ParseID([]byte(nameOrID))
	byName := err != nil
	if byName {
		id = c.Namespace.IDFromName([]byte(nameOrID))
	}
	owner, stored, err := n.rooms.Store.Lookup(id)
	if err != nil {
		return Object{}, err
	}
	o := n.describe(c, id)
	switch {
	case stored:
		o.Name, o.Named = owner.Name, owner.Named
	case !o.Active:
		return Object{}, &Error{Status: http.StatusNotFound,
			Err: fmt.Errorf("class %s has no object %q (see cairn objects list)", class, nameOrID)}
	case byName: // the object has stored nothing yet
		o.Name, o.Named = nameOrID, true
	}
	return o, nil
}

// describe says what is known of an object that may have stored nothing.
func (n *node) describe(c *app.Class, id abi.ID) Object {
	return Object{ID: id.String(), Class: c.Name, Active: n.rooms.Objects.Active(id),
		Version: c.Script.ForObject(id).Number}
}

// class finds a class of a script, or of the first that has it.
func (n *node) class(script, class string) (*app.Class, error) {
	now := n.rooms.App.Serving()
	for _, s := range now.Scripts {
		for _, c := range now.Classes {
			if c.Script == s && c.Name == class && (script == "" || script == s.Name) {
				return c, nil
			}
		}
	}
	err := fmt.Errorf("no script has a class %q", class)
	if script != "" {
		err = fmt.Errorf("there is no script %q with a class %q", script, class)
	}
	return nil, &Error{Status: http.StatusNotFound, Err: err}
}

// kind wraps what is the caller's fault.
func kind(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, release.ErrNoScript), errors.Is(err, release.ErrNoVersion):
		return &Error{Status: http.StatusNotFound, Err: err}
	case errors.Is(err, release.ErrRefused), errors.Is(err, release.ErrDeploying):
		return &Error{Status: http.StatusConflict, Err: err}
	case errors.Is(err, release.ErrStopping):
		return &Error{Status: http.StatusServiceUnavailable, Err: err}
	}
	return err
}
