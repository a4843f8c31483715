package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/internal/report"
	"github.com/binglide/binglide/job"
)

func write(t *testing.T, s *source, dir string, level int) report.Result {
	t.Helper()
	res, err := report.Write(t.Context(), dir, s.spec, s, report.Options{Level: level})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// read returns the files of a folder by name, and fails on other entries.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

// regions of an input that three levels of chunks cut.
const inputSize = 1<<20 + 200_077

var regions = map[string]job.Range{
	"whole":    {Offset: 0, Length: inputSize},
	"inner":    {Offset: 70_000, Length: 1_100_001},
	"one cell": {Offset: 8192, Length: 4096},
	"one byte": {Offset: 1 << 20, Length: 1},
	"border":   {Offset: 1<<20 - 1, Length: 2},
	"empty":    {Offset: 1 << 20, Length: 0},
}

func TestWrite_AnyChunkSize(t *testing.T) {
	t.Parallel()
	for name, r := range regions {
		for level := range (job.Tree{Region: r}).Height() + 1 {
			t.Run(fmt.Sprintf("%s/%d", name, level), func(t *testing.T) {
				t.Parallel()
				var want map[string]string
				for chunk := 1; chunk <= 3; chunk++ {
					s := newSource(inputSize, r, chunk, "toy", "list")
					if chunk == 2 {
						slices.Reverse(s.spec.Analyses)
					}
					dir := filepath.Join(t.TempDir(), "out")
					write(t, s, dir, level)
					got := read(t, dir)
					if cells := s.oracle(level); got["toy.cells.csv"] != cells {
						t.Errorf("chunk level %d: cells differ from the oracle", chunk)
					}
					if want != nil && !maps.Equal(got, want) {
						t.Errorf("chunk level %d: the folder differs from that of level 1", chunk)
					}
					want = got
				}
			})
		}
	}
}

func TestWrite_Golden(t *testing.T) {
	t.Parallel()
	s := newSource(100_000, job.Range{Offset: 5000, Length: 90_000}, 1, "toy", "list")
	dir := filepath.Join(t.TempDir(), "a", "out")
	res := write(t, s, dir, 1)
	files := read(t, dir)
	for _, name := range []string{report.ResultName, report.SumsName, "toy.cells.csv"} {
		analysistest.Golden(t, filepath.Join("testdata", name), []byte(files[name]))
	}
	var read report.Result
	if err := json.Unmarshal([]byte(files[report.ResultName]), &read); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(read.Files, read.Levels, *read.CellsLevel), fmt.Sprint(res.Files, res.Levels, *res.CellsLevel); got != want {
		t.Errorf("result.json has %s, Write returned %s", got, want)
	}
}

func TestWrite_Sums(t *testing.T) {
	t.Parallel()
	s := newSource(100_000, job.Range{Length: 100_000}, 1, "toy", "list")
	dir := t.TempDir()
	write(t, s, dir, 0)
	if err := report.WriteJob(dir, report.JobFile{}); err != nil {
		t.Fatal(err)
	}
	files := read(t, dir)
	lines := strings.SplitAfter(files[report.SumsName], "\n")
	var names []string
	for _, line := range lines[:len(lines)-1] {
		name := strings.TrimSuffix(line[66:], "\n")
		if want := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(files[name])), name); line != want {
			t.Errorf("line %q, want %q", line, want)
		}
		names = append(names, name)
	}
	want := slices.Sorted(maps.Keys(files))
	want = slices.DeleteFunc(want, func(n string) bool { return n == report.SumsName || n == report.JobName })
	if !slices.Equal(names, want) {
		t.Errorf("SHA256SUMS lists %q, want %q", names, want)
	}
}

func TestWrite_Level(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size  int64
		level int
		want  string
	}{
		{100_000, 3, "invalid: level 3: a region of 100000 bytes has the levels 0 to 2"},
		{100_000, -1, "invalid: level -1: a region of 100000 bytes has the levels 0 to 2"},
		{0, 1, "invalid: level 1: a region of 0 bytes has the levels 0 to 0"},
	} {
		t.Run(fmt.Sprintf("%d/%d", c.size, c.level), func(t *testing.T) {
			t.Parallel()
			s := newSource(c.size, job.Range{Length: c.size}, 3, "toy")
			dir := filepath.Join(t.TempDir(), "out")
			_, err := report.Write(t.Context(), dir, s.spec, s, report.Options{Level: c.level})
			if !errors.Is(err, job.ErrInvalid) || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder was made: %v", err)
			}
		})
	}
}

