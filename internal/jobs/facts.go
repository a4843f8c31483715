// Package jobs keeps jobs in object storage: the facts stored of each, and the
// summaries of its nodes.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/sealed"
)

// Facts reads and writes what is stored once about each job. It is safe for
// concurrent use.
type Facts struct {
	raw   storage.Store
	store *sealed.Store
}

// NewFacts returns the facts kept in s.
func NewFacts(s storage.Store) *Facts { return &Facts{s, sealed.New(s)} }

// Create stores the spec of a new job. After an error the caller may repeat it.
func (f *Facts) Create(ctx context.Context, s *job.Spec) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return f.put(ctx, s.ID, layout.Spec, s)
}

// MarkOpen marks a job that is about to be created as one that schedulers look
// for. Once its spec is stored too, it will be run, whatever fails.
func (f *Facts) MarkOpen(ctx context.Context, id job.ID) error {
	if err := f.raw.Put(ctx, layout.OpenMark(id), nil); err != nil {
		return fmt.Errorf("mark job %s open: %w", id, err)
	}
	return nil
}

// Spec returns the spec of a job, or job.ErrNotFound.
func (f *Facts) Spec(ctx context.Context, id job.ID) (*job.Spec, error) {
	s, err := fact[job.Spec](ctx, f, id, layout.Spec)
	if err == nil && s == nil {
		err = fmt.Errorf("%w: %s", job.ErrNotFound, id)
	}
	return s, err
}

// Done states that the roots are stored.
func (f *Facts) Done(ctx context.Context, id job.ID, d job.Done) error {
	return f.state(ctx, id, layout.Done, d)
}

// Failed states that the job was given up.
func (f *Facts) Failed(ctx context.Context, id job.ID, d job.Failed) error {
	return f.state(ctx, id, layout.Failed, d)
}

// Cancelled states that the job is to stop.
func (f *Facts) Cancelled(ctx context.Context, id job.ID, d job.Cancelled) error {
	return f.state(ctx, id, layout.Cancelled, d)
}

// IsCancelled reports whether Cancelled was stated.
func (f *Facts) IsCancelled(ctx context.Context, id job.ID) (bool, error) {
	_, err := f.store.Stat(ctx, layout.JobFact(id, layout.Cancelled))
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Status returns the terminal facts of a job and the state they add up to.
// Its progress is left to the caller, but for a job that is done.
func (f *Facts) Status(ctx context.Context, id job.ID) (st job.Status, err error) {
	spec, err := f.Spec(ctx, id)
	if err != nil {
		return st, err
	}
	st.Spec = *spec
	st.Done, err = fact[job.Done](ctx, f, id, layout.Done)
	if err == nil {
		st.Failed, err = fact[job.Failed](ctx, f, id, layout.Failed)
	}
	if err == nil {
		st.Cancelled, err = fact[job.Cancelled](ctx, f, id, layout.Cancelled)
	}
	st.State = job.StateOf(st.Done, st.Failed, st.Cancelled)
	st.Progress = job.Progress{ChunksTotal: spec.Tree().Leaves(), BytesTotal: spec.Region.Length}
	if st.State == job.StateDone {
		st.Progress.ChunksDone, st.Progress.BytesDone = st.Progress.ChunksTotal, st.Progress.BytesTotal
		st.Progress.ChunksMapped = st.Done.ChunksMapped
	}
	return st, err
}

// Close takes the open mark from a job that is final.
func (f *Facts) Close(ctx context.Context, id job.ID) error {
	return f.raw.Delete(ctx, layout.OpenMark(id))
}

// Open yields the jobs marked open. Some may be final, or have no spec yet.
func (f *Facts) Open(ctx context.Context) iter.Seq2[job.ID, error] {
	return f.ids(ctx, layout.Open, func(key string) (job.ID, bool) {
		id, err := layout.ParseOpenMark(key)
		return id, err == nil
	})
}

// All yields every job of which a spec is stored.
func (f *Facts) All(ctx context.Context) iter.Seq2[job.ID, error] {
	return f.ids(ctx, layout.Jobs, layout.ParseSpec)
}

func (f *Facts) ids(ctx context.Context, prefix string, parse func(string) (job.ID, bool)) iter.Seq2[job.ID, error] {
	return func(yield func(job.ID, error) bool) {
		for info, err := range f.raw.List(ctx, prefix) {
			if err != nil {
				yield("", err)
				return
			}
			if id, ok := parse(info.Key); ok && !yield(id, nil) {
				return
			}
		}
	}
}

// state stores a terminal fact. Who comes second finds it stated, if in other
// words: that is no error.
func (f *Facts) state(ctx context.Context, id job.ID, name layout.Fact, v any) error {
	err := f.put(ctx, id, name, v)
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}

func (f *Facts) put(ctx context.Context, id job.ID, name layout.Fact, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s of job %s: %w", name, id, err)
	}
	if err := f.store.Put(ctx, layout.JobFact(id, name), append(b, '\n')); err != nil {
		return fmt.Errorf("store %s of job %s: %w", name, id, err)
	}
	return nil
}

// fact returns a stored fact, or nil where there is none.
func fact[T any](ctx context.Context, f *Facts, id job.ID, name layout.Fact) (*T, error) {
	b, err := f.store.Get(ctx, layout.JobFact(id, name))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of job %s: %w", name, id, err)
	}
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("read %s of job %s: %w", name, id, err)
	}
	return v, nil
}
