package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/sealed"
)

// Job is a job opened for work: its spec, the keys of its nodes, its analyses
// and its input. It is safe for concurrent use.
type Job struct {
	Spec     *job.Spec
	Tree     job.Tree
	Keys     *job.Keys
	Analyses []analysis.Analysis
	Input    input.Reader

	nodes *sealed.Store
	blobs Blobs
}

// Opener opens jobs.
type Opener struct {
	Facts    *Facts
	Registry *analysis.Registry
	Sources  input.Sources
}

// Open reads the spec of a job. Errors are job.ErrNotFound
// and job.ErrUnknownAnalysis; those of opening the input come when it is read.
func (o *Opener) Open(ctx context.Context, id job.ID) (*Job, error) {
	spec, err := o.Facts.Spec(ctx, id)
	if err != nil {
		return nil, err
	}
	return o.OpenSpec(spec)
}

// OpenSpec opens a job whose spec is at hand.
func (o *Opener) OpenSpec(spec *job.Spec) (*Job, error) {
	j := &Job{
		Spec: spec, Tree: spec.Tree(),
		nodes: o.Facts.store, blobs: Blobs{o.Facts.raw},
	}
	for _, id := range spec.Analyses {
		a, err := o.Registry.Lookup(id)
		if err != nil {
			return nil, err
		}
		j.Analyses = append(j.Analyses, a)
	}
	j.Input = newLazyInput(&spec.Input, o.Sources)
	j.Keys = job.NewKeys(spec, j.Input)
	return j, nil
}

// Close releases the input.
func (j *Job) Close() error { return j.Input.Close() }

// New returns the empty summary of the i-th analysis for a node.
func (j *Job) New(i int, n job.Node) analysis.Summary {
	return j.Analyses[i].New(j.Tree.Range(n).Offset, n.Level)
}

// Missing returns which analyses, by index, have no summary stored for a node.
// A stored one may still prove corrupt when it is read.
func (j *Job) Missing(ctx context.Context, n job.Node) ([]int, error) {
	keys, err := j.Keys.Of(ctx, n)
	if err != nil {
		return nil, err
	}
	var missing []int
	for i, k := range keys {
		_, err := j.nodes.Stat(ctx, j.object(i, k))
		switch {
		case storage.IsMissing(err):
			missing = append(missing, i)
		case err != nil:
			return nil, fmt.Errorf("look up node %s: %w", n, err)
		}
	}
	return missing, nil
}

// Whole reads the summaries stored for a node, and reports whether they are all
// there and healthy. One that is damaged is dropped, so that it is computed again.
func (j *Job) Whole(ctx context.Context, n job.Node) (bool, error) {
	for i := range j.Analyses {
		_, err := j.Summary(ctx, i, n)
		if errors.Is(err, storage.ErrCorrupt) {
			err = errors.Join(storage.ErrNotFound, j.Drop(ctx, i, n))
		}
		switch {
		case storage.IsMissing(err):
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

// Summary returns the stored summary of the i-th analysis for a node. An error
// that storage.IsMissing reports means that it has to be computed again.
func (j *Job) Summary(ctx context.Context, i int, n job.Node) (analysis.Summary, error) {
	keys, err := j.Keys.Of(ctx, n)
	if err != nil {
		return nil, err
	}
	b, err := j.nodes.Get(ctx, j.object(i, keys[i]))
	if err != nil {
		return nil, fmt.Errorf("read %s of node %s: %w", j.name(i), n, err)
	}
	sum, err := j.Analyses[i].Decode(ctx, b, j.blobs)
	if err != nil {
		return nil, fmt.Errorf("read %s of node %s: %w: %w", j.name(i), n, storage.ErrCorrupt, err)
	}
	return sum, nil
}

// EncodeError is what Encode of a summary returned. Where it is that of a blob
// which storage.IsMissing reports, the summaries it was merged from have to be
// computed again.
type EncodeError struct {
	Analysis int // index in the spec
	Err      error
}

// Error implements error.
func (e *EncodeError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *EncodeError) Unwrap() error { return e.Err }

// Put stores the summary of the i-th analysis for a node. It may be repeated.
// Another summary stored under the same key is storage.ErrConflict: then the
// analysis is not deterministic.
func (j *Job) Put(ctx context.Context, i int, n job.Node, sum analysis.Summary) error {
	keys, err := j.Keys.Of(ctx, n)
	if err != nil {
		return err
	}
	b, err := sum.Encode(ctx, j.blobs)
	if err != nil {
		return fmt.Errorf("encode %s of node %s: %w", j.name(i), n, &EncodeError{i, err})
	}
	err = j.nodes.Put(ctx, j.object(i, keys[i]), b)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("%w: analysis %s gave two results for the same bytes (node %s): %w", job.ErrInvalid, j.name(i), n, err)
	}
	if err != nil {
		return fmt.Errorf("put %s of node %s: %w", j.name(i), n, err)
	}
	return nil
}

// Drop deletes the summary of the i-th analysis for a node, so that it is
// computed again.
func (j *Job) Drop(ctx context.Context, i int, n job.Node) error {
	keys, err := j.Keys.Of(ctx, n)
	if err != nil {
		return err
	}
	return j.nodes.Delete(ctx, j.object(i, keys[i]))
}

func (j *Job) object(i int, k job.Key) string { return layout.Node(j.name(i), k) }

func (j *Job) name(i int) string { return j.Spec.Analyses[i].Name }

// Blobs keeps the large parts of summaries under their digests. It implements
// analysis.Blobs.
type Blobs struct{ store storage.Store }

// NewBlobs returns the blobs kept in s.
func NewBlobs(s storage.Store) Blobs { return Blobs{s} }

// PutBlob implements part of [analysis.Blobs]. A damaged blob is replaced.
func (b Blobs) PutBlob(ctx context.Context, data []byte) (job.Digest, error) {
	d := job.DigestOf(data)
	err := b.store.Put(ctx, layout.Blob(d), data)
	if errors.Is(err, storage.ErrConflict) {
		if err = b.store.Delete(ctx, layout.Blob(d)); err == nil {
			err = b.store.Put(ctx, layout.Blob(d), data)
		}
	}
	return d, err
}

// GetBlob implements part of [analysis.Blobs].
func (b Blobs) GetBlob(ctx context.Context, d job.Digest) ([]byte, error) {
	data, err := b.store.Get(ctx, layout.Blob(d))
	if err == nil && job.DigestOf(data) != d {
		err = storage.WrapKey("get", layout.Blob(d), fmt.Errorf("%w: SHA-256 does not match its name", storage.ErrCorrupt))
	}
	return data, err
}
