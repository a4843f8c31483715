package input_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
)

// requireError checks the kind of err and that it holds each of the words.
func requireError(t *testing.T, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v: want %v", err, want)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestFile_Scan(t *testing.T) {
	t.Parallel()
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			data := content(n)
			in := statFile(t, writeFile(t, data))
			if in.Size != int64(n) || in.Name != "disk.img" {
				t.Fatalf("input is %+v", in)
			}
			requireScans(t, open(t, &in, input.Sources{}), data, job.DefaultChunkLevel)
		})
	}
}

func TestFile_ScanInParallel(t *testing.T) {
	t.Parallel()
	data := content(3<<20 + 5)
	in := statFile(t, writeFile(t, data))
	requireConcurrentScans(t, open(t, &in, input.Sources{}), data, small)
}

func TestFile_ScanCancelled(t *testing.T) {
	t.Parallel()
	in := statFile(t, writeFile(t, content(3<<20)))
	requireCancelled(t, open(t, &in, input.Sources{}), job.Range{Length: in.Size})
}

func TestFile_ScanVisitError(t *testing.T) {
	t.Parallel()
	in := statFile(t, writeFile(t, content(10)))
	stop := errors.New("stop")
	err := open(t, &in, input.Sources{}).Scan(t.Context(), job.Range{Length: 10}, func([]byte, int64) error { return stop })
	if err != stop { //nolint:errorlint // the very value is promised, not one that wraps it
		t.Fatalf("error is %v: want it as it was", err)
	}
}

func TestFile_RangeBeyondEnd(t *testing.T) {
	t.Parallel()
	in := statFile(t, writeFile(t, content(10)))
	rd := open(t, &in, input.Sources{})
	for _, r := range []job.Range{{Offset: -1, Length: 1}, {Length: -1}, {Length: 11}, {Offset: 11}, {Offset: 5, Length: 1<<63 - 1}} {
		_, err := rd.Identity(t.Context(), r)
		requireError(t, err, job.ErrInvalid, "disk.img")
		_, err = scan(t, rd, r)
		requireError(t, err, job.ErrInvalid, "disk.img")
	}
}

func TestFile_Identity(t *testing.T) {
	t.Parallel()
	path := writeFile(t, content(2*chunk))
	in := statFile(t, path)
	rd := open(t, &in, input.Sources{})
	identity := func(rd input.Reader, r job.Range) job.Identity {
		id, err := rd.Identity(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first, second := job.Range{Length: chunk}, job.Range{Offset: chunk, Length: chunk}
	if identity(rd, first) == identity(rd, second) {
		t.Error("two ranges have the same identity")
	}
	again := statFile(t, path)
	if identity(rd, first) != identity(open(t, &again, input.Sources{}), first) {
		t.Error("the identity of an untouched file changed")
	}
	other := statFile(t, writeFile(t, content(2*chunk)))
	if identity(rd, first) == identity(open(t, &other, input.Sources{}), first) {
		t.Error("two files have the same identity")
	}
}

// fileChanges are what may happen to a file, and what the error says of it.
var fileChanges = []struct {
	name, says string
	change     func(path string) error
}{
	{"Appended", "size 2097162, was 2097152", func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(make([]byte, 10))
		return err
	}},
	{"Truncated", "size 5, was 2097152", func(path string) error { return os.Truncate(path, 5) }},
	{"Touched", "modification time", func(path string) error {
		then := time.Now().Add(-time.Hour)
		return os.Chtimes(path, then, then)
	}},
	{"Replaced", "another file has its path", func(path string) error {
		if err := os.WriteFile(path+".new", content(2<<20), 0o644); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	}},
	{"ReplacedByDirectory", "another file has its path", func(path string) error {
		if err := os.Rename(path, path+".old"); err != nil {
			return err
		}
		return os.Mkdir(path, 0o755)
	}},
}

func TestFile_ChangedBeforeOpen(t *testing.T) {
	t.Parallel()
	for _, c := range fileChanges {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, content(2<<20))
			in := statFile(t, path)
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			rd, err := input.Open(t.Context(), &in, input.Sources{})
			requireError(t, err, job.ErrInputChanged, path, c.says)
			if rd != nil {
				t.Error("a reader was returned with the error")
			}
		})
	}
}

func TestFile_ChangedInScan(t *testing.T) {
	t.Parallel()
	for _, c := range fileChanges {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, content(2<<20))
			in := statFile(t, path)
			rd := open(t, &in, input.Sources{})
			// The last piece is visited when nothing is left to read, so that
			// only the check at the end can notice.
			err := rd.Scan(t.Context(), job.Range{Length: in.Size}, func(_ []byte, off int64) error {
				if off == 0 {
					return nil
				}
				return c.change(path)
			})
			requireError(t, err, job.ErrInputChanged, path)
		})
	}
}

func TestFile_ShrinksInScan(t *testing.T) {
	t.Parallel()
	path := writeFile(t, content(3<<20))
	in := statFile(t, path)
	rd := open(t, &in, input.Sources{})
	err := rd.Scan(t.Context(), job.Range{Length: in.Size}, func([]byte, int64) error { return os.Truncate(path, 2<<20+9) })
	requireError(t, err, job.ErrInputChanged, path, "ends at byte 2097161")
}

func TestFile_Gone(t *testing.T) {
	t.Parallel()
	path := writeFile(t, content(10))
	in := statFile(t, path)
	rd := open(t, &in, input.Sources{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := scan(t, rd, job.Range{Length: 10})
	requireError(t, err, job.ErrInputChanged, path)
	_, err = input.Open(t.Context(), &in, input.Sources{})
	requireError(t, err, job.ErrInputChanged, path, "gone")
}

func TestStatFile_FollowsLinks(t *testing.T) {
	t.Parallel()
	path := writeFile(t, []byte("abc"))
	link := filepath.Join(t.TempDir(), "link.bin")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	in, want := statFile(t, link), statFile(t, path)
	if in.Name != "link.bin" || in.File.Inode != want.File.Inode || in.Size != 3 {
		t.Errorf("link is %+v", in)
	}
	got, err := scan(t, open(t, &in, input.Sources{}), job.Range{Length: 3})
	if err != nil || !bytes.Equal(got, []byte("abc")) {
		t.Errorf("scan gives %q, %v", got, err)
	}
}

func TestStatFile_PathIsAbsolute(t *testing.T) {
	t.Parallel()
	in := statFile(t, "file_test.go")
	if !filepath.IsAbs(in.File.Path) || in.Name != "file_test.go" {
		t.Errorf("input is %+v", in)
	}
}

func TestStatFile_Unusable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := input.StatFile(folder)
	requireError(t, err, job.ErrInvalid, folder, "is a directory: name a file")
	missing := filepath.Join(folder, "missing")
	_, err = input.StatFile(missing)
	requireError(t, err, job.ErrInvalid, missing, "check the path")
	requireError(t, err, os.ErrNotExist)
	_, err = input.StatFile(filepath.Join(writeFile(t, nil), "under"))
	requireError(t, err, job.ErrInvalid, "under")
}

func TestOpen_NoSource(t *testing.T) {
	t.Parallel()
	for _, in := range []job.Input{
		{Name: "a"},
		{Name: "a", Stored: &job.Stored{}},
		{Name: "a", Object: &job.Object{}},
	} {
		_, err := input.Open(t.Context(), &in, input.Sources{})
		requireError(t, err, job.ErrInvalid, `"a"`)
	}
}
