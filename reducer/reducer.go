// Package reducer merges the summaries of up to sixteen neighbours into that of
// the node above them.
package reducer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// Reducer handles tasks of the kind node:reduce. It is safe for concurrent use;
// each call holds two summaries at a time.
type Reducer struct {
	Jobs   *jobs.Cache
	Commit *coord.Committer
}

// badChildren says which children cannot be read.
type badChildren struct {
	analysis int
	nodes    []job.Node
	err      error
}

// Error implements error.
func (b *badChildren) Error() string { return b.err.Error() }

// Handle merges the children of a task's node and commits the result. A child
// that is missing or corrupt is computed again: the task is then done, and
// comes back when the child has arrived. It is idempotent.
func (r *Reducer) Handle(ctx context.Context, t queue.Task) (queue.Result, error) {
	start := time.Now()
	j, err := r.Jobs.Open(ctx, t.Job)
	if err != nil {
		return queue.Result{}, err
	}
	if j.Tree.IsLeaf(t.Node) || !j.Tree.Contains(t.Node) {
		return queue.Result{}, fmt.Errorf("%w: node %s is no inner node of job %s", job.ErrInvalid, t.Node, t.Job)
	}
	out, err := r.Commit.Run(ctx, j, t.Node, func(ctx context.Context, missing []int) ([]analysis.Summary, error) {
		return Reduce(ctx, j, t.Node, missing)
	})
	var bad *badChildren
	var unread *jobs.EncodeError
	switch {
	case errors.As(err, &bad):
		err = r.Commit.Repair(ctx, j, bad.analysis, t.Node, bad.nodes)
	case errors.As(err, &unread) && storage.IsMissing(err):
		// A blob that a child refers to; which child does not show.
		children := slices.Collect(j.Tree.Children(t.Node))
		err = r.Commit.Repair(ctx, j, unread.Analysis, t.Node, children)
	}
	if err != nil {
		return queue.Result{}, &job.NodeError{Job: t.Job, Node: t.Node, Attempt: t.Attempt, Err: err}
	}
	return queue.Result{Computed: out.Computed, Millis: time.Since(start).Milliseconds()}, nil
}

// Reduce returns the summaries of an inner node for the analyses with the given
// indexes, merged from those stored of its children.
func Reduce(ctx context.Context, j *jobs.Job, n job.Node, which []int) ([]analysis.Summary, error) {
	sums := make([]analysis.Summary, len(which))
	for k, i := range which {
		var err error
		if sums[k], err = merge(ctx, j, n, i); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func merge(ctx context.Context, j *jobs.Job, n job.Node, i int) (analysis.Summary, error) {
	sum := j.New(i, n)
	bad := &badChildren{analysis: i}
	for child := range j.Tree.Children(n) {
		next, err := j.Summary(ctx, i, child)
		switch {
		case storage.IsMissing(err):
			bad.nodes, bad.err = append(bad.nodes, child), err
		case err != nil:
			return nil, err
		case bad.err == nil:
			if err := sum.Merge(next); err != nil {
				return nil, fmt.Errorf("merge %s of node %s: %w", j.Spec.Analyses[i].Name, child, err)
			}
		}
	}
	if bad.err != nil {
		return nil, bad
	}
	return sum, nil
}
