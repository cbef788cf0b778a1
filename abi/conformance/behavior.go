package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// behaviorCases are what takes several objects at a time.
func behaviorCases() []Case {
	return []Case{
		{"activation/many", []string{"M28", "M30", "M50"}, manyActivations},
		{"activation/parallel", []string{"M33", "M44"}, parallelActivations},
		{"reset/in_flight", []string{"M101"}, resetInFlight},
	}
}

// answer runs lines in an object and returns what they say.
func (p *play) answer(name string, lines ...string) (string, error) {
	program, err := p.compiler.compile(lines)
	if err != nil {
		return "", err
	}
	said, err := p.run([]string{"call", name}, program)
	var results []string
	for _, line := range said {
		if strings.HasPrefix(line, "= ") {
			results = append(results, line[2:])
		}
	}
	return strings.Join(results, ", "), err
}

func (s *Suite) play(name string) *play {
	return &play{suite: s, compiler: newCompiler(name + "/"), config: standard()}
}

// manyActivations fills the memory of more objects than a host might keep
// instances for, and wants each to find its own, or none.
func manyActivations(s *Suite) error {
	const objects = 40
	p := s.play("activation/many")
	p.compiler.cells["x"] = p.compiler.alloc(8)
	for i := range objects {
		got, err := p.answer(fmt.Sprint(i), "global", "peek @x 4", "size",
			fmt.Sprintf("set %d", i+1), fmt.Sprintf("word @x %d", 0x41414130+i),
			fmt.Sprintf("grow %d", i%4),
			fmt.Sprintf("storage_put \"k\" \"%d\" 0", i))
		want := fmt.Sprintf(`0, "\x00\x00\x00\x00", %d, %[1]d, OK`, minPages)
		if err != nil || got != want {
			return fmt.Errorf("object %d began with %s, %v; want %s", i, got, err, want)
		}
	}
	for round := range 2 {
		for i := range objects {
			got, err := p.answer(fmt.Sprint(i), "global", "peek @x 4", "size",
				"storage_get \"k\" buf:4 len")
			stored := fmt.Sprintf("OK buf=\"%d\" len=%d", i, len(fmt.Sprint(i)))
			kept := fmt.Sprintf(`%d, "%cAAA", %d, %s`, i+1, '0'+i, minPages+i%4, stored)
			forgotten := fmt.Sprintf(`0, "\x00\x00\x00\x00", %d, %s`, minPages, stored)
			if err != nil || got != kept && got != forgotten {
				return fmt.Errorf("round %d, object %d has %s, %v; want %s",
					round, i, got, err, kept)
			}
		}
	}
	return nil
}

// parallelActivations calls several objects at once, many times, and wants no
// increment to be lost, in memory or in storage.
func parallelActivations(s *Suite) error {
	const objects, callers, calls = 6, 4, 5
	p := s.play("activation/parallel")
	p.compiler.cells["n"] = p.compiler.alloc(4)
	increment, err := p.compiler.compile([]string{
		"storage_get \"n\" @n 4 len", "add @n 1", "storage_put \"n\" @n 4 0",
		"stub_call \"RAW\" 0 obj:shared \"run\" \"[]\" buf:64 len",
	})
	if err != nil {
		return err
	}
	if _, err := p.use(); err != nil {
		return err
	}
	failures := make(chan error, objects*callers)
	var wg sync.WaitGroup
	for i := range objects * callers {
		wg.Go(func() {
			for range calls {
				if _, err := p.send([]string{"call", fmt.Sprint(i % objects)},
					increment); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	for i := range objects {
		got, err := p.answer(fmt.Sprint(i), "storage_get \"n\" buf:4 len", "peek @n 1")
		want := fmt.Sprintf(`OK buf="\x%02x\x00\x00\x00" len=4`, callers*calls)
		if err != nil || !strings.HasPrefix(got, want) {
			return fmt.Errorf("object %d counted %s, %v; want %s", i, got, err, want)
		}
	}
	return nil
}

// resetInFlight lets calls wait for an object that resets itself, and wants each of
// them to fail with the reset's error, or to have been sent after it, in the fresh
// activation. They are sent when the object has said that it runs, and it then sleeps:
// who comes meanwhile waits. How long a host takes to let calls in is its own affair,
// so that it sleeps longer from round to round, until one has seen a call wait; a host
// that lets none fail never has one.
func resetInFlight(s *Suite) error {
	p := s.play("reset/in_flight")
	for name, size := range map[string]uint32{"n": 4, "subscription": 48, "event": 32} {
		p.compiler.cells[name] = p.compiler.alloc(size)
	}
	if _, err := p.use(); err != nil {
		return err
	}
	const shortest, longest = 20 * time.Millisecond, 2 * time.Second
	for sleep := shortest; sleep < longest; sleep *= 4 {
		if waited, err := resetRound(p, sleep); waited || err != nil {
			return err
		}
	}
	return fmt.Errorf("none of the calls failed with the reset that they waited for for up to %v",
		longest)
}

// resetRound has an object sleep and reset itself, and sends it calls while it sleeps.
// It reports whether the reset has failed any.
func resetRound(p *play, sleep time.Duration) (waited bool, err error) {
	const callers = 6
	running, err := p.compiler.compile([]string{fmt.Sprintf("set %d", sleep)})
	if err != nil {
		return false, err
	}
	p.compiler.programs["running"] = running
	reset, err := p.compiler.compile([]string{"set 7",
		"stub_call \"RAW\" 0 obj:seen \"run\" script:running buf:64 len",
		"word @subscription+16 1", fmt.Sprintf("word @subscription+24 %d", sleep), // monotonic, ns
		"poll_oneoff @subscription @event 1 len", "object_abort \"in flight\""})
	if err != nil {
		return false, err
	}
	waits, err := p.compiler.compile([]string{"global", "storage_get \"n\" @n 4 len",
		"add @n 1", "storage_put \"n\" @n 4 0"})
	if err != nil {
		return false, err
	}
	seen, err := p.compiler.compile([]string{"global"})
	if err != nil {
		return false, err
	}
	failed := make([]bool, callers)
	errs := make([]error, callers+1)
	var wg sync.WaitGroup
	wg.Go(func() {
		if said, err := p.run([]string{"call", "doomed"}, reset); err != nil || !isReset(said) {
			errs[callers] = fmt.Errorf("object_abort answered %q, %v", said, err)
		}
	})
	want := block{lines: []string{"global", fmt.Sprintf("= %d", sleep)}}
	said, err := p.poll([]string{"call", "seen"}, seen, &want)
	if err == nil && !matchLines(want.lines, said) {
		err = fmt.Errorf("a call from an object left %q", said)
	}
	for i := range callers {
		wg.Go(func() {
			said, err := p.run([]string{"call", "doomed"}, waits)
			if failed[i] = err == nil && isReset(said); err != nil ||
				!failed[i] && !strings.Contains(strings.Join(said, " "), "= 0") {
				errs[i] = fmt.Errorf("a call beside a reset answered %q, %v", said, err)
			}
		})
	}
	wg.Wait()
	return slices.Contains(failed, true), errors.Join(append(errs, err)...)
}

// isReset reports whether a call failed as resetInFlight's object ends.
func isReset(said []string) bool {
	last := said[len(said)-1]
	return strings.HasPrefix(last, "= error ") && strings.Contains(last, "reset") &&
		strings.Contains(last, "in flight")
}
