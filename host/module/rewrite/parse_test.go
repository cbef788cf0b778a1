package rewrite

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	m := parse(t, mod(sec(secType, tVoid, tII),
		sec(secImport, imp("env", "f", KindFunc, 1), imp("env", "g", KindGlobal, byte(I32), 0)),
		sec(secFunction, ops(0)), sec(secTable, ops(0x70, 1, 2, 9)), sec(secMemory, ops(1, 1, 16)),
		sec(secExport, exp("run", KindFunc, 1), exp("f", KindFunc, 0), exp("mem", KindMemory, 0)),
		sec(secCode, fn())))
	if len(m.Imports) != 2 || m.Imports[0].Name != "f" || len(m.Imports[0].Type.Params) != 1 {
		t.Errorf("imports %+v", m.Imports)
	}
	if len(m.Exports) != 3 || m.Exports[1].Index != 0 || len(m.Exports[1].Type.Results) != 1 ||
		len(m.Exports[0].Type.Params) != 0 {
		t.Errorf("exports %+v", m.Exports)
	}
	if *m.Memory != (MemoryType{MinPages: 1, MaxPages: 16, HasMax: true}) {
		t.Errorf("memory %+v", m.Memory)
	}
	if !slices.Equal(m.Tables, []TableType{{FuncRef, 2, 9, true, false}}) {
		t.Errorf("tables %+v", m.Tables)
	}
}

// in is a module with one function of type () -> () and the given code, which ends
// in unreachable so that the stack does not matter.
func in(code ...byte) []byte {
	return mod(sec(secType, tVoid), sec(secFunction, ops(0)),
		sec(secTable, ops(0x70, 0, 1)), memory,
		sec(secGlobal, ops(byte(I32), 1, opI32Const, 0, opEnd)), sec(secCode, fn(code, ops(0))))
}

func TestParseRefuses(t *testing.T) {
	long := []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x00}
	tests := []struct {
		name, want string
		wasm       []byte
	}{
		{"empty", "magic", nil},
		{"text", "magic", []byte("(module)")},
		{"version", "version is not 1", []byte("\x00asm\x02\x00\x00\x00")},
		{"component", "component", []byte("\x00asm\x0d\x00\x01\x00")},
		{"section", "section 13 is not of", mod(ops(13, 0))},
		{"section size", "count 9 does not fit", mod(ops(1, 9))},
		{"section twice", "out of order or twice", mod(memory, memory)},
		{"hostile count", "does not fit", mod(ops(1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f))},
		{"long integer", "too long", mod(append(ops(1, 6), long...))},
		{"left over", "left over", mod(ops(1, 2, 0, 0))},
		{"missing bodies", "another count", mod(sec(secType, tVoid), sec(secFunction, ops(0)))},
		{"bodies", "more bodies", mod(sec(secCode, fn()))},
		{"data count", "another count", mod(ops(secDataCount, 1, 3))},
		{"shared memory", "64-bit", mod(sec(secMemory, ops(3, 1, 1)))},
		{"memory64", "64-bit", mod(sec(secMemory, ops(4, 1)))},
		{"two memories", "multi-memory", mod(sec(secMemory, ops(0, 1), ops(0, 1)))},
		{"big table", "exceeds 10000000",
			mod(sec(secTable, ops(0x70, 0, 0xff, 0xff, 0xff, 0xff, 0x0f)))},
		{"tag import", "import kind 4", mod(sec(secImport, imp("a", "b", 4, 0, 0)))},
		{"struct type", "type form 0x5f", mod(sec(secType, ops(0x5f, 0)))},
		{"export twice", `"a" twice`,
			mod(memory, sec(secExport, exp("a", KindMemory, 0), exp("a", KindMemory, 0)))},
		{"export of counter", "global index 0", mod(sec(secExport, exp("a", KindGlobal, 0)))},
		{"extended const", "more than one",
			mod(sec(secGlobal, ops(byte(I32), 0, opI32Const, 0, opI32Const, 0, 0x6a, opEnd)))},
		{"data without memory", "without a memory",
			mod(sec(secData, ops(0, opI32Const, 0, opEnd, 0)))},
		{"locals", "locals exceed", mod(sec(secType, tVoid), sec(secFunction, ops(0)),
			sec(secCode, ops(8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, byte(I32), opEnd)))},
		{"locals in all", "locals in a module",
			mod(sec(secType, tVoid), sec(secFunction, ops(0), ops(0)),
				sec(secCode, ops(6, 1, 0xc0, 0xb8, 0x02, byte(I32), opEnd),
					ops(6, 1, 0xd0, 0x86, 0x03, byte(I32), opEnd)))},
		{"threads", "function 0: opcode 0xfe", in(0xfe, 0, 0)},
		{"tail call", "tail calls", in(0x12, 0)},
		{"try", "exceptions", in(0x06, 0x40, opEnd)},
		{"call_ref", "GC", in(0x14, 0)},
		{"call out of range", "function index 1", in(opCall, 1)},
		{"counter", "global index 1", in(opGlobalGet, 1)},
		{"counter set", "global index 1", in(opGlobalSet, 1)},
		{"our local", "local index 0", in(opLocalGet, 0)},
		{"our type", "type index 1", in(opCallIndirect, 1, 0)},
		{"our block type", "block type 1", in(opBlock, 1, opEnd)},
		{"long vector opcode", "long form", in(opVector, 0x8c, 0x80, 0)},
		{"long misc opcode", "long form", in(opMisc, 0x8b, 0)},
		{"relaxed simd", "long form", in(opVector, 0x80, 0x02)},
		{"simd hole", "0xfd 0x9a", in(opVector, 0x9a, 1)},
		{"memory index", "multi-memory", in(0x3f, 1)},
		{"memory in memarg", "multi-memory", in(0x28, 0x42, 0, 0)},
		{"no end", "truncated", mod(sec(secType, tVoid), sec(secFunction, ops(0)),
			sec(secCode, ops(2, 0, opNop)))},
		{"behind end", "1 bytes behind", mod(sec(secType, tVoid), sec(secFunction, ops(0)),
			sec(secCode, ops(3, 0, opEnd, opEnd)))},
		{"init without count", "without a data count", in(opMisc, 8, 0, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.wasm)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want …%s…", err, tt.want)
			}
			if s := err.Error(); !strings.HasPrefix(s, "rewrite: ") ||
				!strings.Contains(s, "at offset 0x") {
				t.Errorf("text %q", s)
			}
		})
	}
}

