package jobs

import (
	"context"
	"fmt"
	"slices"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// Verifier reads every object of jobs again. It is used by one goroutine.
type Verifier struct {
	Objects  int64 // looked at
	Problems int64 // told

	opener *Opener
	tell   func(error) error
}

// NewVerifier returns a verifier that tells each problem, naming the object and
// what is wrong with it. An error of tell ends the verification.
func NewVerifier(o *Opener, tell func(error) error) *Verifier {
	return &Verifier{opener: o, tell: tell}
}

// Job checks the facts of a job, its input if that is stored, and the summaries
// of all its nodes: checksums, and keys computed anew from the input up to the
// root. Problems are told, not returned; an error means that it could not go on.
func (v *Verifier) Job(ctx context.Context, id job.ID) error {
	st, err := v.opener.Facts.Status(ctx, id)
	if err != nil {
		return err
	}
	v.Objects++
	if !st.State.Final() {
		return fmt.Errorf("%w: job %s is still %s", job.ErrInvalid, id, st.State)
	}
	j, err := v.opener.OpenSpec(&st.Spec)
	if err != nil {
		return err
	}
	defer j.Close()
	if st.Spec.Input.Stored != nil {
		whole, err := v.input(ctx, &st.Spec.Input)
		if err != nil || !whole {
			return err
		}
	}
	if st.Done == nil {
		return nil // what it left behind belongs to whoever finishes it
	}
	v.Objects++
	if err := v.root(ctx, j, st.Done); err != nil {
		return err
	}
	return v.nodes(ctx, j)
}

// problem tells a problem that an object has; other errors end the verification.
func (v *Verifier) problem(err error) error {
	if !storage.IsMissing(err) {
		return err
	}
	v.Problems++
	return v.tell(err)
}

// input checks the manifest and the chunks of a stored input, and reports
// whether the manifest is whole, without which no key can be computed.
func (v *Verifier) input(ctx context.Context, in *job.Input) (whole bool, err error) {
	v.Objects++
	m, err := input.LoadManifest(ctx, v.opener.Facts.raw, in.Stored.Manifest)
	if err != nil {
		return false, v.problem(err)
	}
	v.Objects += int64(len(m.Pages()))
	whole = true
	for e, err := range m.Entries(ctx) {
		if err != nil {
			whole = false
		} else {
			v.Objects++
			err = input.VerifyChunk(ctx, v.opener.Facts.raw, e)
		}
		if err != nil {
			if err := v.problem(fmt.Errorf("chunk %d of the input: %w", e.Index, err)); err != nil {
				return false, err
			}
		}
	}
	return whole, nil
}

func (v *Verifier) root(ctx context.Context, j *Job, done *job.Done) error {
	keys, err := j.Keys.Of(ctx, j.Tree.Root())
	if err != nil {
		return err
	}
	if !slices.Equal(keys, done.Keys) {
		return v.problem(fmt.Errorf("%w: the keys of the root are not those that the input leads to", storage.ErrCorrupt))
	}
	return nil
}

func (v *Verifier) nodes(ctx context.Context, j *Job) error {
	for level := j.Tree.ChunkLevel; level <= j.Tree.Root().Level; level++ {
		for n := range j.Tree.Row(level) {
			for i := range j.Analyses {
				if err := v.node(ctx, j, i, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (v *Verifier) node(ctx context.Context, j *Job, i int, n job.Node) error {
	v.Objects++
	sum, err := j.Summary(ctx, i, n)
	if err != nil {
		return v.problem(err)
	}
	refs, ok := sum.(analysis.Referrer)
	if !ok {
		return nil
	}
	for _, d := range refs.Blobs() {
		v.Objects++
		if _, err := j.blobs.GetBlob(ctx, d); err != nil {
			if err := v.problem(fmt.Errorf("%s of node %s: %w", j.name(i), n, err)); err != nil {
				return err
			}
		}
	}
	return nil
}
