package rewrite

// coldArms is not written yet.
func (p *program) coldArms(*function) {}
