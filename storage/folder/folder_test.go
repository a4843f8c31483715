package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/folder"
	"github.com/binglide/binglide/storage/storagetest"
)

func open(t testing.TB) storage.Store { return openIn(t, t.TempDir()) }

func openIn(t testing.TB, dir string) *folder.Store {
	t.Helper()
	s, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, open)
}

func TestOpen_CreatesPrivateFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := openIn(t, dir)
	info, err := os.Stat(dir)
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("got %v, %v; want a folder of mode 0700", info, err)
	}
	if s.Dir() != dir {
		t.Errorf("Dir is %q, want %q", s.Dir(), dir)
	}
}

func TestOpen_NamesTheFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := folder.Open(dir); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("open %s: got %v, want an error that names it", dir, err)
		}
	}
}

func TestOpen_SweepsStale(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openIn(t, dir)
	stale, fresh := filepath.Join(dir, ".tmp", "put-1"), filepath.Join(dir, ".tmp", "put-2")
	for path, age := range map[string]time.Duration{stale: 25 * time.Hour, fresh: 23 * time.Hour} {
		when := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	openIn(t, dir)
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is older than a day is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error(err)
	}
}

func TestPut_LeavesNothingAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	for _, data := range []string{"one", "one", "two"} {
		_ = s.Put(t.Context(), "jobs/a/spec", []byte(data))
	}
	entries, err := os.ReadDir(filepath.Join(dir, ".tmp"))
	if err != nil || len(entries) != 0 {
		t.Errorf("found %v, %v", entries, err)
	}
}

func TestPut_SharedByStores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := openIn(t, dir), openIn(t, dir)
	if err := a.Put(t.Context(), "nodes/x", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "nodes/x", []byte("two")); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	if err := b.Delete(t.Context(), "nodes/x"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Get(t.Context(), "nodes/x"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
}

func TestPut_AfterTheFolderWasCleared(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	s := openIn(t, dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "nodes/x", []byte("one")); err != nil {
		t.Error(err)
	}
}

func TestPut_BelowAnObject(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	if err := s.Put(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "a/b", nil); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want an error about the path", err)
	}
	if _, err := s.Get(t.Context(), "a/b"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
}

func TestList_IgnoresForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	if err := s.Put(t.Context(), "a/b", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README", ".tmp/put-1", "a/.DS_Store", "a/lost+found"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "Not a key", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if strings.Join(keys, " ") != "a/b" {
		t.Errorf("got %q, want the object alone", keys)
	}
}

func BenchmarkStore(b *testing.B) { storagetest.Benchmark(b, open) }
