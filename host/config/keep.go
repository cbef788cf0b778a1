package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// A Config is kept as JSON. The tags of its fields are part of the store's format and
// are never changed; the older ones are spelled as the fields are, since they were kept
// under those names before there were tags. What is zero is left out: so a field that a
// later cairn adds changes nothing about the configs that do not use it, their
// fingerprints neither.

// Encode returns the config as JSON, for [Decode].
func (c *Config) Encode() ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // guests read their variables as they were written
	if err := e.Encode(c); err != nil {
		return nil, fmt.Errorf("config: keep: %w", err)
	}
	return text.Bytes(), nil
}

// Decode reads what Encode wrote.
func Decode(text []byte) (*Config, error) {
	c := &Config{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("config: read what was kept: %w", err)
	}
	return c, nil
}

// Fingerprint returns the same text, hex digits, for configs that let an app
// behave the same. Where something is written does not count, nor what main
// names: that is a module, with a hash of its own.
func (c *Config) Fingerprint() (string, error) {
	bare := *c
	bare.Path, bare.Dir, bare.Main, bare.MainPos = "", "", "", Pos{}
	bare.Bindings, bare.Migrations = slices.Clone(c.Bindings), slices.Clone(c.Migrations)
	for i := range bare.Bindings {
		bare.Bindings[i].Pos = Pos{}
	}
	for i := range bare.Migrations {
		bare.Migrations[i].Pos = Pos{}
	}
	bare.Exports, bare.Routes = slices.Clone(c.Exports), slices.Clone(c.Routes)
	for i := range bare.Exports {
		bare.Exports[i].Pos = Pos{}
	}
	for i := range bare.Routes {
		bare.Routes[i].Pos = Pos{}
	}
	text, err := bare.Encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
