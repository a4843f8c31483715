package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const all = "--analysis=bytes,digram,stats,words"

// TestRun_AnyChunking tells the story of the README: whatever the chunk size
// and the number of workers, the result folder is the same.
func TestRun_AnyChunking(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) string{
		"elf":    func(t *testing.T) string { return writeFile(t, "a.elf", readFile(t, binary)[:20<<20]) },
		"image":  func(t *testing.T) string { return writeFile(t, "a.png", picture(t)) },
		"text":   func(t *testing.T) string { return writeFile(t, "a.txt", prose(3<<20)) },
		"sparse": func(t *testing.T) string { return sparse(t, 256<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, file, dir := newProgram(t), make(t), t.TempDir()
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			p.run(t, "run", all, "--out", a, file)
			p.run(t, "run", all, "--chunk", "1MiB", "--workers", "1", "--no-cache", "--out", b, file)
			checkEqual(t, a, b)
			if name != "sparse" {
				checkOracle(t, a, readFile(t, file), 0)
			}
		})
	}
}

func TestRun_AnsweredFromCache(t *testing.T) {
	t.Parallel()
	p, file, dir := newProgram(t), writeFile(t, "a.bin", noise(1, 300_000)), t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if out := p.run(t, "run", all, "--chunk=64KiB", "--out", a, file); strings.Contains(out, "answered from cache") {
		t.Errorf("the first run says it was answered from cache:\n%s", out)
	}
	if j := readJob(t, a); j.ChunksTotal != 5 || j.ChunksMapped != 5 {
		t.Errorf("first run: %d of %d chunks mapped, want 5 of 5", j.ChunksMapped, j.ChunksTotal)
	}
	out := p.run(t, "run", all, "--chunk=64KiB", "--out", b, file)
	if !strings.Contains(out, "answered from cache") {
		t.Errorf("the second run does not say that it was answered from cache:\n%s", out)
	}
	if j := readJob(t, b); j.ChunksTotal != 5 || j.ChunksMapped != 0 {
		t.Errorf("second run: %d of %d chunks mapped, want 0 of 5", j.ChunksMapped, j.ChunksTotal)
	}
	checkEqual(t, a, b)
}

func TestRun_NoCacheKeepsNothing(t *testing.T) {
	t.Parallel()
	p, file, out := newProgram(t), writeFile(t, "a.bin", noise(2, 100_000)), filepath.Join(t.TempDir(), "out")
	for range 2 {
		p.run(t, "run", "--no-cache", "--out", out, file)
		if j := readJob(t, out); j.ChunksMapped != 1 {
			t.Errorf("%d chunks mapped, want 1", j.ChunksMapped)
		}
	}
	if kept := filesUnder(t, p.home, ""); len(kept) > 0 {
		t.Errorf("kept %q", kept)
	}
}

func TestRun_Pipe(t *testing.T) {
	t.Parallel()
	data := prose(200_000)
	p, dir := newProgram(t), t.TempDir()
	out := filepath.Join(dir, "out")
	// A reader that is no file reaches the process as a pipe.
	r := p.try(t, struct{ *bytes.Reader }{bytes.NewReader(data)}, "run", all, "--chunk=64KiB", "--out", out, "-")
	if r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	checkOracle(t, out, data, 0)
}

func TestRun_JSON(t *testing.T) {
	t.Parallel()
	p, file, out := newProgram(t), writeFile(t, "a.bin", noise(3, 100_000)), filepath.Join(t.TempDir(), "out")
	lines := parseReports(t, p.run(t, "run", all, "--json", "--out", out, file))
	for i, line := range lines {
		if last := i == len(lines)-1; line.Final != last || (line.Results != nil) != last || line.Input != "a.bin" {
			t.Errorf("line %d of %d: %+v", i+1, len(lines), line)
		}
	}
	results := lines[len(lines)-1].Results
	for _, name := range []string{"bytes", "stats"} {
		var want bytes.Buffer
		if err := json.Compact(&want, readFile(t, filepath.Join(out, name+".json"))); err != nil {
			t.Fatal(err)
		}
		if got := string(results[name]); got != strings.TrimSpace(want.String()) {
			t.Errorf("results of %s: %s, want %s", name, got, want.String())
		}
	}
}

