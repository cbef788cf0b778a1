package rewrite

// InstanceBytes returns the most that an instance of the module takes of the host's
// own memory: tables, globals, and what the engine keeps for each of them. Linear
// memory and stacks are not in it. The figures are wazero's, rounded up; a test of
// package module measures them.
func (m *Outline) InstanceBytes() int64 {
	const (
		base        = 48 << 10 // the module itself, two callables with their stacks
		perEntry    = 8        // a reference in a table
		perElement  = 64       // a function that a segment names, and its reference there
		perGlobal   = 144
		perImported = 48
	)
	bytes := int64(base) + int64(m.elements)*perElement + m.elementItems*perElement +
		int64(len(m.globals))*perGlobal + int64(m.importedFuncs)*perImported
	entries := m.TableEntries()
	if m.tableWrite != "" {
		entries *= 2 // a slice that grows has up to twice what is in it
	}
	return bytes + entries*perEntry
}

// TableEntries returns how many entries the module's tables can have in all: what
// they begin with, and where an instruction may make one grow, all that it may.
func (m *Outline) TableEntries() (entries int64) {
	for _, t := range m.Tables {
		switch {
		case m.tableWrite == "":
			entries += int64(t.Min)
		case t.HasMax:
			entries += int64(max(t.Min, t.Max))
		default:
			entries += int64(^uint32(0))
		}
	}
	return entries
}
