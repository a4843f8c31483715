package cli

import (
	"context"
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage"
)

// healer gives the summaries of a job that is done. One that has since been
// damaged or deleted is computed again, from its children or from the input,
// and stored. It is safe for concurrent use.
type healer struct {
	*jobs.Job
	healed func(n job.Node, cause error) // told of each; it must be safe for concurrent use
}

// Summary implements [report.Source].
func (h *healer) Summary(ctx context.Context, i int, n job.Node) (analysis.Summary, error) {
	sum, err := h.Job.Summary(ctx, i, n)
	if !storage.IsMissing(err) {
		return sum, err
	}
	h.healed(n, err)
	if again := h.compute(ctx, i, n); again != nil {
		return nil, fmt.Errorf("%w; computing it again: %w", err, again)
	}
	return h.Job.Summary(ctx, i, n)
}

func (h *healer) compute(ctx context.Context, i int, n job.Node) error {
	make := mapper.Map
	if !h.Tree.IsLeaf(n) {
		make = reducer.Reduce
		for child := range h.Tree.Children(n) {
			if _, err := h.Summary(ctx, i, child); err != nil {
				return err
			}
		}
	}
	sums, err := make(ctx, h.Job, n, []int{i})
	if err != nil {
		return err
	}
	if err := h.Drop(ctx, i, n); err != nil {
		return err
	}
	return h.Put(ctx, i, n, sums[0])
}
