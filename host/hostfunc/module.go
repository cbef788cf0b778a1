package hostfunc

import (
	"context"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi"
)

// Function is what a host function of the ABI does with its arguments.
type Function = func(c *Call, args []uint64) abi.Status

// bindings says what the imports of one capability do, by their names. They stand
// in the capability's file.
type bindings map[string]Function

// capability is an interface that a Host may implement, and the imports that ask it.
type capability struct {
	has       func(Host) bool
	functions bindings
}

// capabilities has all that there are.
var capabilities = map[abi.Capability]capability{
	abi.CapabilityMessages:     {nil, messageFunctions},
	abi.CapabilityRegistration: {has[Registration], registrationFunctions},
	abi.CapabilityEnv:          {has[Env], envFunctions},
	abi.CapabilityLog:          {has[Log], logFunctions},
	abi.CapabilityIDs:          {has[IDs], idFunctions},
	abi.CapabilityStubs:        {has[Stubs], stubFunctions},
	abi.CapabilityOutbound:     {has[Outbound], outboundFunctions},
	abi.CapabilityStorage:      {has[Storage], storageFunctions},
	abi.CapabilityLists:        {has[Lists], listFunctions},
	abi.CapabilityTransactions: {has[Transactions], transactionFunctions},
	abi.CapabilityAlarms:       {has[Alarms], alarmFunctions},
	abi.CapabilitySections:     {has[Sections], sectionFunctions},
	abi.CapabilityBackground:   {has[Background], backgroundFunctions},
	abi.CapabilityResets:       {has[Resets], resetFunctions},
}

func has[Interface any](h Host) bool {
	_, ok := h.(Interface)
	return ok
}

// Capabilities returns those that a Host has, sorted, but for the messages that each
// guest has.
func Capabilities(h Host) (list []abi.Capability) {
	for name, c := range capabilities {
		if c.has != nil && c.has(h) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// functions are the imports of the ABI and what they do, in the order of abi.Imports.
var functions = bind()

// function is a row of abi.Imports and what it does.
type function struct {
	*abi.Import
	run Function
}

// bind puts each row together with its function. A row without one, a function
// without a row and a function beside those of another capability are mistakes of
// whoever adds one: the program does not start.
func bind() (bound []function) {
	count := 0
	for _, c := range capabilities {
		count += len(c.functions)
	}
	for i := range abi.Imports {
		row := &abi.Imports[i]
		run := capabilities[row.Capability].functions[row.Name]
		if run == nil {
			panic(fmt.Sprintf("hostfunc: nothing is bound to %s, of %s", row.Name, row.Capability))
		}
		bound = append(bound, function{row, run})
	}
	if count != len(bound) {
		panic(fmt.Sprintf("hostfunc: %d functions are bound to %d rows", count, len(bound)))
	}
	return bound
}

// Instantiate adds every host module to the runtime: the ABI, fuel, and WASI. They
// hold nothing, as a function finds all that it needs in its Call, so guests of
// several engines can run in one runtime. It returns what a guest may import.
func Instantiate(ctx context.Context, rt wazero.Runtime) (Imports, error) {
	imports := Imports{}
	for _, build := range []func(wazero.Runtime) wazero.HostModuleBuilder{buildABI, buildWASI} {
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

func buildABI(rt wazero.Runtime) wazero.HostModuleBuilder {
	b := rt.NewHostModuleBuilder(abi.ModuleName)
	for n, f := range functions {
		results := f.ResultTypes()
		call := func(ctx context.Context, stack []uint64) {
			c := callOf(ctx)
			c.charge()
			c.flushHeld() // the guest goes on
			stack[0] = uint64(c.World.functions[n](c, stack))
		}
		if len(results) == 0 { // the function ends the entry
			call = func(ctx context.Context, stack []uint64) {
				c := callOf(ctx)
				c.World.functions[n](c, stack)
			}
		}
		b.NewFunctionBuilder().
			WithName(f.Name).WithParameterNames(f.Params...).
			WithGoFunction(api.GoFunc(call), f.ParamTypes(), results).
			Export(f.Name)
	}
	return b
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