func TestRun_Region(t *testing.T) {
	t.Parallel()
	data := append(prose(150_000), noise(4, 150_000)...)
	for _, r := range []struct {
		offset, length int
		args           []string
	}{
		{0, 300_000, nil},
		{1, 70_001, []string{"--offset=1", "--length=70001"}},
		{65536, 131072, []string{"--offset=0x10000", "--length=128KiB"}},
		{4097, 295_903, []string{"--offset=4097"}},
		{149_999, 3, []string{"--offset=149999", "--length=3"}},
		{300_000, 0, []string{"--offset=300000"}},
	} {
		t.Run(fmt.Sprintf("%d+%d", r.offset, r.length), func(t *testing.T) {
			t.Parallel()
			p, dir := newProgram(t), t.TempDir()
			part, alone := filepath.Join(dir, "part"), filepath.Join(dir, "alone")
			want := data[r.offset : r.offset+r.length]
			p.run(t, append([]string{"run", all, "--chunk=64KiB", "--out", part, writeFile(t, "a", data)}, r.args...)...)
			p.run(t, "run", all, "--out", alone, writeFile(t, "a", want))
			checkOracle(t, part, want, r.offset)
			x, y := readFolder(t, part), readFolder(t, alone)
			for _, name := range []string{"bytes.json", "digram.csv", "stats.json", "words.tsv"} {
				if !bytes.Equal(x[name], y[name]) {
					t.Errorf("%s differs from that of a file with just those bytes: %s", name, firstDifference(string(x[name]), string(y[name])))
				}
			}
		})
	}
}

func TestRun_Sizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 16<<20 - 1, 16 << 20, 16<<20 + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			data := noise(5, size)
			p, file, dir := newProgram(t), writeFile(t, "a", data), t.TempDir()
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			p.run(t, "run", "--out", a, file)
			p.run(t, "run", "--chunk=1MiB", "--out", b, file)
			checkEqual(t, a, b)
			checkOracle(t, a, data, 0)
		})
	}
}

func TestRun_SeveralFiles(t *testing.T) {
	t.Parallel()
	p, out := newProgram(t), filepath.Join(t.TempDir(), "out")
	x, y := noise(6, 10_000), noise(7, 5_000)
	p.run(t, "run", "--out", out, writeFile(t, "x.bin", x), writeFile(t, "y.bin", y), writeFile(t, "x.bin", y))
	checkOracle(t, filepath.Join(out, "x.bin"), x, 0)
	checkOracle(t, filepath.Join(out, "y.bin"), y, 0)
	checkOracle(t, filepath.Join(out, "x.bin.2"), y, 0)
}

// TestRun_Interrupted interrupts a run in the middle, and goes on.
func TestRun_Interrupted(t *testing.T) {
	t.Parallel()
	p, file, dir := newProgram(t), sparse(t, 16<<20), t.TempDir()
	out, fresh := filepath.Join(dir, "out"), filepath.Join(dir, "fresh")
	args := []string{"run", "--json", "--chunk=64KiB", "--out", out, file}
	s := p.start(t, args...)
	s.until(t, func(r report) bool { return r.Progress.Done > 8 && !r.Final })
	start := time.Now()
	code := s.signal(t, syscall.SIGINT, limit)
	if took := time.Since(start); code != 130 || took > 2*time.Second {
		t.Errorf("exit code %d after %v, want 130 within 2 s", code, took)
	}
	if log := s.log.String(); !strings.Contains(log, "run the same command again") {
		t.Errorf("standard error does not say how to go on: %q", log)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("an interrupted run left a result folder")
	}
	p.run(t, args...)
	if j := readJob(t, out); j.ChunksMapped == 0 || j.ChunksMapped >= j.ChunksTotal {
		t.Errorf("the same command mapped %d of %d chunks, want some", j.ChunksMapped, j.ChunksTotal)
	}
	p.run(t, "run", "--no-cache", "--out", fresh, file)
	checkEqual(t, out, fresh)
}
