package hostfunc

import (
	"context"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi"
)

// function is one host function of the ABI: i32 parameters, but for those in
// milliseconds, _ms, which are i64; a status back.
type function struct {
	name   string
	params []string
	run    Function
}

// Function is what a host function of the ABI does with its arguments.
type Function = func(c *Call, args []uint64) abi.Status

// functions lists the ABI's imports in the order of SPEC.md.
var functions = []function{
	{abi.FuncClassRegister, []string{"name_ptr", "name_len", "flags"}, classRegister},
	{abi.FuncWorkerRegister, nil, workerRegister},
	{abi.FuncInputRead, []string{"buf_ptr", "buf_cap"}, inputRead},
	{abi.FuncOutputWrite, []string{"ptr", "len"}, outputWrite},
	{abi.FuncResultRead, []string{"buf_ptr", "buf_cap", "len_ptr"}, resultRead},
	{abi.FuncEnvGet, []string{"name_ptr", "name_len", "buf_ptr", "buf_cap", "len_ptr"}, envGet},
	{abi.FuncLogWrite, []string{"level", "text_ptr", "text_len", "attrs_ptr", "attrs_len"}, logWrite},
	{abi.FuncIDFromName, []string{"binding_ptr", "binding_len", "name_ptr", "name_len", "id_ptr"}, idFromName},
	{abi.FuncIDParse, []string{"binding_ptr", "binding_len", "hex_ptr", "hex_len", "id_ptr"}, idParse},
	{abi.FuncIDNew, []string{"binding_ptr", "binding_len", "id_ptr"}, idNew},
	{abi.FuncStubCall, []string{"binding_ptr", "binding_len", "target_kind", "target_ptr", "target_len",
		"method_ptr", "method_len", "args_ptr", "args_len", "buf_ptr", "buf_cap", "len_ptr"}, stubCall},
	{abi.FuncStubFetch, []string{"binding_ptr", "binding_len", "target_kind", "target_ptr", "target_len",
		"request_ptr", "request_len", "buf_ptr", "buf_cap", "len_ptr"}, stubFetch},
	{abi.FuncStorageGet, []string{"key_ptr", "key_len", "buf_ptr", "buf_cap", "len_ptr"}, storageGet},
	{abi.FuncStoragePut, []string{"key_ptr", "key_len", "value_ptr", "value_len", "flags"}, storagePut},
	{abi.FuncStorageDelete, []string{"key_ptr", "key_len", "flags"}, storageDelete},
	{abi.FuncStorageDeleteAll, nil, storageDeleteAll},
	{abi.FuncStorageSync, nil, storageSync},
	{abi.FuncListOpen, []string{"options_ptr", "options_len", "handle_ptr"}, listOpen},
	{abi.FuncListNext, []string{"handle", "buf_ptr", "buf_cap", "len_ptr"}, listNext},
	{abi.FuncListClose, []string{"handle"}, listClose},
	{abi.FuncTransactionBegin, nil, transactionBegin},
	{abi.FuncTransactionCommit, nil, transactionCommit},
	{abi.FuncTransactionRollback, nil, transactionRollback},
	{abi.FuncAlarmSet, []string{"time_ms", "flags"}, alarmSet},
	{abi.FuncAlarmGet, []string{"time_ptr"}, alarmGet},
	{abi.FuncAlarmDelete, []string{"flags"}, alarmDelete},
	{abi.FuncCriticalBegin, nil, criticalBegin},
	{abi.FuncCriticalEnd, nil, criticalEnd},
	{abi.FuncBackgroundRequest, nil, backgroundRequest},
	{abi.FuncObjectReset, []string{"reason_ptr", "reason_len", "flags"}, objectReset},
	{abi.FuncFetchSend, []string{"request_ptr", "request_len", "buf_ptr", "buf_cap", "len_ptr"}, fetchSend},
}

// Instantiate adds every host module to the runtime: the ABI, fuel, and WASI.
// It returns what a guest may import.
func Instantiate(ctx context.Context, rt wazero.Runtime, s System) (Imports, error) {
	imports := Imports{}
	for _, build := range []func(wazero.Runtime) wazero.HostModuleBuilder{s.buildABI, s.buildWASI} {
		compiled, err := build(rt).Compile(ctx)
		if err != nil {
			return nil, fmt.Errorf("compile host module: %w", err)
		}
		imports.add(compiled)
		if _, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig()); err != nil {
			return nil, fmt.Errorf("instantiate host module: %w", err)
		}
	}
	if _, err := buildFuel(rt).Instantiate(ctx); err != nil {
		return nil, fmt.Errorf("instantiate host module: %w", err)
	}
	return imports, nil
}

func (s System) buildABI(rt wazero.Runtime) wazero.HostModuleBuilder {
	b := rt.NewHostModuleBuilder(abi.ModuleName)
	for _, f := range functions {
		params := make([]api.ValueType, len(f.params))
		for i := range params {
			params[i] = api.ValueTypeI32
			if strings.HasSuffix(f.params[i], "_ms") {
				params[i] = api.ValueTypeI64
			}
		}
		run := s.wrap(f.name, f.run)
		b.NewFunctionBuilder().
			WithName(f.name).WithParameterNames(f.params...).WithResultNames("status").
			WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
				c := callOf(ctx)
				c.charge()
				c.flushHeld() // the guest goes on
				stack[0] = uint64(run(c, stack))
			}), params, []api.ValueType{api.ValueTypeI32}).
			Export(f.name)
	}
	abort := s.wrap(abi.FuncObjectAbort, objectAbort)
	b.NewFunctionBuilder().
		WithName(abi.FuncObjectAbort).WithParameterNames(abortParams...).
		WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			abort(callOf(ctx), stack)
		}), []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, nil).
		Export(abi.FuncObjectAbort)
	return b
}

// Params returns the names of a function's parameters, for those who show calls:
// x_ptr and x_len are a range that it reads, buf_ptr and buf_cap one that it
// writes, whose length goes to len_ptr; another _ptr is where a value goes.
func Params(name string) []string {
	if name == abi.FuncObjectAbort {
		return abortParams
	}
	for _, f := range functions {
		if f.name == name {
			return f.params
		}
	}
	return nil
}

var abortParams = []string{"reason_ptr", "reason_len"}

// wrap puts System.Wrap around a function, once, when the module is built.
func (s System) wrap(name string, run Function) Function {
	if s.Wrap == nil {
		return run
	}
	return s.Wrap(name, run)
}

// Imports is what a guest may import: module, name, and signature.
type Imports map[string]map[string]api.FunctionDefinition

func (i Imports) add(m wazero.CompiledModule) {
	functions := map[string]api.FunctionDefinition{}
	for name, def := range m.ExportedFunctions() {
		functions[name] = def
	}
	i[m.Name()] = functions
}
