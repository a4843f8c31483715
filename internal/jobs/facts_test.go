package jobs_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

// created returns facts kept in s, and the spec of a job stored there.
func created(t *testing.T, s storage.Store) (*jobs.Facts, *job.Spec) {
	t.Helper()
	f, spec := jobs.NewFacts(s), specOf(goneFile(t))
	if err := f.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	return f, spec
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f, spec := created(t, mem.New())
	if err := f.Create(t.Context(), spec); err != nil {
		t.Errorf("create again: %v", err)
	}
	got, err := f.Spec(t.Context(), spec.ID)
	if err != nil || got.Region != spec.Region || !slices.Equal(got.Analyses, spec.Analyses) || *got.Input.File != *spec.Input.File {
		t.Errorf("got %+v, %v; want %+v", got, err, spec)
	}
	other := *spec
	other.Region.Length--
	if err := f.Create(t.Context(), &other); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("create another job of that id: got %v, want %v", err, storage.ErrConflict)
	}
}

func TestCreate_Invalid(t *testing.T) {
	t.Parallel()
	s := mem.New()
	spec := specOf(goneFile(t))
	spec.Analyses = nil
	if err := jobs.NewFacts(s).Create(t.Context(), spec); !errors.Is(err, job.ErrInvalid) {
		t.Errorf("got %v, want %v", err, job.ErrInvalid)
	}
	if _, err := s.Stat(t.Context(), layout.JobFact(spec.ID, layout.Spec)); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an invalid spec was stored: %v", err)
	}
}

func TestFacts_UnknownJob(t *testing.T) {
	t.Parallel()
	f, id := jobs.NewFacts(mem.New()), job.NewID()
	if _, err := f.Spec(t.Context(), id); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("spec: got %v, want %v", err, job.ErrNotFound)
	}
	if _, err := f.Status(t.Context(), id); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("status: got %v, want %v", err, job.ErrNotFound)
	}
	if yes, err := f.IsCancelled(t.Context(), id); yes || err != nil {
		t.Errorf("is cancelled: got %v, %v", yes, err)
	}
}

// terminal states a fact, at a time.
type terminal func(context.Context, *jobs.Facts, job.ID, int64) error

var terminals = map[job.State]terminal{
	job.StateDone: func(ctx context.Context, f *jobs.Facts, id job.ID, at int64) error {
		return f.Done(ctx, id, job.Done{ChunksTotal: 3, ChunksMapped: 2, At: at})
	},
	job.StateFailed: func(ctx context.Context, f *jobs.Facts, id job.ID, at int64) error {
		return f.Failed(ctx, id, job.Failed{Error: "no such sector", At: at})
	},
	job.StateCancelled: func(ctx context.Context, f *jobs.Facts, id job.ID, at int64) error {
		return f.Cancelled(ctx, id, job.Cancelled{At: at})
	},
}

// at returns when the fact that decides a state was stated.
func at(st job.Status) int64 {
	switch st.State {
	case job.StateDone:
		return st.Done.At
	case job.StateFailed:
		return st.Failed.At
	case job.StateCancelled:
		return st.Cancelled.At
	default:
		return 0
	}
}

// TestFacts_StatedTwice states each terminal fact in other words the second time.
func TestFacts_StatedTwice(t *testing.T) {
	t.Parallel()
	for state, tell := range terminals {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()
			f, spec := created(t, mem.New())
			for _, at := range []int64{7, 8} {
				if err := tell(t.Context(), f, spec.ID, at); err != nil {
					t.Fatalf("stated at %d: %v", at, err)
				}
			}
			st, err := f.Status(t.Context(), spec.ID)
			if err != nil || st.State != state || at(st) != 7 {
				t.Errorf("got %s since %d, %v; want %s since 7", st.State, at(st), err, state)
			}
		})
	}
}

func TestStatus_Precedence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stated []job.State
		want   job.State
	}{
		{"None", nil, job.Running},
		{"CancelledFailed", []job.State{job.StateCancelled, job.StateFailed}, job.StateFailed},
		{"CancelledDone", []job.State{job.StateCancelled, job.StateDone}, job.StateDone},
		{"FailedDone", []job.State{job.StateFailed, job.StateDone}, job.StateDone},
		{"All", []job.State{job.StateDone, job.StateFailed, job.StateCancelled}, job.StateDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, spec := created(t, mem.New())
			for _, s := range c.stated {
				if err := terminals[s](t.Context(), f, spec.ID, 1); err != nil {
					t.Fatal(err)
				}
			}
			st, err := f.Status(t.Context(), spec.ID)
			if err != nil || st.State != c.want || st.Spec.ID != spec.ID {
				t.Errorf("got %s of %s, %v; want %s", st.State, st.Spec.ID, err, c.want)
			}
			cancelled, err := f.IsCancelled(t.Context(), spec.ID)
			if err != nil || cancelled != slices.Contains(c.stated, job.StateCancelled) {
				t.Errorf("is cancelled: got %v, %v", cancelled, err)
			}
		})
	}
}

