package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/storagetest"
)

func openTemp(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// withoutLinks is a store on a file system that has no hard links.
func withoutLinks(t testing.TB) *Store {
	s := openTemp(t)
	s.link = func(oldname, newname string) error {
		return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: syscall.EPERM}
	}
	return s
}

func TestStore_WithoutLinks(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t testing.TB) storage.Store { return withoutLinks(t) })
}

// recordFlushes makes the store tell what it flushes, relative to its folder.
func recordFlushes(s *Store) func() []string {
	var mu sync.Mutex
	var names []string
	s.flush = func(f *os.File) error {
		mu.Lock()
		defer mu.Unlock()
		name, err := filepath.Rel(s.dir, f.Name())
		if strings.HasPrefix(name, aside) {
			name = aside
		}
		names = append(names, name)
		return err
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { names = nil }()
		return names
	}
}

func TestPut_Durable(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	flushed := recordFlushes(s)
	for _, c := range []struct {
		name, key string
		want      []string
	}{
		{"Fact", "jobs/abc/spec", []string{aside, "jobs/abc", "jobs", "."}},
		{"FactAgain", "jobs/abc/spec", []string{"jobs/abc/spec", "jobs/abc", "jobs", "."}},
		{"Open", "open/abc", []string{aside, "open", "."}},
		{"Summary", "nodes/bytes/ab/abc", nil},
		{"Chunk", "chunks/ab/abc", nil},
	} {
		if err := s.Put(t.Context(), c.key, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if got := flushed(); !slices.Equal(got, c.want) {
			t.Errorf("%s: flushed %q, want %q", c.name, got, c.want)
		}
	}
}

// TestPut_LosesTheRace meets another writer between looking and linking.
func TestPut_LosesTheRace(t *testing.T) {
	t.Parallel()
	for other, want := range map[string]error{"mine": nil, "theirs": storage.ErrConflict} {
		s := openTemp(t)
		s.link = func(oldname, newname string) error {
			if err := errors.Join(os.MkdirAll(filepath.Dir(newname), 0o700), os.WriteFile(newname, []byte(other), 0o600)); err != nil {
				t.Error(err)
			}
			return os.Link(oldname, newname)
		}
		if err := s.Put(t.Context(), "nodes/x", []byte("mine")); !errors.Is(err, want) {
			t.Errorf("other writer put %q: got %v, want %v", other, err, want)
		}
	}
}

// TestPut_DeletedMeanwhile meets one who deletes what it was refused for.
func TestPut_DeletedMeanwhile(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	refusals := 0
	s.link = func(oldname, newname string) error {
		if refusals++; refusals == 1 {
			return fs.ErrExist
		}
		return errors.Join(os.MkdirAll(filepath.Dir(newname), 0o700), os.Link(oldname, newname))
	}
	if err := s.Put(t.Context(), "nodes/x", []byte("x")); err != nil || refusals != 2 {
		t.Errorf("got %v after %d links", err, refusals)
	}
	s.link = func(string, string) error { return fs.ErrExist }
	if err := s.Put(t.Context(), "nodes/y", []byte("x")); err == nil || storage.IsMissing(err) {
		t.Errorf("for ever: got %v", err)
	}
}

func TestIsDurable_Layout(t *testing.T) {
	t.Parallel()
	id := job.ID("abcdefghijklmnop")
	for key, want := range map[string]bool{
		layout.JobFact(id, layout.Spec): true, layout.OpenMark(id): true, layout.Manifest(job.Digest{}): true,
		layout.Chunk(job.Digest{}): false, layout.Blob(job.Digest{}): false, layout.Node("bytes", job.Key{}): false,
	} {
		if got := isDurable(key); got != want {
			t.Errorf("%s: durable %v, want %v", key, got, want)
		}
	}
}

func TestPut_FlushFails(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	s.flush = func(f *os.File) error { return &fs.PathError{Op: "sync", Path: f.Name(), Err: syscall.ENOSPC} }
	err := s.Put(t.Context(), "jobs/abc/spec", []byte("x"))
	if !errors.Is(err, storage.ErrFull) || !strings.Contains(err.Error(), s.dir) {
		t.Errorf("got %v, want ErrFull naming the folder", err)
	}
	if _, err := s.Get(t.Context(), "jobs/abc/spec"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("get: %v, want no object", err)
	}
	if entries, err := os.ReadDir(filepath.Join(s.dir, aside)); err != nil || len(entries) != 0 {
		t.Errorf("left aside: %v, %v", entries, err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := &Store{dir: "/the/folder"}
	for _, c := range []struct {
		err   error
		class error
	}{
		{syscall.ENOSPC, storage.ErrFull}, {syscall.EDQUOT, storage.ErrFull},
		{syscall.EACCES, storage.ErrDenied}, {syscall.EPERM, storage.ErrDenied}, {syscall.EROFS, storage.ErrDenied},
		{syscall.EIO, nil}, {context.Canceled, nil},
	} {
		err := s.explain(&fs.PathError{Op: "write", Path: "x", Err: c.err})
		if !errors.Is(err, c.err) {
			t.Errorf("%v: lost in %v", c.err, err)
		}
		if c.class != nil && (!errors.Is(err, c.class) || !strings.Contains(err.Error(), s.dir)) {
			t.Errorf("%v: got %v, want %v naming the folder", c.err, err, c.class)
		}
	}
	if err := s.explain(nil); err != nil {
		t.Errorf("nil: got %v", err)
	}
}

// badDisk fails from its second piece on.
type badDisk struct{ err error }

func (b badDisk) ReadAt(p []byte, off int64) (int, error) {
	if off > 0 {
		return 0, b.err
	}
	return len(p), nil
}

func TestReadPieces_Errors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err     error
		corrupt bool
	}{{io.EOF, true}, {syscall.EIO, true}, {syscall.ESTALE, false}} {
		err := readPieces(t.Context(), badDisk{c.err}, 0, make([]byte, pieceMax+1))
		if errors.Is(err, storage.ErrCorrupt) != c.corrupt || !errors.Is(err, c.err) {
			t.Errorf("%v: got %v, corrupt wanted %v", c.err, err, c.corrupt)
		}
	}
}

func TestPieces_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := readPieces(ctx, badDisk{io.EOF}, 0, make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read: got %v", err)
	}
	if err := writePieces(ctx, nil, make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("write: got %v", err)
	}
}

func TestLock_Excludes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), lockName)
	var mu sync.Mutex // fails to lock only if the file lock did not exclude
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := lock(path)
			if err != nil {
				t.Error(err)
				return
			}
			if !mu.TryLock() {
				t.Error("two hold the lock")
				return
			}
			mu.Unlock()
			if err := unlock(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := lock(filepath.Join(path, "below")); err == nil {
		t.Error("locked a file that cannot be")
	}
}
