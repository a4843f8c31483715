package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binglide/binglide/internal/testenv"
)

// nowhere is a port of loopback that nobody listens on.
const nowhere = "127.0.0.1:1"

// mishap is a command that must fail in a way that helps.
type mishap struct {
	name string
	args []string
	code int
	says []string // on standard error
}

func (m mishap) check(t *testing.T, p *program) {
	t.Helper()
	r := p.try(t, nil, m.args...)
	m.judge(t, r)
}

func (m mishap) judge(t *testing.T, r result) {
	t.Helper()
	if r.code != m.code {
		t.Errorf("exit code %d, want %d: %s", r.code, m.code, r.stderr)
	}
	if r.stdout != "" {
		t.Errorf("standard output has %q", r.stdout)
	}
	for _, part := range m.says {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("standard error lacks %q: %s", part, r.stderr)
		}
	}
	if !strings.HasPrefix(r.stderr, "binglide: ") || strings.Count(r.stderr, "\n") > 3 {
		t.Errorf("standard error is no short message: %s", r.stderr)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "a.bin", noise(1, 5000))
	dir, missing := filepath.Dir(file), filepath.Join(filepath.Dir(file), "no.bin")
	for _, m := range []mishap{
		{"missing", []string{"run", missing}, 3, []string{missing}},
		{"missing after a good one", []string{"run", file, missing}, 3, []string{missing}},
		{"below a file", []string{"run", file + "/x"}, 2, []string{file + "/x"}},
		{"directory", []string{"run", dir}, 2, []string{dir, "directory", "file"}},
		{"endless device", []string{"run", "/dev/zero"}, 2, []string{"/dev/zero", "--length"}},
		{"no file", []string{"run"}, 2, []string{"no file"}},
		{"unknown analysis", []string{"run", "--analysis=bytes,entropie", file}, 2, []string{`"entropie"`, "bytes", "digram", "stats", "words"}},
		{"size without sense", []string{"run", "--length=12parsec", file}, 2, []string{"--length", "12parsec"}},
		{"chunk of no level", []string{"run", "--chunk=5MiB", file}, 2, []string{"64KiB", "1MiB", "16MiB", "256MiB"}},
		{"negative offset", []string{"run", "--offset=-1", file}, 2, []string{"--offset", "negative"}},
		{"overflowing offset", []string{"run", "--offset=0xFFFFFFFFFFFFFFFF", file}, 2, []string{"--offset", "too large"}},
		{"overflowing length", []string{"run", "--length=9223372036854775808", file}, 2, []string{"--length", "too large"}},
		{"offset and length overflow together", []string{"run", "--offset=4999", "--length=1024P", file}, 2, []string{"beyond the end", "5000"}},
		{"offset beyond the end", []string{"run", "--offset=5001", file}, 2, []string{"beyond the end", "5000"}},
		{"length beyond the end", []string{"run", "--length=5001", file}, 2, []string{"beyond the end", "5000"}},
		{"workers", []string{"run", "--workers=0", file}, 2, []string{"--workers"}},
		{"unknown flag", []string{"run", "--fast", file}, 2, []string{"--fast"}},
		{"unknown command", []string{"analyse", file}, 2, []string{"analyse", "run"}},
		{"unknown job", []string{"get", "aaaabbbbccccdddd"}, 3, []string{"aaaabbbbccccdddd", "not found"}},
		{"job to verify", []string{"verify", "aaaabbbbccccdddd"}, 3, []string{"aaaabbbbccccdddd", "not found"}},
		{"no job id", []string{"get", "7"}, 2, []string{`"7"`, "binglide ls"}},
		{"out is a file", []string{"run", "--out", file, file}, 2, []string{file}},
		{"store scheme", []string{"run", "--store=ftp://x/y", file}, 2, []string{"ftp", "file:///", "s3://"}},
		{"no redis", []string{"submit", file}, 2, []string{"--redis", "BINGLIDE_REDIS"}},
		{"password in argv", []string{"submit", "--redis=redis://:hush@" + nowhere, file}, 2, []string{"BINGLIDE_REDIS_PASSWORD"}},
		{"secret in argv", []string{"submit", "--redis=redis://" + nowhere, "--store=s3://a:hush@b/c", file}, 2, []string{"AWS_SECRET_ACCESS_KEY"}},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := newProgram(t).try(t, nil, m.args...)
			m.judge(t, r)
			if strings.Contains(r.stderr, "hush") {
				t.Errorf("a secret is repeated: %s", r.stderr)
			}
		})
	}
}

