package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

func missing(t *testing.T, j *jobs.Job, n job.Node) []int {
	t.Helper()
	which, err := j.Missing(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return which
}

func put(t *testing.T, j *jobs.Job, n job.Node, i int, sum analysis.Summary) {
	t.Helper()
	if err := j.Put(t.Context(), i, n, sum); err != nil {
		t.Fatal(err)
	}
}

func count(n int) *sizeSum {
	s := sizeSum(n)
	return &s
}

func TestJob_PutAndDrop(t *testing.T) {
	t.Parallel()
	j := open(t, mem.New())
	n := j.Tree.FirstLeaf()
	if got := missing(t, j, n); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("at first: %v missing, want both", got)
	}
	if _, err := j.Summary(t.Context(), 0, n); !storage.IsMissing(err) {
		t.Errorf("read what is not there: got %v", err)
	}
	for range 2 {
		put(t, j, n, 0, count(5))
	}
	if got := missing(t, j, n); !slices.Equal(got, []int{1}) {
		t.Errorf("with one stored: %v missing, want the other", got)
	}
	sum, err := j.Summary(t.Context(), 0, n)
	if err != nil || *sum.(*sizeSum) != 5 {
		t.Errorf("got %v, %v; want 5", sum, err)
	}
	for range 2 {
		if err := j.Drop(t.Context(), 0, n); err != nil {
			t.Fatal(err)
		}
	}
	if got := missing(t, j, n); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("after the drop: %v missing, want both", got)
	}
}

func TestJob_NotDeterministic(t *testing.T) {
	t.Parallel()
	j := open(t, mem.New())
	n := j.Tree.FirstLeaf()
	put(t, j, n, 0, count(5))
	err := j.Put(t.Context(), 0, n, count(6))
	if !errors.Is(err, job.ErrInvalid) || !errors.Is(err, storage.ErrConflict) {
		t.Errorf("got %v, want %v and %v", err, job.ErrInvalid, storage.ErrConflict)
	}
	if sum, err := j.Summary(t.Context(), 0, n); err != nil || *sum.(*sizeSum) != 5 {
		t.Errorf("got %v, %v; want what was put first", sum, err)
	}
}

// unencodable is a summary that refers to a blob that is gone.
type unencodable struct{ sizeSum }

func (*unencodable) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return nil, storage.ErrNotFound
}

func TestJob_EncodeError(t *testing.T) {
	t.Parallel()
	j := open(t, mem.New())
	err := j.Put(t.Context(), 1, j.Tree.FirstLeaf(), new(unencodable))
	var e *jobs.EncodeError
	if !errors.As(err, &e) || e.Analysis != 1 || !storage.IsMissing(err) {
		t.Errorf("got %v, want an EncodeError of analysis 1 that something is missing", err)
	}
}

func TestJob_Corrupt(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*mem.Store, *jobs.Job, string){
		"Object": func(s *mem.Store, _ *jobs.Job, key string) { s.Replace(key, []byte("garbage")) },
		"Empty":  func(s *mem.Store, _ *jobs.Job, key string) { s.Replace(key, nil) },
		"Payload": func(s *mem.Store, j *jobs.Job, _ string) {
			_ = j.Drop(context.Background(), 0, j.Tree.FirstLeaf())
			_ = j.Put(context.Background(), 0, j.Tree.FirstLeaf(), new(keptSum)) // sealed, but not of that analysis
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mem.New()
			j := open(t, s)
			fill(t, j)
			n := j.Tree.FirstLeaf()
			damage(s, j, layout.Node("size", keysOf(t, j, n)[0]))
			if _, err := j.Summary(t.Context(), 0, n); !errors.Is(err, storage.ErrCorrupt) || !storage.IsMissing(err) {
				t.Errorf("read: got %v, want %v", err, storage.ErrCorrupt)
			}
			if got := missing(t, j, n); len(got) != 0 {
				t.Errorf("%v missing before anybody has read it", got)
			}
			requireWhole(t, j, n, false)
			if got := missing(t, j, n); !slices.Equal(got, []int{0}) {
				t.Errorf("%v missing, want the damaged one, dropped", got)
			}
			put(t, j, n, 0, count(chunk))
			requireWhole(t, j, n, true)
		})
	}
}

func requireWhole(t *testing.T, j *jobs.Job, n job.Node, want bool) {
	t.Helper()
	if got, err := j.Whole(t.Context(), n); err != nil || got != want {
		t.Errorf("whole: got %v, %v; want %v", got, err, want)
	}
}

func TestJob_Whole(t *testing.T) {
	t.Parallel()
	j := open(t, mem.New())
	n := j.Tree.Root()
	requireWhole(t, j, n, false)
	fill(t, j)
	requireWhole(t, j, n, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Whole(ctx, n); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: got %v, want %v", err, context.Canceled)
	}
}

func TestOpener_Errors(t *testing.T) {
	t.Parallel()
	o := opener(mem.New())
	if _, err := o.Open(t.Context(), job.NewID()); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("unknown job: got %v, want %v", err, job.ErrNotFound)
	}
	spec := specOf(goneFile(t))
	spec.Analyses = []job.AnalysisID{{Name: "size", Version: 2}}
	if _, err := o.OpenSpec(spec); !errors.Is(err, job.ErrUnknownAnalysis) {
		t.Errorf("another version: got %v, want %v", err, job.ErrUnknownAnalysis)
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	data := []byte("a large summary")
	for name, have := range map[string][]byte{"Whole": data, "Damaged": []byte("a large sunmary"), "Truncated": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mem.New()
			blobs, d := jobs.NewBlobs(s), job.DigestOf(data)
			if _, err := blobs.GetBlob(t.Context(), d); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("absent: got %v, want %v", err, storage.ErrNotFound)
			}
			s.Replace(layout.Blob(d), have)
			_, err := blobs.GetBlob(t.Context(), d)
			if damaged := !bytes.Equal(have, data); errors.Is(err, storage.ErrCorrupt) != damaged {
				t.Errorf("before: got %v", err)
			}
			if got, err := blobs.PutBlob(t.Context(), data); err != nil || got != d {
				t.Fatalf("put: got %s, %v; want %s", got, err, d)
			}
			if got, err := blobs.GetBlob(t.Context(), d); err != nil || !bytes.Equal(got, data) {
				t.Errorf("after: got %q, %v", got, err)
			}
		})
	}
}
