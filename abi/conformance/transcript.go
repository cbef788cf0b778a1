package conformance

import (
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed testdata
var testdata embed.FS

// textFiles lists the files of transcripts.
func textFiles() (names []string) {
	entries, err := testdata.ReadDir("testdata")
	if err != nil {
		panic(err) // transcripts are part of the program
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".txt") {
			names = append(names, e.Name())
		}
	}
	return names
}

// textCases reads testdata.
func textCases() (cases []Case) {
	for _, file := range textFiles() {
		text, err := testdata.ReadFile("testdata/" + file)
		if err != nil {
			panic(err)
		}
		for _, part := range splitCases(string(text)) {
			if strings.HasPrefix(part, "## ") {
				cases = append(cases, textCase(part))
			}
		}
	}
	return cases
}

// splitCases cuts a file before each case; what precedes the first is a part of
// its own.
func splitCases(text string) (parts []string) {
	for {
		next := strings.Index(text[min(1, len(text)):], "\n## ")
		if next < 0 {
			return append(parts, text)
		}
		parts = append(parts, text[:next+2])
		text = text[next+2:]
	}
}

var mustPattern = regexp.MustCompile(`\[(M\d+)\]`)

func textCase(text string) Case {
	title, _, _ := strings.Cut(text, "\n")
	c := Case{Name: strings.Fields(title)[1]}
	for _, m := range mustPattern.FindAllStringSubmatch(title, -1) {
		c.Musts = append(c.Musts, m[1])
	}
	c.check = func(s *Suite) error { return s.transcript(c.Name, text) }
	return c
}

// block is a directive of a transcript and the lines below it.
type block struct {
	directive string
	lines     []string // steps, and what is expected: lines that begin with =
}

// parse cuts a case into its blocks; comments and blank lines belong to none.
func parse(text string) (blocks []block) {
	for n, line := range strings.Split(text, "\n") {
		switch trimmed := strings.TrimSpace(line); {
		case n == 0, trimmed == "", strings.HasPrefix(trimmed, "//"):
		case line[0] == ' ':
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, trimmed)
		default:
			blocks = append(blocks, block{directive: line})
		}
	}
	return blocks
}

// steps are the lines that are not expectations.
func (b *block) steps() (steps []string) {
	for _, line := range b.lines {
		if !strings.HasPrefix(line, "=") {
			steps = append(steps, line)
		}
	}
	return steps
}

// play is one run of a transcript.
type play struct {
	suite    *Suite
	compiler *compiler
	app      App
	own      bool // the app is this case's alone
	guest    guestOptions
	config   Config
	failures []string
	written  strings.Builder
}

func (s *Suite) transcript(name, text string) (err error) {
	p := &play{suite: s, compiler: newCompiler(name + "/"), config: standard()}
	title, _, _ := strings.Cut(text, "\n")
	p.written.WriteString(title + "\n")
	defer func() {
		if p.own && p.app != nil {
			err = errors.Join(err, p.app.Close())
		}
	}()
	for _, b := range parse(text) {
		actual, err := p.block(&b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.directive, err)
		}
		p.compare(&b, actual)
	}
	s.written[name] = keepComments(text, p.written.String())
	if p.failures != nil {
		return errors.New(strings.Join(p.failures, "\n"))
	}
	return nil
}

// block does what a block says and returns what its lines should be.
func (p *play) block(b *block) ([]string, error) {
	words := strings.Fields(b.directive)
	switch words[0] {
	case "cell":
		size, err := strconv.ParseUint(words[2], 0, 32)
		p.compiler.cells[words[1]] = p.compiler.alloc(uint32(size))
		return b.lines, err
	case "limits", "without":
		p.own = true
		return b.lines, p.configure(words)
	case "restart":
		app, err := p.use()
		if err != nil {
			return nil, err
		}
		_, err = inTime(func() ([]byte, error) { return nil, app.Restart() })
		if errors.Is(err, errHangs) {
			p.suite.forget(app)
			p.app, p.own = nil, false
		}
		return nil, err
	}
	program, err := p.compiler.compile(b.steps())
	if err != nil {
		return nil, err
	}
	switch words[0] {
	case "script":
		p.compiler.programs[words[1]] = program
		return b.lines, nil
	case "start", "prepare":
		p.own = true
		p.compiler.programs[words[0]] = program
		if words[0] == "start" {
			p.guest.start = append(program.code, scriptEnd)
		} else {
			p.guest.prepare = append(program.code, scriptEnd)
		}
		return b.lines, nil
	case "parallel":
		return p.parallel(words, program, b)
	case "eventually":
		return p.eventually(words[1:], program, b)
	case "call", "worker":
		return p.run(words, program)
	}
	return nil, errors.New("no such directive")
}

