package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
)

// Admin returns the runtime as the admin listener sees it.
func (r *Runtime) Admin() admin.Host { return adminHost{r} }

// adminHost gives errors the kinds that the admin listener knows.
type adminHost struct{ r *Runtime }

// Healthy implements admin.Host.
func (h adminHost) Healthy() error { return errors.Join(h.r.store.Log().Err(), h.r.engine.Err()) }

// Deploy implements admin.Host.
func (h adminHost) Deploy(ctx context.Context, d admin.Deploy) (admin.Version, error) {
	deploy, err := deployOf(d)
	if err != nil {
		return admin.Version{}, err
	}
	v, err := h.r.Deploy(ctx, deploy)
	return admin.Version(v), kind(err)
}

// Plan implements admin.Host.
func (h adminHost) Plan(ctx context.Context, d admin.Deploy) ([]string, error) {
	deploy, err := deployOf(d)
	if err != nil {
		return nil, err
	}
	changes, err := h.r.Plan(ctx, deploy)
	return changes, kind(err)
}

// deployOf reads the config that an operator sends, who has seen its warnings.
func deployOf(d admin.Deploy) (Deploy, error) {
	deploy := Deploy{Script: d.Script, Wasm: d.Wasm, Percent: d.Percent}
	if d.ConfigName != "" {
		c, _, err := config.ParseEnv(d.ConfigName, d.Config, d.Env)
		if err != nil {
			return deploy, &admin.Error{Status: http.StatusConflict, Err: err}
		}
		deploy.Config = c
		if deploy.Script == "" {
			deploy.Script = c.Name
		}
	}
	return deploy, nil
}

// Rollback implements admin.Host.
func (h adminHost) Rollback(ctx context.Context, script string, number int) (admin.Version, error) {
	v, err := h.r.Rollback(ctx, script, number)
	return admin.Version(v), kind(err)
}

// Versions implements admin.Host.
func (h adminHost) Versions(script string) ([]admin.Version, error) {
	list, err := h.r.Versions(script)
	out := make([]admin.Version, len(list))
	for i, v := range list {
		out[i] = admin.Version(v)
	}
	return out, kind(err)
}

// Objects implements admin.Host.
func (h adminHost) Objects(script, class, after string, limit int) ([]admin.Object, error) {
	c, err := h.class(script, class)
	if err != nil {
		return nil, err
	}
	var from abi.ID
	if after != "" {
		if from, err = c.Namespace.ParseID([]byte(after)); err != nil {
			return nil, &admin.Error{Status: http.StatusBadRequest, Err: fmt.Errorf("after: %w", err)}
		}
	}
	owners, err := h.r.store.ObjectsOf(c.Namespace.Number, from, limit)
	if err != nil {
		return nil, err
	}
	list := make([]admin.Object, len(owners))
	for i, o := range owners {
		list[i] = h.describe(c, o.ID)
		list[i].Name, list[i].Named = o.Name, o.Named
	}
	return list, nil
}

// Object implements admin.Host.
func (h adminHost) Object(script, class, nameOrID string) (admin.Object, error) {
	c, err := h.class(script, class)
	if err != nil {
		return admin.Object{}, err
	}
	id, err := c.Namespace.ParseID([]byte(nameOrID))
	byName := err != nil
	if byName {
		id = c.Namespace.IDFromName([]byte(nameOrID))
	}
	owner, stored, err := h.r.store.Lookup(id)
	if err != nil {
		return admin.Object{}, err
	}
	o := h.describe(c, id)
	switch {
	case stored:
		o.Name, o.Named = owner.Name, owner.Named
	case !o.Active:
		return admin.Object{}, &admin.Error{Status: http.StatusNotFound,
			Err: fmt.Errorf("class %s has no object %q (see cairn objects list)", class, nameOrID)}
	case byName: // it has stored nothing yet
		o.Name, o.Named = nameOrID, true
	}
	return o, nil
}

// describe says what is known of an object that may have stored nothing.
func (h adminHost) describe(c *app.Class, id abi.ID) admin.Object {
	return admin.Object{ID: id.String(), Class: c.Name, Active: h.r.objects.Active(id),
		Version: c.Script.ForObject(id).Number}
}

// class finds a class of a script, or of the first that has it.
func (h adminHost) class(script, class string) (*app.Class, error) {
	now := h.r.app.Serving()
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
	return nil, &admin.Error{Status: http.StatusNotFound, Err: err}
}

// kind wraps what is the caller's fault.
func kind(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoScript), errors.Is(err, ErrNoVersion):
		return &admin.Error{Status: http.StatusNotFound, Err: err}
	case errors.Is(err, ErrRefused), errors.Is(err, ErrDeploying):
		return &admin.Error{Status: http.StatusConflict, Err: err}
	case errors.Is(err, ErrStopping):
		return &admin.Error{Status: http.StatusServiceUnavailable, Err: err}
	}
	return err
}

// Modules returns how many versions hold compiled code, and how many instances
// there are of all of them.
func (r *Runtime) Modules() (versions, instances int) {
	return r.engine.Images(), r.engine.Instances()
}

// RunAlarms runs every alarm that is due by the clock, and returns how many runs
// have ended, once none is left. It may be called beside what runs them anyway.
func (r *Runtime) RunAlarms(ctx context.Context) (int, error) { return r.alarms.RunDue(ctx) }
