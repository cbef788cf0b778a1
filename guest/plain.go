package guest

// Most methods take and return a number, a string or nothing. Their functions
// have types that can be written down, func(T, ...int64) (int64, error) for
// one, so they are found by a type assertion while init runs and called without
// reflection later. Asserting the method's function instead of a method value
// also means that an object needs nothing bound when it comes to memory.

// plainMethod returns an invoker for a method function of T, or nil when its
// signature is not plain.
func plainMethod[T any](fn any) invoker {
	for _, try := range [...]func(any) invoker{
		plainErrors[T],
		plainResults[T, int64],
		plainResults[T, int],
		plainResults[T, string],
		plainResults[T, bool],
		plainResults[T, float64],
	} {
		if invoke := try(fn); invoke != nil {
			return invoke
		}
	}
	return nil
}

// plainErrors is plainMethod for methods that return an error or nothing.
func plainErrors[T any](fn any) invoker {
	switch f := fn.(type) {
	case func(T):
		return func(_ *method, recv any, _ *call) error { f(recv.(T)); return nil }
	case func(T) error:
		return func(_ *method, recv any, _ *call) error { return f(recv.(T)) }
	case func(T, string) error:
		return func(m *method, recv any, c *call) error {
			a, err := argument[string](m, c, 0)
			if err != nil {
				return err
			}
			return f(recv.(T), a)
		}
	case func(T, int64) error:
		return func(m *method, recv any, c *call) error {
			a, err := argument[int64](m, c, 0)
			if err != nil {
				return err
			}
			return f(recv.(T), a)
		}
	}
	return nil
}

// plainResults is plainMethod for methods that return an R.
func plainResults[T, R any](fn any) invoker {
	switch f := fn.(type) {
	case func(T) R:
		return func(_ *method, recv any, c *call) error { return result(c, f(recv.(T)), nil) }
	case func(T) (R, error):
		return func(_ *method, recv any, c *call) error {
			r, err := f(recv.(T))
			return result(c, r, err)
		}
	}
	for _, try := range [...]func(any) invoker{
		plainArgument[T, int64, R],
		plainArgument[T, int, R],
		plainArgument[T, string, R],
		plainArgument[T, bool, R],
		plainArgument[T, float64, R],
	} {
		if invoke := try(fn); invoke != nil {
			return invoke
		}
	}
	return nil
}

// plainArgument is plainMethod for methods that take an A, or any number of
// them, and return an R.
func plainArgument[T, A, R any](fn any) invoker {
	switch f := fn.(type) {
	case func(T, A) R:
		return plainArgument[T, A, R](func(t T, a A) (R, error) { return f(t, a), nil })
	case func(T, A) (R, error):
		return func(m *method, recv any, c *call) error {
			a, err := argument[A](m, c, 0)
			if err != nil {
				return err
			}
			r, err := f(recv.(T), a)
			return result(c, r, err)
		}
	case func(T, ...A) R:
		return plainArgument[T, A, R](func(t T, a ...A) (R, error) { return f(t, a...), nil })
	case func(T, ...A) (R, error):
		return func(m *method, recv any, c *call) error {
			var list []A // not reused: the method may keep it
			for i := range c.args {
				a, err := argument[A](m, c, i)
				if err != nil {
					return err
				}
				list = append(list, a)
			}
			r, err := f(recv.(T), list...)
			return result(c, r, err)
		}
	}
	return nil
}

// argument decodes an argument.
func argument[A any](m *method, c *call, i int) (a A, err error) {
	if decodePlain(c.args[i], &a) {
		return a, nil
	}
	slow := new(A) // a itself stays off the heap
	if decode(c.args[i], slow) != nil {
		return a, m.wrongType(i)
	}
	return *slow, nil
}

// result encodes what a method returned, unless it failed. Only what is not
// plain becomes an interface on the heap.
func result[R any](c *call, r R, err error) error {
	if err != nil {
		return err
	}
	var plain bool
	if c.out, plain = encodePlain(c.out, r); !plain {
		c.out, err = encode(c.out, r)
	}
	return err
}
