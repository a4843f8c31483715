package coord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// Board is what commits write besides summaries.
type Board interface {
	Arrivals
	Attempts
	Events
	// Mapped records that a chunk was computed rather than found.
	Mapped(ctx context.Context, id job.ID, t job.Tree, n job.Node) error
	// MappedCount returns how many chunks are recorded so.
	MappedCount(ctx context.Context, id job.ID) (int64, error)
}

// Committer is the one way a node's summaries get stored and known.
type Committer struct {
	Facts *jobs.Facts
	Board Board
	Queue queue.Enqueuer
	Log   *slog.Logger
	Now   func() time.Time // defaults to time.Now
}

// Compute returns the summaries of a node for the analyses with the given
// indexes, in their order.
type Compute func(ctx context.Context, missing []int) ([]analysis.Summary, error)

// Outcome is what Run did.
type Outcome struct {
	Computed int // summaries computed; 0 if all were stored
	Stored   int // summaries found stored
}

// Run takes a node from whatever state it is in to committed: it computes the
// summaries that are not stored and ends in the commit path. It is idempotent,
// and safe to run at the same time as itself.
func (c *Committer) Run(ctx context.Context, j *jobs.Job, n job.Node, compute Compute) (Outcome, error) {
	missing, err := j.Missing(ctx, n)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Computed: len(missing), Stored: len(j.Analyses) - len(missing)}
	if len(missing) > 0 {
		if err := c.store(ctx, j, n, missing, compute); err != nil {
			return Outcome{}, err
		}
	}
	return out, c.Commit(ctx, j, n, out.Computed > 0)
}

func (c *Committer) store(ctx context.Context, j *jobs.Job, n job.Node, missing []int, compute Compute) error {
	sums, err := compute(ctx, missing)
	if err != nil {
		return err
	}
	for k, i := range missing {
		if err := j.Put(ctx, i, n, sums[k]); err != nil {
			return err
		}
	}
	return nil
}

// Commit makes known that all summaries of a node are stored: steps 2 to 4 of
// the commit path. It may be repeated.
func (c *Committer) Commit(ctx context.Context, j *jobs.Job, n job.Node, computed bool) error {
	id, mapped := j.Spec.ID, computed && j.Tree.IsLeaf(n)
	if mapped {
		if err := c.Board.Mapped(ctx, id, j.Tree, n); err != nil {
			return fmt.Errorf("record chunk %s as mapped: %w", n, err)
		}
	}
	complete, err := c.Board.Arrive(ctx, id, j.Tree, n)
	if err != nil {
		return fmt.Errorf("record arrival of %s: %w", n, err)
	}
	root := n == j.Tree.Root()
	switch {
	case root:
		err = c.finish(ctx, j)
	case complete:
		err = c.Enqueue(ctx, j, n.Parent())
	}
	if err != nil {
		return err
	}
	c.publish(ctx, id, Event{Node: n, Mapped: mapped, Final: root})
	return nil
}

func (c *Committer) finish(ctx context.Context, j *jobs.Job) error {
	keys, err := j.Keys.Of(ctx, j.Tree.Root())
	if err != nil {
		return err
	}
	mapped, err := c.Board.MappedCount(ctx, j.Spec.ID)
	if err != nil {
		return fmt.Errorf("count mapped chunks: %w", err)
	}
	return c.Facts.Done(ctx, j.Spec.ID, job.Done{
		Keys: keys, ChunksTotal: j.Tree.Leaves(), ChunksMapped: mapped, At: job.Now(c.now()),
	})
}

// Enqueue puts the tasks of nodes on the queue, at their current attempts.
func (c *Committer) Enqueue(ctx context.Context, j *jobs.Job, nodes ...job.Node) error {
	attempts, err := c.Board.Attempts(ctx, j.Spec.ID, nodes...)
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	tasks := make([]queue.Task, len(nodes))
	for i, n := range nodes {
		tasks[i] = taskOf(j, n, attempts[i])
	}
	if err := c.Queue.Enqueue(ctx, tasks...); err != nil {
		return fmt.Errorf("enqueue %d tasks: %w", len(tasks), err)
	}
	return nil
}

// Again puts the task of a node on the queue as a further attempt.
func (c *Committer) Again(ctx context.Context, j *jobs.Job, n job.Node) error {
	attempt, err := c.Board.NextAttempt(ctx, j.Spec.ID, n)
	if err != nil {
		return fmt.Errorf("start attempt at %s: %w", n, err)
	}
	if err := c.Queue.Enqueue(ctx, taskOf(j, n, attempt)); err != nil {
		return fmt.Errorf("enqueue %s: %w", n, err)
	}
	return nil
}

// Task returns the task of a node at its current attempt.
func (c *Committer) Task(ctx context.Context, j *jobs.Job, n job.Node) (queue.Task, error) {
	attempts, err := c.Board.Attempts(ctx, j.Spec.ID, n)
	if err != nil {
		return queue.Task{}, fmt.Errorf("read attempt at %s: %w", n, err)
	}
	return taskOf(j, n, attempts[0]), nil
}

func taskOf(j *jobs.Job, n job.Node, attempt int) queue.Task {
	kind := queue.ReduceNode
	if j.Tree.IsLeaf(n) {
		kind = queue.MapChunk
	}
	return queue.Task{Kind: kind, Job: j.Spec.ID, Node: n, Attempt: attempt}
}

// Repair has the children of n computed again whose i-th summary cannot be
// read, and n after them: the last child to commit enqueues n.
func (c *Committer) Repair(ctx context.Context, j *jobs.Job, i int, n job.Node, bad []job.Node) error {
	if _, err := c.Board.NextAttempt(ctx, j.Spec.ID, n); err != nil {
		return fmt.Errorf("start attempt at %s: %w", n, err)
	}
	for _, child := range bad {
		c.Log.WarnContext(ctx, "summary unreadable, computing it again",
			"job", j.Spec.ID, "node", child, "analysis", j.Spec.Analyses[i].Name)
		err := errors.Join(j.Drop(ctx, i, child), c.Board.Retract(ctx, j.Spec.ID, j.Tree, child))
		if err != nil {
			return fmt.Errorf("drop %s: %w", child, err)
		}
	}
	for _, child := range bad {
		if err := c.Again(ctx, j, child); err != nil {
			return err
		}
	}
	return nil
}

// GiveUp states that a job failed because of a task.
func (c *Committer) GiveUp(ctx context.Context, t queue.Task, cause error) error {
	f := job.Failed{Node: t.Node, Error: cause.Error(), At: job.Now(c.now())}
	if spec, err := c.Facts.Spec(ctx, t.Job); err == nil {
		f.Range = spec.Tree().Range(t.Node)
	}
	if err := c.Facts.Failed(ctx, t.Job, f); err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	c.publish(ctx, t.Job, Event{Node: t.Node, Final: true})
	return nil
}

// publish tells watchers. They look for themselves too, so a lost event costs
// them a moment and is no reason to fail.
func (c *Committer) publish(ctx context.Context, id job.ID, e Event) {
	if err := c.Board.Publish(ctx, id, e); err != nil {
		c.Log.DebugContext(ctx, "event not published", "job", id, "node", e.Node, "err", err)
	}
}

func (c *Committer) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
