// Package e2e drives the real binary: alone, on bad input, and as a cluster
// around real Redis and MinIO.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit bounds one command of binglide, and one wait for something to happen.
const limit = 3 * time.Minute

// binary is the program under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "binglide-e2e-")
	if err == nil {
		binary = filepath.Join(dir, "binglide")
		err = build()
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: build binglide:", err)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	os.Exit(code)
}

// build makes the binary, with the race detector where there is a C compiler.
func build() error {
	args := []string{"build", "-o", binary, ".."}
	cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	if err == nil && strings.TrimSpace(string(cgo)) == "1" {
		args = slices.Insert(args, 1, "-race")
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// program is binglide with an environment of its own, in which nothing is set
// but what the test sets, and no cache is shared.
type program struct {
	home string
	env  []string
}

func newProgram(t *testing.T, env ...string) *program {
	t.Helper()
	home := t.TempDir()
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + t.TempDir()}
	return &program{home, append(base, env...)}
}

// with returns the program with more variables, the last of a name holding.
func (p *program) with(env ...string) *program {
	return &program{p.home, slices.Concat(p.env, env)}
}

// result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// try runs a command to its end.
func (p *program) try(t *testing.T, stdin io.Reader, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Stdin = p.env, stdin
	return finish(t, ctx, cmd)
}

func finish(t *testing.T, ctx context.Context, cmd *exec.Cmd) result {
	t.Helper()
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	start := time.Now()
	err := cmd.Run()
	r := result{stdout: out.String(), stderr: log.String(), took: time.Since(start)}
	if cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("binglide %q: %v (%v)\n%s", cmd.Args[1:], err, ctx.Err(), r.stderr)
	}
	r.code = cmd.ProcessState.ExitCode()
	checkLog(t, r.stderr)
	return r
}

// run runs a command that must succeed and returns what it printed.
func (p *program) run(t *testing.T, args ...string) string {
	t.Helper()
	r := p.try(t, nil, args...)
	if r.code != 0 {
		t.Fatalf("binglide %q: exit code %d\n%s%s", args, r.code, r.stdout, r.stderr)
	}
	return strings.TrimSpace(r.stdout)
}

// checkLog fails the test if a program said something that no program may say.
func checkLog(t *testing.T, log string) {
	t.Helper()
	for _, bad := range []string{"DATA RACE", "panic:", "goroutine 1 ["} {
		if i := strings.Index(log, bad); i >= 0 {
			t.Errorf("standard error has %q: %s", bad, log[i:min(len(log), i+4000)])
		}
	}
}

// process is a running command.
type process struct {
	name  string
	cmd   *exec.Cmd
	lines chan string // of standard output
	log   *bytes.Buffer
	done  chan struct{}
	err   error
}

// start starts a command, which is killed at the end of the test if it still
// runs then.
func (p *program) start(t *testing.T, args ...string) *process {
	t.Helper()
	s := &process{
		name: strings.Join(args, " "), cmd: exec.Command(binary, args...),
		lines: make(chan string, 1<<16), log: new(bytes.Buffer), done: make(chan struct{}),
	}
	s.cmd.Env, s.cmd.Stderr = p.env, s.log
	s.cmd.Stdout = &lineWriter{to: s.lines}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", s.name, err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.lines)
		close(s.done)
	}()
	t.Cleanup(func() {
		s.kill(t)
		checkLog(t, s.log.String())
		if t.Failed() {
			t.Logf("%s: %v\n%s", s.name, s.err, tail(s.log.String()))
		}
	})
	return s
}

func tail(s string) string { return s[max(0, len(s)-3000):] }

// signal sends a signal and returns the exit code, which must come in time.
func (s *process) signal(t *testing.T, sig os.Signal, within time.Duration) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %s: %v", s.name, err)
	}
	return s.wait(t, within)
}

// wait returns the exit code.
func (s *process) wait(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("%s still runs after %v", s.name, within)
		return -1
	}
}

// kill ends the process as kill -9 does.
func (s *process) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill %s: %v", s.name, err)
	}
	<-s.done
}

// until reads lines until one is wanted; the output must not end before.
func (s *process) until(t *testing.T, want func(report) bool) report {
	t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				<-s.done
				t.Fatalf("%s ended (%v) before what was waited for\n%s", s.name, s.err, s.log)
			}
			if r := parseReport(t, line); want(r) {
				return r
			}
		case <-deadline:
			t.Fatalf("%s: nothing of what was waited for within %v", s.name, limit)
		}
	}
}

// lineWriter passes on whole lines.
type lineWriter struct {
	rest []byte
	to   chan<- string
}

// Write implements [io.Writer].
func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte{'\n'})
		if !found {
			return len(p), nil
		}
		w.to <- string(line)
		w.rest = rest
	}
}

func TestLineWriter(t *testing.T) {
	t.Parallel()
	lines := make(chan string, 8)
	w := &lineWriter{to: lines}
	for _, part := range []string{"a", "b\nc\n\nd", "", "\n", "e"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", part, n, err)
		}
	}
	close(lines)
	var got []string
	for line := range lines {
		got = append(got, line)
	}
	if want := []string{"ab", "c", "", "d"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}