func TestWrite_NoCells(t *testing.T) {
	t.Parallel()
	s := newSource(5000, job.Range{Length: 5000}, 1, "list")
	dir := t.TempDir()
	if res := write(t, s, dir, 0); res.CellsLevel != nil {
		t.Errorf("cells of level %d, want none", *res.CellsLevel)
	}
	want := []string{report.SumsName, "list.tsv", report.ResultName}
	if got := slices.Sorted(maps.Keys(read(t, dir))); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// TestWrite_Fails leaves an older result as it was, and makes no new folder.
func TestWrite_Fails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		spoil func(*source) context.Context
		want  string
	}{
		"root": {func(s *source) context.Context {
			s.fail, s.err = s.spec.Tree().Root(), broken
			return t.Context()
		}, "broken"},
		"leaf": {func(s *source) context.Context {
			s.fail, s.err = job.Node{Level: 1, Index: 5}, broken
			return t.Context()
		}, "read node 1.5: broken"},
		"cancelled": {func(*source) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx
		}, "context canceled"},
		"disk": {func(s *source) context.Context {
			s.spec.Analyses = s.spec.Analyses[:1]
			s.swap = fullDisk{}
			return t.Context()
		}, "write full.csv: no space left"},
		"name": {func(s *source) context.Context {
			s.swap = fullDisk{name: "../evil"}
			return t.Context()
		}, "no file name"},
		"taken": {func(s *source) context.Context {
			s.swap = fullDisk{name: "result.json"}
			return t.Context()
		}, "taken"},
	} {
		for _, older := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", name, older), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "out")
				s := newSource(1<<20, job.Range{Length: 1 << 20}, 1, "toy", "list")
				var before map[string]string
				if older {
					write(t, s, dir, 2)
					before = read(t, dir)
				}
				_, err := report.Write(c.spoil(s), dir, s.spec, s, report.Options{})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %s", err, c.want)
				}
				if !older {
					if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("the folder stayed: %v", err)
					}
				} else if !maps.Equal(read(t, dir), before) {
					t.Error("the older result was changed")
				}
			})
		}
	}
}

// TestWrite_CancelledInCells makes sure that a cells file cut short by the end
// of the context does not pass for whole.
func TestWrite_CancelledInCells(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newSource(4<<20, job.Range{Length: 4 << 20}, 1, "toy")
	stop := stopping{s, func() { cancel(job.ErrCancelled) }}
	_, err := report.Write(ctx, filepath.Join(t.TempDir(), "out"), s.spec, stop, report.Options{})
	if !errors.Is(err, job.ErrCancelled) && !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancelled", err)
	}
}

// stopping calls stop once a chunk in the middle is read.
type stopping struct {
	*source
	stop func()
}

func (s stopping) Summary(ctx context.Context, index int, n job.Node) (analysis.Summary, error) {
	if n.Level == 1 && n.Index == 20 {
		s.stop()
	}
	return s.make(index, n)
}

func TestResults(t *testing.T) {
	t.Parallel()
	s := newSource(5000, job.Range{Length: 5000}, 1, "list", "toy")
	roots := []analysis.Summary{&lister{}, &toy{total: 7}}
	got, err := report.Results(t.Context(), s.spec, roots)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || string(got["toy"]) != `{"total":7}` {
		t.Errorf("Results = %s", got)
	}
	for name, bad := range map[string]analysis.Summary{
		"write": fullDisk{name: "full.json"},
		"json":  text{"{"},
		"two":   text{"{}"},
	} {
		if _, err := report.Results(t.Context(), s.spec, []analysis.Summary{bad, bad}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWriteJob(t *testing.T) {
	t.Parallel()
	s := newSource(5000, job.Range{Length: 5000}, 1, "toy", "list")
	done := &job.Done{
		Keys:         []job.Key{{1}, {2}},
		ChunksTotal:  9,
		ChunksMapped: 4,
		At:           s.spec.Created + (1500 * time.Millisecond).Nanoseconds(),
	}
	j := report.NewJobFile(s.spec, done, report.Run{Store: "file:///store", Version: "v1.2.3"})
	dir := t.TempDir()
	for range 2 {
		if err := report.WriteJob(dir, j); err != nil {
			t.Fatal(err)
		}
	}
	files := read(t, dir)
	analysistest.Golden(t, filepath.Join("testdata", report.JobName), []byte(files[report.JobName]))
	if len(files) != 1 {
		t.Errorf("%d files, want 1", len(files))
	}
	gone := filepath.Join(dir, "gone")
	if err := report.WriteJob(gone, j); err == nil || !strings.Contains(err.Error(), gone) {
		t.Errorf("error %v, want one that names %s", err, gone)
	}
}

func BenchmarkWrite_Cells(b *testing.B) {
	s := newSource(16<<20, job.Range{Length: 16 << 20}, 3, "toy")
	sum, err := s.make(0, s.spec.Tree().Root())
	if err != nil {
		b.Fatal(err)
	}
	s.swap = sum
	dir := b.TempDir()
	b.SetBytes(16 << 20)
	for b.Loop() {
		if _, err := report.Write(b.Context(), dir, s.spec, s, report.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestResult_Region(t *testing.T) {
	t.Parallel()
	s := newSource(5000, job.Range{Offset: 5000}, 1, "toy")
	dir := t.TempDir()
	res := write(t, s, dir, 0)
	if len(res.Levels) != 1 || res.Levels[0] != (report.Level{Level: 0, Cell: 4096, Cells: 0}) {
		t.Errorf("levels of nothing: %v", res.Levels)
	}
	if got := read(t, dir)["toy.cells.csv"]; got != "offset,length,sum\n" {
		t.Errorf("cells of nothing: %q", got)
	}
	if b := []byte(read(t, dir)[report.ResultName]); !bytes.Contains(b, []byte(`"a<b>.bin"`)) {
		t.Errorf("result.json escapes the name: %s", b)
	}
}
