package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

func nothing([]byte, int64) error { return nil }

// opened opens a job over an input whose bytes are in s or in a file.
func opened(t *testing.T, s *mem.Store, in job.Input) *jobs.Job {
	t.Helper()
	j, err := opener(s).OpenSpec(specOf(in))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestInput_FileGone shows that the results of a file can be found without it.
func TestInput_FileGone(t *testing.T) {
	t.Parallel()
	in := goneFile(t)
	j := opened(t, mem.New(), in)
	r := j.Tree.Range(j.Tree.FirstLeaf())
	id, err := j.Input.Identity(t.Context(), r)
	if err != nil || id != in.IdentityOf(job.Digest{}, r) {
		t.Errorf("identity: got %v, %v", id, err)
	}
	put(t, j, j.Tree.FirstLeaf(), 0, count(1))
	if err := j.Input.Scan(t.Context(), r, nothing); err == nil {
		t.Error("a file that is not there was scanned")
	}
	if err := j.Close(); err != nil {
		t.Errorf("close what was never opened: %v", err)
	}
}

func TestInput_File(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, pattern(100), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := input.StatFile(path)
	if err != nil {
		t.Fatal(err)
	}
	j := opened(t, mem.New(), in)
	for range 2 {
		var n int
		visit := func(b []byte, _ int64) error { n += len(b); return nil }
		if err := j.Input.Scan(t.Context(), j.Spec.Region, visit); err != nil || n != 100 {
			t.Errorf("%d bytes, %v; want 100", n, err)
		}
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

// TestInput_ManifestBack opens an input again after it could not be opened.
func TestInput_ManifestBack(t *testing.T) {
	t.Parallel()
	s := mem.New()
	data := pattern(2 * chunk)
	in := stored(t, s, data)
	j := opened(t, s, in)
	r := j.Tree.Range(j.Tree.FirstLeaf())
	if err := s.Delete(t.Context(), layout.Manifest(in.Stored.Manifest)); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Input.Identity(t.Context(), r); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("identity without a manifest: got %v, want %v", err, storage.ErrNotFound)
	}
	if _, err := j.Missing(t.Context(), j.Tree.Root()); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("missing without a manifest: got %v, want %v", err, storage.ErrNotFound)
	}
	stored(t, s, data)
	if _, err := j.Input.Identity(t.Context(), r); err != nil {
		t.Errorf("identity: %v", err)
	}
	if err := j.Input.Scan(t.Context(), r, nothing); err != nil {
		t.Errorf("scan: %v", err)
	}
}
