package config

import (
	"maps"
	"slices"
	"strings"
)

// usedKeys are the top level's keys that Config is made from.
var usedKeys = []string{
	"name", "main", "compatibility_date", "compatibility_flags", "vars",
	"durable_objects", "migrations", "exports", "limits", "route", "routes", "env",
	"code_update_strategy", "secrets",
}

// Keys that wrangler knows and cairn does not use, by what ignoring them means:
// env lacks a binding, or a setting has no effect.
var (
	ignoredBindings = words(`agent_memory ai ai_search ai_search_namespaces
		analytics_engine_datasets artifacts browser d1_databases data_blobs
		dispatch_namespaces flagship hyperdrive images kv_namespaces logfwdr media
		mtls_certificates pipelines queues r2_buckets ratelimits secrets_store_secrets
		send_email services stream text_blobs unsafe unsafe_hello_world vectorize
		version_metadata vpc_networks vpc_services wasm_modules worker_loaders workflows`)
	ignoredSettings = words(`account_id alias assets base_dir build cache cloudchamber
		compliance_region containers define dependencies_instrumentation dev
		find_additional_modules first_party_worker jsx_factory jsx_fragment keep_names
		keep_vars legacy_env logpush minify no_bundle node_compat observability
		pages_build_output_dir placement preserve_file_names preview_urls previews
		python_modules rules send_metrics site streaming_tail_consumers
		tail_consumers triggers tsconfig upload_source_maps usage_model workers_dev zone_id`)
)

// knownKeys is what an unknown key at the top level can be a slip for.
var knownKeys = slices.Concat(usedKeys, slices.Sorted(maps.Keys(ignoredBindings)),
	slices.Sorted(maps.Keys(ignoredSettings)))

func words(s string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(s) {
		set[word] = true
	}
	return set
}

// unused warns of a key at the top level that goes into no Config.
func (v *validator) unused(m *member) {
	switch {
	case m.key == "dev":
		v.ignored(m, "dev", " Addresses and ports are flags of the command.")
	case ignoredBindings[m.key]:
		v.ignored(m, m.key, " It has no such binding; env will lack it.")
	case ignoredSettings[m.key]:
		v.ignored(m, m.key, "")
	default:
		if near := v.unexpected(m, "top-level", knownKeys...); near != "" {
			if v.slips == nil {
				v.slips = make(map[string]*member)
			}
			v.slips[near] = m
		}
	}
}

// ignored warns of a key that wrangler knows and cairn does not use.
func (v *validator) ignored(m *member, field, why string) {
	v.warnf(m.pos, `cairn ignores the field "%s".%s`, field, why)
}

// unexpected warns of a key that nobody knows, with the known one it is closest
// to, if one is close, and returns that.
func (v *validator) unexpected(m *member, field string, known ...string) (near string) {
	text := `Unexpected fields found in ` + field + ` field: ` + clip(quoted(m.key))
	if v.unknown++; v.unknown > maxNearKeys {
		known = nil
	}
	if near = nearest(m.key, known); near != "" {
		text += `, did you mean "` + near + `"?`
	}
	v.warnf(m.pos, "%s", text)
	return near
}

// maxNearKeys bounds the unknown keys of a file that are compared with the known
// ones: a file with more is no wrangler file with a slip.
const maxNearKeys = 100

// maxNearBytes bounds the keys that nearest looks at: far above the longest
// known key, and low enough for its quadratic time.
const maxNearBytes = 40

// nearest returns the known key that differs from key in spelling only, or in
// about a third of its letters, three at most; ties go to the first.
func nearest(key string, known []string) string {
	if len(key) > maxNearBytes {
		return ""
	}
	plain := plainKey(key)
	best, least := "", min((len(plain)+2)/3, 3)+1
	for _, k := range known {
		other := plainKey(k)
		if d := len(other) - len(plain); d >= least || -d >= least {
			continue
		}
		if d := distance(plain, other); d < least {
			best, least = k, d
		}
	}
	return best
}

var keySeparators = strings.NewReplacer("_", "", "-", "")

// plainKey makes camelCase, kebab-case and snake_case the same.
func plainKey(key string) string {
	return strings.ToLower(keySeparators.Replace(key))
}

// distance counts the bytes to insert, delete or change to get from a to b
// (Levenshtein), one row of the table at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
