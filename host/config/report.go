package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Pos is a place in a config. Line and Col start at 1; Col counts bytes. A zero
// Line means the file as a whole.
type Pos struct {
	File string `json:"File"`
	Line int    `json:"Line"`
	Col  int    `json:"Col"`
}

// String returns FILE:LINE:COL, or FILE alone.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

func (p Pos) compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Error is one thing that makes a config unusable.
type Error struct {
	Pos     Pos
	Message string
	Cause   error // what Message is the text of, if it came from elsewhere; or nil
}

// Error returns FILE:LINE:COL: message.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Message }

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Warning is one thing that a config says in vain.
type Warning struct {
	Pos     Pos
	Message string
}

// String returns FILE:LINE:COL: message. The message can go over several lines,
// the later ones being configuration to paste.
func (w Warning) String() string { return w.Pos.String() + ": " + w.Message }

// report collects what is wrong with one file.
type report struct {
	errs  []*Error
	warns []Warning
}

func (r *report) errorf(pos Pos, text string, args ...any) {
	r.errs = append(r.errs, &Error{Pos: pos, Message: fmt.Sprintf(text, args...)})
}

func (r *report) warnf(pos Pos, text string, args ...any) {
	r.warns = append(r.warns, Warning{pos, fmt.Sprintf(text, args...)})
}

// result returns what Parse returns: cfg only if there are no errors, and
// everything in the order of the file, which is not the order of the rules.
func (r *report) result(cfg *Config) (*Config, []Warning, error) {
	slices.SortStableFunc(r.warns, func(a, b Warning) int { return a.Pos.compare(b.Pos) })
	if len(r.errs) == 0 {
		return cfg, r.warns, nil
	}
	slices.SortStableFunc(r.errs, func(a, b *Error) int { return a.Pos.compare(b.Pos) })
	errs := make([]error, len(r.errs))
	for i, err := range r.errs {
		errs[i] = err
	}
	return nil, r.warns, errors.Join(errs...)
}
