package queuetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/binglide/binglide/internal/queue"
)

// farOff is the most deliveries by which one is put off.
const farOff = 20

// next takes a delivery that is due, at random. If none is, time passes until
// the first is.
func (q *Queue) next() (delivery, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.ready) == 0 {
		return delivery{}, false
	}
	q.clock++
	first := slices.MinFunc(q.ready, func(a, b delivery) int { return a.due - b.due })
	q.clock = max(q.clock, first.due)
	var due []int
	for i, d := range q.ready {
		if d.due <= q.clock {
			due = append(due, i)
		}
	}
	i := due[q.rng.IntN(len(due))]
	d := q.ready[i]
	q.ready = slices.Delete(q.ready, i, i+1)
	return d, true
}

// deliver lets the faults before the handler happen, then calls it.
func (q *Queue) deliver(ctx context.Context, d delivery) error {
	f := q.cfg.Faults
	switch {
	case q.happens(f.Delay), q.happens(f.Lose):
		q.later(d)
		return nil
	case !d.echo && q.happens(f.Forget):
		return nil
	case q.happens(f.Duplicate):
		q.later(delivery{task: d.task, echo: true})
	}
	h, ok := q.cfg.Handlers[d.task.Kind]
	if !ok {
		return fmt.Errorf("no handler for %s", d.task)
	}
	return q.handle(ctx, d, h)
}

func (q *Queue) handle(ctx context.Context, d delivery, h queue.Handler) error {
	hctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if q.happens(q.cfg.Faults.Stop) {
		cancel(queue.ErrStopping)
	}
	n := q.start(d)
	_, err := h(hctx, d.task)
	v := queue.Decide(hctx, err, n)
	switch {
	case d.echo:
		return nil // the other delivery decides
	case q.happens(q.cfg.Faults.Crash):
		q.later(d)
		return nil
	case v == queue.GiveUp && q.cfg.OnGiveUp != nil && q.cfg.OnGiveUp(ctx, d.task, err) != nil:
		v = queue.Requeue
	}
	q.settle(d, v)
	return nil
}

func (q *Queue) start(d delivery) queue.Try {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.starts = append(q.starts, d.task)
	e, ok := q.tasks[d.task.ID()]
	if !ok {
		return queue.Try{Max: q.cfg.MaxRetry} // flushed, dropped or an echo of one finished
	}
	if !d.echo {
		e.state = queue.Active
	}
	return queue.Try{Number: e.tries, Max: q.cfg.MaxRetry}
}

// settle does what the verdict says, unless the task's trace was lost meanwhile.
func (q *Queue) settle(d delivery, v queue.Verdict) {
	q.mu.Lock()
	defer q.mu.Unlock()
	id := d.task.ID()
	e, ok := q.tasks[id]
	if !ok || e.state != queue.Active {
		return
	}
	switch v {
	case queue.Revoke:
		delete(q.tasks, id)
	case queue.Done:
		e.state = queue.Finished
		if !q.cfg.Keep {
			delete(q.tasks, id)
		}
	case queue.GiveUp:
		e.state = queue.Archived
	case queue.Requeue, queue.Retry:
		e.state = queue.Pending
		if v == queue.Retry {
			e.state, e.tries = queue.Waiting, e.tries+1
		}
		q.putOff(d)
	}
}

// happens draws whether a fault of probability p happens.
func (q *Queue) happens(p float64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rng.Float64() < p
}

func (q *Queue) later(d delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.tasks[d.task.ID()]; ok || d.echo {
		q.putOff(d)
	}
}

func (q *Queue) putOff(d delivery) {
	d.due = q.clock + 1 + q.rng.IntN(farOff)
	q.ready = append(q.ready, d)
}