// TestUnreachable requires an error in bounded time that names the address.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "a.bin", noise(1, 5000))
	silent := silentAddr(t)
	s3 := func(addr string) string { return "s3://bucket/x?endpoint=http://" + addr }
	for _, m := range []mishap{
		{"redis refuses", []string{"submit", "--redis=redis://" + nowhere, file}, 1, []string{nowhere}},
		{"redis is silent", []string{"submit", "--redis=redis://" + silent, file}, 1, []string{silent}},
		{"redis has no such name", []string{"submit", "--redis=redis://redis.invalid:6379", file}, 1, []string{"redis.invalid:6379"}},
		{"store refuses", []string{"run", "--store=" + s3(nowhere), file}, 1, []string{nowhere}},
		{"store is silent", []string{"run", "--store=" + s3(silent), file}, 1, []string{silent}},
		{"store has no such name", []string{"run", "--store=" + s3("minio.invalid:9000"), file}, 1, []string{"minio.invalid:9000"}},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := newProgram(t, "AWS_ACCESS_KEY_ID=who", "AWS_SECRET_ACCESS_KEY=hush").try(t, nil, m.args...)
			m.judge(t, r)
			if r.took > 15*time.Second {
				t.Errorf("said so after %v, want at most 15 s", r.took)
			}
		})
	}
}

// silentAddr returns the address of a server that accepts and never answers.
func silentAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	store := "--store=s3://e2e-denied?endpoint=" + testenv.Need(t, testenv.EnvS3)
	p := newProgram(t, "AWS_ACCESS_KEY_ID="+testenv.AccessKey, "AWS_SECRET_ACCESS_KEY=hush-hush-hush")
	r := p.try(t, nil, "run", store, writeFile(t, "a.bin", noise(1, 5000)))
	mishap{code: 1, says: []string{"credentials", "AWS_SECRET_ACCESS_KEY"}}.judge(t, r)
	if strings.Contains(r.stderr, "hush") {
		t.Errorf("a secret is repeated: %s", r.stderr)
	}
}

func TestDevice_WithLength(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	newProgram(t).run(t, "run", "--length=70000", "--chunk=64KiB", "--out", out, "/dev/zero")
	checkOracle(t, out, make([]byte, 70_000), 0)
}

func TestFIFO(t *testing.T) {
	t.Parallel()
	p, dir, data := newProgram(t), t.TempDir(), noise(9, 200_000)
	fifo, out := filepath.Join(dir, "fifo"), filepath.Join(dir, "out")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s := p.start(t, "run", "--chunk=64KiB", "--out", out, fifo)
	feed(t, fifo, data)
	if code := s.wait(t, limit); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.log)
	}
	checkOracle(t, out, data, 0)
}

// feed writes data to a FIFO once someone reads it.
func feed(t *testing.T, fifo string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
}

// TestFIFO_Interrupted interrupts the wait for a writer, and for its bytes.
func TestFIFO_Interrupted(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T, fifo string){
		"no writer":     func(*testing.T, string) {},
		"silent writer": openWriter,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			s := newProgram(t).start(t, "run", "--json", writeFile(t, "a.bin", noise(1, 5000)), fifo)
			s.until(t, func(r report) bool { return r.Final }) // the FIFO comes next
			open(t, fifo)
			start := time.Now()
			code := s.signal(t, syscall.SIGINT, limit)
			if took := time.Since(start); code != 130 || took > 2*time.Second {
				t.Errorf("exit code %d after %v, want 130 within 2 s", code, took)
			}
		})
	}
}

// openWriter returns when a reader has the FIFO open, and writes nothing.
func openWriter(t *testing.T, fifo string) {
	t.Helper()
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
}

// TestInputChanges writes to the input in the middle of the run.
func TestInputChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"grows":   func(path string) error { return os.Truncate(path, 40<<20) },
		"shrinks": func(path string) error { return os.Truncate(path, 1<<20) },
		"edited":  func(path string) error { return edit(path, 31<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, out := sparse(t, 32<<20), filepath.Join(t.TempDir(), "out")
			s := newProgram(t).start(t, "run", "--json", "--chunk=64KiB", "--out", out, file)
			s.until(t, func(r report) bool { return r.Progress.Done > 0 && !r.Final })
			if err := change(file); err != nil {
				t.Fatal(err)
			}
			if code := s.wait(t, limit); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if log := s.log.String(); !strings.Contains(log, "input changed") || !strings.Contains(log, "run again once nothing writes to it") {
				t.Errorf("standard error does not say what happened: %s", log)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("there is a result folder")
			}
		})
	}
}

func edit(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte{1}, at)
	return err
}

// TestDiskFull runs binglide on a store of 256 KiB, a file system that only it
// sees, and then with room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	p, file, mount := newProgram(t), writeFile(t, "a.bin", noise(1, 1<<20)), t.TempDir()
	script := fmt.Sprintf(`mount --make-rprivate / || exit 99
mount -t tmpfs -o size=256k none %q || exit 99
%q run --chunk=64KiB --store=file://%s %q >/dev/null; code=$?
mount -o remount,size=64m %q || exit 99
%[2]q run --chunk=64KiB --store=file://%[3]s %[4]q || exit 98
exit $code`, mount, binary, mount, file, mount)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Env, cmd.SysProcAttr = p.env, ownMounts()
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	_ = cmd.Run() // its code is looked at
	mishap{code: 1, says: []string{"make room", "finished work is kept"}}.judge(t, result{code: cmd.ProcessState.ExitCode(), stderr: log.String()})
	if !strings.Contains(out.String(), "others from cache") {
		t.Errorf("with room, nothing of the first run is used: %s", out.String())
	}
}
