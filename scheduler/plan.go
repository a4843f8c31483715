package scheduler

import (
	"context"
	"iter"
	"slices"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// step is one thing a plan asks for.
type step struct {
	node   job.Node
	stored bool // an inner node, stored: nothing below it is needed
}

// plan streams what a job still needs: its chunks in an order whose every
// prefix is spread evenly over the region, without those under an inner node
// that is stored. Such a node is a step of its own, once. Whether a chunk is
// stored is left to the mapper that takes it. Memory: a few bytes for each
// inner node looked at.
func plan(ctx context.Context, j *jobs.Job) iter.Seq2[step, error] {
	p := planner{job: j, stored: make(map[job.Node]bool)}
	return func(yield func(step, error) bool) {
		if err := vetRoot(ctx, j); err != nil {
			yield(step{}, err)
			return
		}
		for leaf := range j.Tree.Spread() {
			top, fresh, err := p.cover(ctx, leaf)
			switch {
			case err != nil:
				yield(step{}, err)
				return
			case top == leaf && !yield(step{node: leaf}, nil):
				return
			case top != leaf && fresh && !yield(step{node: top, stored: true}, nil):
				return
			}
		}
	}
}

// vetRoot reads what is stored of the root, as no reducer does, and drops what
// cannot be read, so that it is computed again before the job is called done.
func vetRoot(ctx context.Context, j *jobs.Job) error {
	root := j.Tree.Root()
	missing, err := j.Missing(ctx, root)
	if err != nil {
		return err
	}
	for i := range j.Analyses {
		if slices.Contains(missing, i) {
			continue
		}
		_, err := j.Summary(ctx, i, root)
		if storage.IsMissing(err) {
			err = j.Drop(ctx, i, root)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type planner struct {
	job    *jobs.Job
	stored map[job.Node]bool // inner nodes looked up
}

// cover returns the highest stored inner node over a chunk, else the chunk, and
// whether it was looked up just now.
func (p *planner) cover(ctx context.Context, leaf job.Node) (top job.Node, fresh bool, err error) {
	for _, n := range p.path(leaf) {
		stored, seen := p.stored[n]
		if !seen {
			if stored, err = p.job.Whole(ctx, n); err != nil {
				return n, false, err
			}
			p.stored[n] = stored
		}
		if stored {
			return n, !seen, nil
		}
	}
	return leaf, true, nil
}

// path returns the inner nodes over a chunk, from the root down.
func (p *planner) path(leaf job.Node) []job.Node {
	root := p.job.Tree.Root()
	path := make([]job.Node, root.Level-leaf.Level)
	for i := len(path) - 1; i >= 0; i-- {
		leaf = leaf.Parent()
		path[i] = leaf
	}
	return path
}
