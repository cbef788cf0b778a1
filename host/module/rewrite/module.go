package rewrite

// A Module is a parsed guest. It keeps views of the bytes given to Parse, which
// must not change while it is in use; it is itself never written to after Parse.
type Module struct {
	Outline

	sections []section
	types    []FuncType
	funcs    []uint32 // type index of each function, imported ones first
	bodies   []body

	importedGlobals int
	declaredFuncs   int    // entries in the function section
	dataCount       int    // -1 without a data count section
	size            int    // of the binary
	locals          uint64 // declared in bodies so far
	mutableGlobals  int
	squares, work   int // what compiling the bodies so far grows with; see shape
	start           int // function index, -1 without a start section
}

// An Outline is what a Module is without its code. A copy of it keeps none of the
// bytes given to Parse but the data segments.
type Outline struct {
	Imports []Import
	Exports []Export
	Memory  *MemoryType // own or imported; nil if there is none
	Tables  []TableType // imported ones first

	globals []globalType
	data    []dataSegment

	importedFuncs int
	elements      int   // element segments
	elementItems  int64 // in all of them

	tableWrite string             // the first instruction that changes a table or drops elements
	dataUse    map[uint32]dataUse // segments that memory.init and data.drop name
}

// dataUse is the place of the first instruction that names a data segment.
type dataUse struct {
	instr string
	fn    int
}

// Kind is the kind of an import or export, as the binary format numbers them.
type Kind byte

// The kinds of WebAssembly 2.0.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
)

// String returns the kind's name in the text format.
func (k Kind) String() string {
	switch k {
	case KindFunc:
		return "func"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	}
	return "unknown"
}

// ValueType is a value's type, as the binary format numbers them.
type ValueType byte

// The value types of WebAssembly 2.0.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
)

// String returns the type's name in the text format.
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown"
}

// A FuncType is a function's signature.
type FuncType struct {
	Params, Results []ValueType
}

// An Import is something that the guest needs from the host.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         FuncType // for KindFunc

	mutable bool // for KindGlobal
}

// An Export is something that the guest offers to the host.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32
	Type  FuncType // for KindFunc
}

// A MemoryType holds the limits of a linear memory.
type MemoryType struct {
	MinPages, MaxPages uint32 // of 64 KiB
	HasMax             bool   // MaxPages is what the guest says
	Imported           bool
}

// A TableType holds the limits of a table.
type TableType struct {
	Elem     ValueType
	Min, Max uint32 // entries
	HasMax   bool
	Imported bool
}

type globalType struct {
	typ     ValueType
	mutable bool
}

// A section is one section of the binary. Vectors are split into their count and
// their items, because Instrument appends to some.
type section struct {
	id      byte
	name    string // of a custom section
	payload []byte
	items   []byte // payload behind the count
	edits   []edit // function indices in items
}

// A body is the code of one function.
type body struct {
	raw     []byte // locals and instructions, without the size
	code    int    // where the instructions begin
	groups  int    // where the groups of locals begin
	ngroups uint32
	nlocals uint32 // with the parameters
	cost    uint32 // instructions outside loops and regions
	calls   bool   // has call or call_indirect
	loops   bool
	scratch uint8 // the added locals that are used, a bit for each of scratchTypes
	uneven  bool  // does not validate, or an arity is wrong; for tests
	outcomes
	edits []edit

	templates []template // by value of editSplit
}

// freeLeaf reports whether callers pay for this leaf, which then has no check of its own.
func (b *body) freeLeaf() bool {
	return !b.calls && !b.loops && b.cost <= leafMax
}

// An edit is a place where Instrument changes bytes, in the order of the bytes.
type edit struct {
	at uint32 // offset in section.items or body.raw
	// value is a function's index of editCall and editRef, a cost of editLoop, editRegion
	// and editTest, a label of editJump, an index in ors of editOr, and one in
	// body.templates of editSplit.
	value uint32
	payer int32 // in code: index of the edit that pays for what is here; -1 the entry
	size  uint8 // bytes replaced; 0 inserts
	kind  editKind
}

type editKind uint8

const (
	editRef    editKind = iota // a function index
	editCall                   // a function index, called directly
	editLoop                   // the first place in a loop's body
	editRegion                 // behind a block that a br_table jumps to
	editJump                   // a label
	editBulk                   // before an instruction with its length on top of the stack
	editTest                   // a charge with a test
	editOr                     // before a comparison whose right operand gets "| 0"; see flow
	editSplit                  // an instruction that others take the place of; see split
)

// A dataSegment is one entry of the data section.
type dataSegment struct {
	active bool
	offset uint32
	dynOp  byte // opcode of an offset that is not i32.const, else 0
	bytes  []byte
}
