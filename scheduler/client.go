package scheduler

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// Client submits jobs and follows them, from any process. It is safe for
// concurrent use.
type Client struct {
	Facts *jobs.Facts
	Board *coord.Redis
	Queue queue.Enqueuer
	// Local keeps jobs to the schedulers of this process: no other looks for them.
	Local bool
}

// Submit stores the spec and asks for it to be planned. Once the spec is
// stored the job will run, even if Submit then returns an error because the
// queue cannot be reached: a scheduler finds open jobs in object storage. That
// does not hold for a Local client: there the caller may repeat the call.
func (c *Client) Submit(ctx context.Context, s *job.Spec) error {
	if !c.Local {
		if err := c.Facts.MarkOpen(ctx, s.ID); err != nil {
			return fmt.Errorf("submit job: %w", err)
		}
	}
	if err := c.Facts.Create(ctx, s); err != nil {
		return fmt.Errorf("submit job: %w", err)
	}
	err := c.Queue.Enqueue(ctx, planTask(s.ID))
	switch {
	case err != nil && c.Local:
		return fmt.Errorf("submit job: %w", err)
	case err != nil:
		return fmt.Errorf("job %s is stored, but the queue did not take it (a scheduler will find it): %w", s.ID, err)
	}
	return nil
}

func planTask(id job.ID) queue.Task { return queue.Task{Kind: queue.PlanJob, Job: id, Attempt: 1} }

// Status returns what is known of a job now, or job.ErrNotFound.
func (c *Client) Status(ctx context.Context, id job.ID) (job.Status, error) {
	st, err := c.Facts.Status(ctx, id)
	if err != nil || st.State == job.StateDone {
		return st, err
	}
	st.Progress, err = c.Board.Progress(ctx, id, st.Spec.Tree())
	if err != nil {
		return st, fmt.Errorf("read progress of job %s: %w", id, err)
	}
	if st.Progress.ChunksDone > 0 {
		return st, nil
	}
	// Not begun; or done, and so forgotten by the board since the facts were read.
	again, err := c.Facts.Status(ctx, id)
	if err == nil && again.State == job.StateDone {
		st = again
	}
	return st, err
}

const (
	watchEvery = 500 * time.Millisecond // without events
	watchPause = 50 * time.Millisecond  // between two reports
)

// Watch yields the status of a job at once and whenever it has changed, and
// ends behind a final one or an error. Watchers may come and go.
func (c *Client) Watch(ctx context.Context, id job.ID) iter.Seq2[job.Status, error] {
	return func(yield func(job.Status, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		events := c.Board.Subscribe(ctx, id)
		var last job.Progress
		for first := true; ; first = false {
			st, err := c.Status(ctx, id)
			changed := first || st.State.Final() || st.Progress != last
			if err != nil || changed {
				if !yield(st, err) || err != nil || st.State.Final() {
					return
				}
			}
			last = st.Progress
			if err := await(ctx, events); err != nil {
				yield(st, err)
				return
			}
		}
	}
}

// await returns after an event, or a while without one. Events that come in a
// row count as one, but for the last event of a job, which is told at once.
func await(ctx context.Context, events <-chan coord.Event) error {
	timer := time.NewTimer(watchEvery)
	defer timer.Stop()
	for woken := false; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return nil
		case e, ok := <-events:
			switch {
			case !ok:
				events = nil // the timer remains
			case e.Final:
				return nil
			case !woken:
				woken = true
				timer.Reset(watchPause)
			}
		}
	}
}

// Cancel asks a job to stop. It returns once the fact is stored: from then on
// no new work is begun, and work under way ends within 2 s. A job that is
// final stays what it is.
func (c *Client) Cancel(ctx context.Context, id job.ID) error {
	st, err := c.Facts.Status(ctx, id)
	if err != nil || st.State.Final() {
		return err
	}
	if err := c.Facts.Cancelled(ctx, id, job.Cancelled{At: job.Now(time.Now())}); err != nil {
		return fmt.Errorf("cancel job %s: %w", id, err)
	}
	// The fact decides; who misses these two messages looks for it.
	_ = c.Board.BroadcastCancel(ctx, id)
	_ = c.Board.Publish(ctx, id, coord.Event{Final: true})
	return nil
}
