package rewrite

import "bytes"

// The ids of sections, as the binary format numbers them.
const (
	secCustom byte = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory",
	"global", "export", "start", "element", "code", "data", "data count"}

const header = "\x00asm\x01\x00\x00\x00"

// Parse reads a guest's module. It refuses what is not a module of WebAssembly 2.0,
// with a *ParseError. It keeps views of wasm.
func Parse(wasm []byte) (*Module, error) {
	if err := checkHeader(wasm); err != nil {
		return nil, err
	}
	m := &Module{Outline: Outline{dataUse: map[uint32]dataUse{}}, size: len(wasm),
		dataCount: -1, start: -1}
	r := &reader{b: wasm, pos: len(header), fn: -1}
	last := 0
	for r.rest() > 0 && r.err == nil {
		at := r.pos
		id := r.byte()
		if int(id) >= len(sectionNames) {
			r.failAt(at, "section %d is not of WebAssembly 2.0", id)
			break
		}
		r.section = sectionNames[id]
		payload := r.bytes(r.count(1))
		if id != secCustom {
			if rank(id) <= last {
				r.failAt(at, "out of order or twice")
			}
			last = rank(id)
		}
		if r.err == nil {
			s := &reader{b: payload, base: r.pos - len(payload), section: r.section, fn: -1}
			r.err = m.parseSection(id, s)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, m.checkCounts(m.size)
}

func checkHeader(wasm []byte) error {
	text := ""
	switch {
	case len(wasm) < 4 || !bytes.Equal(wasm[:4], []byte(header[:4])):
		text = "not WebAssembly: the magic number is missing"
	case len(wasm) < 8:
		text = "truncated version"
	case wasm[6] == 1 && wasm[7] == 0:
		text = "a component, not a core module"
	case string(wasm[4:8]) != header[4:]:
		text = "version is not 1"
	default:
		return nil
	}
	return &ParseError{Func: -1, Text: text}
}

// rank orders the sections: ids, but for the data count, which precedes the code.
func rank(id byte) int {
	if id == secDataCount {
		return 2*int(secCode) - 1
	}
	return 2 * int(id)
}

// checkCounts compares counts that are repeated in several sections.
func (m *Module) checkCounts(end int) error {
	if m.declaredFuncs != len(m.bodies) {
		return &ParseError{"code", -1, end, "the function section has another count"}
	}
	if m.dataCount >= 0 && m.dataCount != len(m.data) {
		return &ParseError{"data", -1, end, "the data count section has another count"}
	}
	return nil
}

func (m *Module) parseSection(id byte, r *reader) error {
	s := section{id: id, payload: r.b}
	switch id {
	case secCustom:
		s.name = r.name()
		r.pos = len(r.b)
	case secStart:
		m.start = int(r.index("function", len(m.funcs)))
	case secDataCount:
		m.dataCount = int(r.u32())
	default:
		n := r.count(1)
		s.items = r.b[r.pos:]
		items := &reader{b: s.items, base: r.base + r.pos, section: r.section, fn: -1, err: r.err}
		m.parseItems(id, n, items, &s)
		r.pos, r.err = len(r.b), items.err
		if r.err == nil && items.rest() > 0 {
			items.failf("%d bytes left over", items.rest())
			r.err = items.err
		}
	}
	if r.err == nil && r.rest() > 0 {
		r.failf("%d bytes left over", r.rest())
	}
	m.sections = append(m.sections, s)
	return r.err
}

func (m *Module) parseItems(id byte, n int, r *reader, s *section) {
	if id == secExport {
		m.exports(n, r, s)
		return
	}
	for i := 0; i < n && r.err == nil; i++ {
		switch id {
		case secType:
			m.funcType(r)
		case secImport:
			m.importItem(r)
		case secFunction:
			m.funcs = append(m.funcs, r.index("type", len(m.types)))
			m.declaredFuncs++
		case secTable:
			m.Tables = append(m.Tables, r.tableType())
		case secMemory:
			m.memory(r, false)
		case secGlobal:
			t := r.globalType()
			m.constExpr(r, s)
			m.addGlobal(t)
		case secElement:
			m.element(r, s)
			m.elements++
		case secCode:
			m.code(i, r)
		case secData:
			m.dataSegment(r)
		}
	}
}
