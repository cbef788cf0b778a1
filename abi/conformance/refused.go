package conformance

func refusedCases() []Case { return nil }
