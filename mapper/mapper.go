// Package mapper turns chunks into summaries: one read of a chunk serves every
// analysis of its job.
package mapper

import (
	"context"
	"fmt"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// Mapper handles tasks of the kind chunk:map. It is safe for concurrent use;
// each call holds one piece of input (1 MiB), whatever the chunk size, and the
// summaries of one chunk.
type Mapper struct {
	Jobs   *jobs.Cache
	Commit *coord.Committer
}

// Handle maps the chunk of a task and commits its summaries. It is idempotent.
func (m *Mapper) Handle(ctx context.Context, t queue.Task) (queue.Result, error) {
	start := time.Now()
	j, err := m.Jobs.Open(ctx, t.Job)
	if err != nil {
		return queue.Result{}, err
	}
	if !j.Tree.IsLeaf(t.Node) || !j.Tree.Contains(t.Node) {
		return queue.Result{}, fmt.Errorf("%w: node %s is no chunk of job %s", job.ErrInvalid, t.Node, t.Job)
	}
	out, err := m.Commit.Run(ctx, j, t.Node, func(ctx context.Context, missing []int) ([]analysis.Summary, error) {
		return Map(ctx, j, t.Node, missing)
	})
	if err != nil {
		return queue.Result{}, &job.NodeError{Job: t.Job, Node: t.Node, Attempt: t.Attempt, Err: err}
	}
	res := queue.Result{Computed: out.Computed, Millis: time.Since(start).Milliseconds()}
	if out.Computed > 0 {
		res.Bytes = j.Tree.Range(t.Node).Length
	}
	return res, nil
}

// Map reads a chunk once and returns its summaries for the analyses with the
// given indexes.
func Map(ctx context.Context, j *jobs.Job, n job.Node, which []int) ([]analysis.Summary, error) {
	sums := make([]analysis.Summary, len(which))
	for k, i := range which {
		sums[k] = j.New(i, n)
	}
	var piece analysis.Piece
	err := j.Input.Scan(ctx, j.Tree.Range(n), func(data []byte, offset int64) error {
		piece.Reset(data, offset)
		for k, i := range which {
			if err := sums[k].Write(&piece); err != nil {
				return fmt.Errorf("analysis %s: %w", j.Spec.Analyses[i].Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("map bytes %s: %w", j.Tree.Range(n), err)
	}
	return sums, nil
}