// configure reads limits cpu=1s memory=1000, and without background.
func (p *play) configure(words []string) (err error) {
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "cpu":
			p.config.CPULimit, err = time.ParseDuration(value)
		case "memory":
			p.config.MemoryLimit, err = strconv.ParseUint(value, 0, 64)
		case "background":
			p.guest.noBackground = true
		default:
			err = fmt.Errorf("no option %s", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// use returns the app to ask.
func (p *play) use() (App, error) {
	if p.app != nil {
		return p.app, nil
	}
	var err error
	if p.own {
		p.app, err = p.suite.host.Load(newGuest(p.guest).encode(), p.config)
	} else {
		p.app, err = p.suite.shared()
	}
	return p.app, err
}

// send has a program run by an object or the Worker.
func (p *play) send(words []string, program *program) ([]byte, error) {
	app, err := p.use()
	if err != nil {
		return nil, err
	}
	answer, err := inTime(func() ([]byte, error) {
		if words[0] == "worker" {
			return app.Fetch([]byte(program.text()))
		}
		binding, name, found := strings.Cut(words[1], "/")
		if !found {
			binding, name = "RAW", words[1]
		}
		return app.Call(binding, p.compiler.prefix+name, "run", []byte(program.text()))
	})
	if errors.Is(err, errHangs) {
		p.suite.forget(app)
		p.app, p.own = nil, false
	}
	return answer, err
}

// run is send, in words.
func (p *play) run(words []string, program *program) ([]string, error) {
	answer, err := p.send(words, program)
	var told *Error
	if errors.As(err, &told) || err != nil && words[0] == "worker" && !errors.Is(err, errHangs) {
		text := "= failed"
		if told != nil {
			text = "= error " + told.Error()
		}
		return append(program.lines(), text), nil
	}
	if err != nil {
		return nil, err
	}
	trace, decodeErr := hex.DecodeString(strings.Trim(string(answer), `"`))
	if decodeErr != nil || len(answer) < 2 || answer[0] != '"' {
		return append(program.lines(), "= answered "+quote(answer)), nil
	}
	return program.read(trace), nil
}

func (p *program) lines() (lines []string) {
	for _, s := range p.steps {
		lines = append(lines, s.line)
	}
	return lines
}

// parallel runs a program several times at once. What the first said that
// differs from what is expected counts for all.
func (p *play) parallel(words []string, program *program, b *block) ([]string, error) {
	n, err := strconv.Atoi(words[1])
	if err != nil {
		return nil, err
	}
	if _, err := p.use(); err != nil {
		return nil, err
	}
	type answer struct {
		lines []string
		err   error
	}
	done := make(chan answer, n)
	for range n {
		go func() { lines, err := p.run(words[2:], program); done <- answer{lines, err} }()
	}
	actual := b.lines
	for range n {
		a := <-done
		if a.err != nil {
			err = a.err
		} else if !matchLines(b.lines, a.lines) {
			actual = a.lines
		}
	}
	return actual, err
}

// eventually runs a program until it says what is expected, or until the host has
// done all that it does by itself, if somebody knows when that is.
func (p *play) eventually(words []string, program *program, b *block) ([]string, error) {
	if p.suite.Settle == nil {
		return p.poll(words, program, b)
	}
	actual, err := p.run(words, program)
	if err != nil || matchLines(b.lines, actual) {
		return actual, err
	}
	app, err := p.use()
	if err == nil {
		err = p.suite.Settle(app)
	}
	if err != nil {
		return nil, err
	}
	return p.run(words, program)
}

// poll runs a program until it says what is expected, or for so long that it never will.
func (p *play) poll(words []string, program *program, b *block) ([]string, error) {
	for end := time.Now().Add(patience / 6); ; time.Sleep(5 * time.Millisecond) {
		actual, err := p.run(words, program)
		if err != nil || matchLines(b.lines, actual) || time.Now().After(end) {
			return actual, err
		}
	}
}

// compare notes where a block went another way than expected.
func (p *play) compare(b *block, actual []string) {
	p.written.WriteString(b.directive + "\n")
	if matchLines(b.lines, actual) {
		actual = b.lines
	} else {
		p.failures = append(p.failures, "  "+b.directive)
		p.failures = append(p.failures, difference(b.lines, actual)...)
	}
	for _, line := range actual {
		p.written.WriteString("    " + line + "\n")
	}
}

func matchLines(want, got []string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !match(want[i], got[i]) {
			return false
		}
	}
	return true
}

// match compares a line with one in which … stands for anything.
func match(want, got string) bool {
	parts := strings.Split(want, "…")
	if len(parts) == 1 {
		return want == got
	}
	if !strings.HasPrefix(got, parts[0]) {
		return false
	}
	got = got[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(got, part)
		if at < 0 {
			return false
		}
		got = got[at+len(part):]
	}
	return strings.HasSuffix(got, parts[len(parts)-1])
}

// difference shows both sides of the lines that differ.
func difference(want, got []string) (lines []string) {
	for w, g := 0, 0; w < len(want) || g < len(got); {
		switch {
		case w < len(want) && g < len(got) && match(want[w], got[g]):
			lines = append(lines, "      "+got[g])
			w, g = w+1, g+1
		case w < len(want) && (g >= len(got) || strings.HasPrefix(want[w], "=")):
			lines = append(lines, "    - "+want[w])
			w++
		default:
			lines = append(lines, "    + "+got[g])
			g++
		}
	}
	return lines
}

// keepComments puts the comments and blank lines of a case's old text before
// the lines of its new text that they preceded.
func keepComments(old, text string) string {
	var out strings.Builder
	fresh := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	expected := func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "=") }
	n := 0
	flush := func() {
		for n < len(fresh) && expected(fresh[n]) {
			out.WriteString(fresh[n] + "\n")
			n++
		}
	}
	for line := range strings.Lines(old) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "", strings.HasPrefix(trimmed, "//"):
			flush()
			out.WriteString(line)
		case expected(line):
		default:
			flush()
			if n < len(fresh) {
				out.WriteString(fresh[n] + "\n")
				n++
			}
		}
	}
	flush()
	return out.String()
}
