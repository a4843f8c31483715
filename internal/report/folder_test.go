package report_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/report"
	"github.com/binglide/binglide/job"
)

// fullDisk has one file that cannot be written.
type fullDisk struct {
	analysis.Summary
	name string
}

func (d fullDisk) Files() []analysis.File {
	name := d.name
	if name == "" {
		name = "full.csv"
	}
	return []analysis.File{{Name: name, Write: func(context.Context, io.Writer) error { return syscall.ENOSPC }}}
}

// text has one .json file with that content, whatever it is.
type text struct{ content string }

func (s text) Write(*analysis.Piece) error                            { return nil }
func (s text) Merge(analysis.Summary) error                           { return nil }
func (s text) Encode(context.Context, analysis.Blobs) ([]byte, error) { return nil, nil }

func (s text) Files() []analysis.File {
	f := analysis.File{Name: "text.json", Write: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, s.content)
		return err
	}}
	return []analysis.File{f, f}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestWrite_Again(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "notes.txt"), "mine")
	both := newSource(5000, job.Range{Length: 5000}, 1, "toy", "list")
	write(t, both, dir, 0)
	if err := report.WriteJob(dir, report.JobFile{}); err != nil {
		t.Fatal(err)
	}
	one := newSource(9000, job.Range{Length: 9000}, 1, "list")
	write(t, one, dir, 0)
	files := read(t, dir)
	want := []string{report.SumsName, "list.tsv", "notes.txt", report.ResultName}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if files["notes.txt"] != "mine" || files["list.tsv"] != "9000\n" {
		t.Errorf("notes %q, list %q", files["notes.txt"], files["list.tsv"])
	}
}

// TestWrite_Interrupted repairs a folder in which a crash left files of two
// results.
func TestWrite_Interrupted(t *testing.T) {
	t.Parallel()
	dir, fresh := t.TempDir(), t.TempDir()
	s := newSource(9000, job.Range{Length: 9000}, 1, "toy", "list")
	write(t, s, dir, 0)
	put(t, filepath.Join(dir, "toy.json"), "{}")
	for _, gone := range []string{report.SumsName, "list.tsv"} {
		if err := os.Remove(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, dir, 0)
	write(t, s, fresh, 0)
	if !maps.Equal(read(t, dir), read(t, fresh)) {
		t.Error("the folder differs from a fresh one")
	}
}

func TestWrite_Foreign(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		report.ResultName: `{"format":"other"}`,
		report.SumsName:   "0000  photo.jpg\n",
		report.JobName:    "{}",
		"toy.json":        "{}",
		"toy.cells.csv":   "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, filepath.Join(dir, name), content)
			s := newSource(5000, job.Range{Length: 5000}, 1, "toy")
			_, err := report.Write(t.Context(), dir, s.spec, s, report.Options{})
			if !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
				t.Errorf("error %v, want one that names the file", err)
			}
			if got := read(t, dir); len(got) != 1 || got[name] != content {
				t.Errorf("the folder was changed: %q", got)
			}
		})
	}
}

// TestWrite_Hostile has a result.json that claims files outside the folder.
func TestWrite_Hostile(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "out")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(top, "precious"), "mine")
	put(t, filepath.Join(dir, report.ResultName), `{"format":"`+report.Format+`","files":[{"name":"../precious"}]}`)
	write(t, newSource(5000, job.Range{Length: 5000}, 1, "toy"), dir, 0)
	if _, err := os.Stat(filepath.Join(top, "precious")); err != nil {
		t.Error(err)
	}
}

func TestWrite_NoFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, "mine")
	s := newSource(5000, job.Range{Length: 5000}, 1, "toy")
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := report.Write(t.Context(), dir, s.spec, s, report.Options{})
		if err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want one that names %s", err, dir)
		}
	}
	if b, _ := os.ReadFile(file); string(b) != "mine" {
		t.Errorf("the file holds %q", b)
	}
}

func TestWrite_Leftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, young := filepath.Join(dir, ".binglide-1"), filepath.Join(dir, ".binglide-2")
	for _, path := range []string{old, young} {
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	write(t, newSource(5000, job.Range{Length: 5000}, 1, "toy"), dir, 0)
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old leftover stayed: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("a running writer's folder is gone: %v", err)
	}
}
