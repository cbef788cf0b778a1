package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
)

// Admin returns the runtime as the admin listener sees it.
func (r *Runtime) Admin() admin.Host { return adminHost{r} }

// adminHost gives errors the kinds that the admin listener knows.
type adminHost struct{ r *Runtime }

// Healthy implements admin.Host.
func (h adminHost) Healthy() error { return h.r.store.Log().Err() }

// Deploy implements admin.Host.
func (h adminHost) Deploy(ctx context.Context, d admin.Deploy) (admin.Version, error) {
	deploy := Deploy{Script: d.Script, Wasm: d.Wasm, Percent: d.Percent}
	if d.ConfigName != "" {
		c, _, err := config.Parse(d.ConfigName, d.Config)
		if err != nil {
			return admin.Version{}, &admin.Error{Status: http.StatusConflict, Err: err}
		}
		deploy.Config, deploy.Script = c, c.Name
	}
	v, err := h.r.Deploy(ctx, deploy)
	return admin.Version(v), kind(err)
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
func (h adminHost) Objects(class, after string, limit int) ([]admin.Object, error) {
	n, err := h.namespace(class)
	if err != nil {
		return nil, err
	}
	var from abi.ID
	if after != "" {
		if from, err = n.ParseID([]byte(after)); err != nil {
			return nil, &admin.Error{Status: http.StatusBadRequest, Err: fmt.Errorf("after: %w", err)}
		}
	}
	owners, err := h.r.store.ObjectsOf(n.Number, from, limit)
	if err != nil {
		return nil, err
	}
	list := make([]admin.Object, len(owners))
	for i, o := range owners {
		list[i] = h.describe(n, o.ID)
		list[i].Name, list[i].Named = o.Name, o.Named
	}
	return list, nil
}

// Object implements admin.Host.
func (h adminHost) Object(class, nameOrID string) (admin.Object, error) {
	n, err := h.namespace(class)
	if err != nil {
		return admin.Object{}, err
	}
	id, err := n.ParseID([]byte(nameOrID))
	if err != nil {
		id = n.IDFromName([]byte(nameOrID))
	}
	owner, stored, err := h.r.store.Lookup(id)
	if err != nil {
		return admin.Object{}, err
	}
	o := h.describe(n, id)
	o.Name, o.Named = owner.Name, owner.Named
	if !stored && !o.Active {
		return admin.Object{}, &admin.Error{Status: http.StatusNotFound,
			Err: fmt.Errorf("class %s has no object %q (see cairn objects list)", class, nameOrID)}
	}
	return o, nil
}

func (h adminHost) describe(n *object.Namespace, id abi.ID) admin.Object {
	o := admin.Object{ID: id.String(), Class: n.Class(), Active: h.r.objects.Active(id)}
	hash := n.Env().Releases.ForObject(id).Hash()
	h.r.deploying.Lock()
	defer h.r.deploying.Unlock()
	for _, s := range h.r.scripts {
		if s.env == n.Env() {
			o.Version = s.versions.numberOf(hash)
		}
	}
	return o
}

// numberOf returns the newest version that has a module.
func (v *versions) numberOf(hash string) (number int) {
	for i := range v.List {
		if v.List[i].Hash == hash {
			number = v.List[i].Number
		}
	}
	return number
}

// namespace finds a class of any script.
func (h adminHost) namespace(class string) (*object.Namespace, error) {
	h.r.deploying.Lock()
	defer h.r.deploying.Unlock()
	for _, s := range h.r.scripts {
		if n := s.namespaces[class]; n != nil {
			return n, nil
		}
	}
	return nil, &admin.Error{Status: http.StatusNotFound, Err: fmt.Errorf("no script has a class %q", class)}
}

// kind wraps what is the caller's fault.
func kind(err error) error {
	var refused *module.CompileError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoScript), errors.Is(err, ErrNoVersion):
		return &admin.Error{Status: http.StatusNotFound, Err: err}
	case errors.Is(err, ErrRefused), errors.Is(err, ErrDeploying), errors.As(err, &refused):
		return &admin.Error{Status: http.StatusConflict, Err: err}
	}
	return err
}

// Metrics returns what /metrics shows.
func (r *Runtime) Metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "cairn", Name: name, Help: help}, value))
	}
	gauge("activations", "Objects in memory.", func() float64 { return float64(r.objects.Len()) })
	gauge("set_aside_bytes", "Memory of suspended objects.", func() float64 { return float64(r.objects.SetAside()) })
	gauge("instances", "WebAssembly instances.", func() float64 { return float64(r.engine.Instances()) })
	gauge("module_versions", "Versions that hold compiled code.", func() float64 { return float64(r.engine.Versions()) })
	gauge("log_appended", "Newest sequence of the log.", func() float64 { return float64(r.store.Last()) })
	gauge("log_durable", "Sequence up to which the log is durable.", func() float64 { return float64(r.store.Durable()) })
	for _, s := range r.scripts {
		name := s.config.Name
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "cairn", Name: "script_version",
			Help: "Version that serves.", ConstLabels: prometheus.Labels{"script": name}}, func() float64 {
			r.deploying.Lock()
			defer r.deploying.Unlock()
			return float64(s.versions.Stable)
		}))
	}
	return registry
}
