package jobs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

// world is a store with one job that is done: three chunks, two analyses.
type world struct {
	*mem.Store
	job *jobs.Job
}

func done(t *testing.T) *world {
	t.Helper()
	s := mem.New()
	j := open(t, s)
	fill(t, j)
	d := job.Done{Keys: keysOf(t, j, j.Tree.Root()), ChunksTotal: 3, ChunksMapped: 3, At: 1}
	if err := jobs.NewFacts(s).Done(t.Context(), j.Spec.ID, d); err != nil {
		t.Fatal(err)
	}
	return &world{s, j}
}

// verify returns the problems of a job, and what the verifier counted.
func verify(t *testing.T, s *mem.Store, id job.ID) (told []string, v *jobs.Verifier, err error) {
	t.Helper()
	v = jobs.NewVerifier(opener(s), func(err error) error {
		told = append(told, err.Error())
		return nil
	})
	err = v.Job(t.Context(), id)
	return told, v, err
}

func (w *world) manifest(t *testing.T) *input.Manifest {
	t.Helper()
	m, err := input.LoadManifest(t.Context(), w, w.job.Spec.Input.Stored.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) chunk(t *testing.T, index int64) string {
	t.Helper()
	e, err := w.manifest(t).Entry(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	return layout.Chunk(e.Digest)
}

func TestVerifier_Clean(t *testing.T) {
	t.Parallel()
	w := done(t)
	told, v, err := verify(t, w.Store, w.job.Spec.ID)
	if err != nil || len(told) != 0 || v.Problems != 0 {
		t.Errorf("got %v, %q; want no problem", err, told)
	}
	// Two facts, a manifest of one page, 3 chunks, 4 nodes of 2 analyses,
	// a blob for each chunk and 3 of the root.
	if want := int64(2 + 2 + 3 + 4*2 + 3 + 3); v.Objects != want {
		t.Errorf("%d objects looked at, want %d", v.Objects, want)
	}
}

func TestVerifier_Damage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		key  func(*testing.T, *world) string
		want string // besides the key
		n    int
	}{
		{"Chunk", func(t *testing.T, w *world) string { return w.chunk(t, 1) }, "chunk 1 of the input", 1},
		{"Manifest", func(_ *testing.T, w *world) string { return layout.Manifest(w.job.Spec.Input.Stored.Manifest) }, "", 1},
		{"Page", func(t *testing.T, w *world) string { return layout.Manifest(w.manifest(t).Pages()[0]) }, "", 1},
		{"Leaf", func(t *testing.T, w *world) string {
			return layout.Node("size", keysOf(t, w.job, w.job.Tree.FirstLeaf())[0])
		}, "size of node 1.0", 1},
		{"Root", func(t *testing.T, w *world) string {
			return layout.Node("kept", keysOf(t, w.job, w.job.Tree.Root())[1])
		}, "kept of node 2.0", 1},
		{"Blob", func(*testing.T, *world) string {
			return layout.Blob(job.DigestOf(pattern(chunk)))
		}, "kept of node", 2}, // the chunk's and the root's
	} {
		for how, change := range map[string]func(*testing.T, *world, string){
			"Damaged": func(_ *testing.T, w *world, key string) { w.Replace(key, make([]byte, chunk)) },
			"Gone":    func(t *testing.T, w *world, key string) { _ = w.Delete(t.Context(), key) },
		} {
			t.Run(c.name+how, func(t *testing.T) {
				t.Parallel()
				w := done(t)
				key := c.key(t, w)
				change(t, w, key)
				told, v, err := verify(t, w.Store, w.job.Spec.ID)
				if err != nil || len(told) != c.n || v.Problems != int64(c.n) {
					t.Fatalf("got %v, %d problems: %q; want %d", err, v.Problems, told, c.n)
				}
				for _, p := range told {
					if !strings.Contains(p, key) || !strings.Contains(p, c.want) {
						t.Errorf("got %q, want it to name %s and %q", p, key, c.want)
					}
				}
			})
		}
	}
}

func TestVerifier_WrongRoot(t *testing.T) {
	t.Parallel()
	s := mem.New()
	j := open(t, s)
	fill(t, j)
	if err := jobs.NewFacts(s).Done(t.Context(), j.Spec.ID, job.Done{Keys: make([]job.Key, 2), At: 1}); err != nil {
		t.Fatal(err)
	}
	told, v, err := verify(t, s, j.Spec.ID)
	if err != nil || v.Problems != 1 || !strings.Contains(told[0], "keys of the root") {
		t.Errorf("got %v, %q; want one problem about the root's keys", err, told)
	}
}

func TestVerifier_NotDone(t *testing.T) {
	t.Parallel()
	s := mem.New()
	j := open(t, s)
	if _, _, err := verify(t, s, job.NewID()); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("unknown job: got %v, want %v", err, job.ErrNotFound)
	}
	if _, _, err := verify(t, s, j.Spec.ID); !errors.Is(err, job.ErrInvalid) {
		t.Errorf("running job: got %v, want %v", err, job.ErrInvalid)
	}
	if err := jobs.NewFacts(s).Cancelled(t.Context(), j.Spec.ID, job.Cancelled{At: 1}); err != nil {
		t.Fatal(err)
	}
	told, v, err := verify(t, s, j.Spec.ID)
	if err != nil || len(told) != 0 || v.Objects != 1+2+3 {
		t.Errorf("cancelled job: got %v, %q, %d objects; want its spec and its input", err, told, v.Objects)
	}
}

func TestVerifier_TellFails(t *testing.T) {
	t.Parallel()
	errFull := errors.New("disk full")
	w := done(t)
	w.Replace(w.chunk(t, 0), nil)
	w.Replace(w.chunk(t, 1), nil)
	v := jobs.NewVerifier(opener(w.Store), func(error) error { return errFull })
	if err := v.Job(t.Context(), w.job.Spec.ID); !errors.Is(err, errFull) || v.Problems != 1 {
		t.Errorf("got %v after %d problems, want %v after the first", err, v.Problems, errFull)
	}
}