// TestParseTruncated cuts a module everywhere.
func TestParseTruncated(t *testing.T) {
	for i := range featureModule {
		_, _ = Parse(featureModule[:i]) // a cut between sections may be a module
	}
}

func TestSigned(t *testing.T) {
	tests := []struct {
		bytes []byte
		bits  int
		want  int64
		ok    bool
	}{
		{ops(0x7f), 32, -1, true},
		{ops(0x80, 0x80, 0x80, 0x80, 0x78), 32, -1 << 31, true},
		{ops(0xff, 0xff, 0xff, 0xff, 0x07), 32, 1<<31 - 1, true},
		{ops(0xff, 0xff, 0xff, 0xff, 0x0f), 32, 0, false},
		{ops(0xff, 0xff, 0xff, 0xff, 0x0f), 33, 1<<32 - 1, true},
		{append(bytes.Repeat(ops(0x80), 9), 0x7f), 64, -1 << 63, true},
		{append(bytes.Repeat(ops(0x80), 9), 0x01), 64, 0, false},
		{bytes.Repeat(ops(0x80), 11), 64, 0, false},
	}
	for _, tt := range tests {
		r := reader{b: tt.bytes, fn: -1}
		if got := r.signed(tt.bits); got != tt.want || (r.err == nil) != tt.ok {
			t.Errorf("%x as s%d = %d, %v", tt.bytes, tt.bits, got, r.err)
		}
		if tt.ok && !bytes.Equal(appendI64(nil, tt.want), tt.bytes) {
			t.Errorf("%d written as %x", tt.want, appendI64(nil, tt.want))
		}
	}
}

func TestImageBlocker(t *testing.T) {
	blocked := func(code ...byte) []byte {
		return mod(sec(secType, tVoid), sec(secFunction, ops(0)),
			sec(secTable, ops(0x70, 0, 1)), memory,
			sec(secElement, ops(1, 0, 0)), ops(secDataCount, 1, 3),
			sec(secCode, fn(ops(0), code)), // behind unreachable, any stack will do
			sec(secData, ops(1, 1, 'x'), ops(1, 0), ops(0, opI32Const, 0, opEnd, 1, 'y')))
	}
	tests := []struct {
		name, want string
		wasm       []byte
	}{
		{"clean", "", countModule},
		{"table.get", "", blocked(0x25, 0, opDrop)},
		{"table.set", "table.set", blocked(opTableSet, 0)},
		{"table.init", "table.init", blocked(opMisc, 12, 0, 0)},
		{"elem.drop", "elem.drop", blocked(opMisc, 13, 0)},
		{"table.copy", "table.copy", blocked(opMisc, 14, 0, 0)},
		{"table.grow", "table.grow", blocked(opMisc, 15, 0, opDrop)},
		{"table.size", "", blocked(opMisc, 16, 0, opDrop)},
		{"table.fill", "table.fill", blocked(opMisc, 17, 0)},
		{"memory.init", "function 0 uses memory.init on passive data segment 0",
			blocked(opMisc, 8, 0, 0)},
		{"data.drop", "data.drop", blocked(opMisc, 9, 0)},
		{"empty segment", "", blocked(opMisc, 8, 1, 0)},
		{"active segment", "", blocked(opMisc, 8, 2, 0)},
		{"memory.copy", "", blocked(opMisc, 10, 0, 0)},
		{"v128 global", "type v128", mod(sec(secGlobal,
			append(append(ops(byte(V128), 1, opVector, vecConst), make([]byte, 16)...), opEnd)))},
		{"reference global", "type externref",
			mod(sec(secGlobal, ops(byte(ExternRef), 1, opRefNull, byte(ExternRef), opEnd)))},
		{"constant reference",
			"", mod(sec(secGlobal, ops(byte(ExternRef), 0, opRefNull, byte(ExternRef), opEnd)))},
		{"imported memory", "imports a memory",
			mod(sec(secImport, imp("e", "m", KindMemory, 0, 1)))},
		{"imported table", "imports a table",
			mod(sec(secImport, imp("e", "t", KindTable, 0x70, 0, 1)))},
		{"imported mutable", "imports a global, e.g",
			mod(sec(secImport, imp("e", "g", KindGlobal, byte(I32), 1)))},
		{"imported constant", "", mod(sec(secImport, imp("e", "g", KindGlobal, byte(I32), 0)))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, tt.wasm).ImageBlocker()
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			instrument(t, tt.wasm)
		})
	}
}
