package conformance

func behaviorCases() []Case { return nil }