func TestStatus_Progress(t *testing.T) {
	t.Parallel()
	f, spec := created(t, mem.New())
	st, err := f.Status(t.Context(), spec.ID)
	if want := (job.Progress{ChunksTotal: 3, BytesTotal: 3 * chunk}); err != nil || st.Progress != want {
		t.Errorf("running: got %+v, %v; want %+v", st.Progress, err, want)
	}
	if err := terminals[job.StateDone](t.Context(), f, spec.ID, 1); err != nil {
		t.Fatal(err)
	}
	st, err = f.Status(t.Context(), spec.ID)
	want := job.Progress{ChunksTotal: 3, ChunksDone: 3, ChunksMapped: 2, BytesTotal: 3 * chunk, BytesDone: 3 * chunk}
	if err != nil || st.Progress != want {
		t.Errorf("done: got %+v, %v; want %+v", st.Progress, err, want)
	}
}

// TestStatus_Damaged reads each fact after it was damaged.
func TestStatus_Damaged(t *testing.T) {
	t.Parallel()
	for _, name := range []layout.Fact{layout.Spec, layout.Done, layout.Failed, layout.Cancelled} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			s := mem.New()
			f, spec := created(t, s)
			s.Replace(layout.JobFact(spec.ID, name), []byte("garbage"))
			if _, err := f.Status(t.Context(), spec.ID); !errors.Is(err, storage.ErrCorrupt) {
				t.Errorf("got %v, want %v", err, storage.ErrCorrupt)
			}
		})
	}
}

func ids(t *testing.T, seq iter.Seq2[job.ID, error]) (all []job.ID) {
	t.Helper()
	for id, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

func TestOpen_Marks(t *testing.T) {
	t.Parallel()
	s := mem.New()
	f := jobs.NewFacts(s)
	want := []job.ID{job.NewID(), job.NewID(), job.NewID()}
	slices.Sort(want)
	for _, id := range append(want, want[0]) {
		if err := f.MarkOpen(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	s.Replace(layout.Open+"stranger", nil)
	if got := ids(t, f.Open(t.Context())); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range 2 {
		if err := f.Close(t.Context(), want[1]); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(t, f.Open(t.Context())); !slices.Equal(got, []job.ID{want[0], want[2]}) {
		t.Errorf("after one was closed: got %v", got)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	s := mem.New()
	f, one := created(t, s)
	_, two := created(t, s)
	if err := f.Cancelled(t.Context(), one.ID, job.Cancelled{At: 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.Cancelled(t.Context(), job.NewID(), job.Cancelled{At: 1}); err != nil {
		t.Fatal(err) // a fact without a spec is no job
	}
	want := []job.ID{one.ID, two.ID}
	slices.Sort(want)
	if got := ids(t, f.All(t.Context())); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range f.All(t.Context()) {
		break // a reader may stop
	}
}

func TestFacts_StoreFails(t *testing.T) {
	t.Parallel()
	errFault := errors.New("fault")
	always := func(storagetest.Call) storagetest.Fault { return storagetest.Fault{Rejected: errFault} }
	f, id := jobs.NewFacts(storagetest.WithFault(mem.New(), always)), job.NewID()
	list := func(seq iter.Seq2[job.ID, error]) (err error) {
		for _, err = range seq {
			continue
		}
		return err
	}
	_, specErr := f.Spec(t.Context(), id)
	_, cancelErr := f.IsCancelled(t.Context(), id)
	for name, err := range map[string]error{
		"Spec": specErr, "IsCancelled": cancelErr,
		"MarkOpen": f.MarkOpen(t.Context(), id),
		"Done":     f.Done(t.Context(), id, job.Done{}),
		"Open":     list(f.Open(t.Context())),
		"All":      list(f.All(t.Context())),
	} {
		if !errors.Is(err, errFault) {
			t.Errorf("%s: got %v, want %v", name, err, errFault)
		}
	}
}
