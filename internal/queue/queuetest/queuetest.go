package queuetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/binglide/binglide/internal/queue"
)

// ErrEndless means that a run made far more deliveries than its tasks should need.
var ErrEndless = errors.New("no end in sight")

// Faults are the probabilities, from 0 to below 1, of what may go wrong with
// one delivery.
type Faults struct {
	Duplicate float64 // it is delivered once more, perhaps after it finished
	Delay     float64 // others go first
	Lose      float64 // its process dies before the handler starts
	Crash     float64 // its process dies when the handler has returned
	Stop      float64 // its process is already stopping when the handler starts
	Forget    float64 // it never comes, and its ID stays taken: needs a new attempt
}

// Rough is a mixture of all faults that a queue recovers from by itself.
func Rough() Faults {
	return Faults{Duplicate: .2, Delay: .3, Lose: .1, Crash: .1, Stop: .1}
}

// Config configures a [Queue].
type Config struct {
	Seed   uint64
	Faults Faults
	// Handlers serve the tasks. A task without one is an error of Run.
	Handlers map[queue.Kind]queue.Handler
	// MaxRetry is the number of further tries after an error. Lost processes
	// and stops use up none here, so that no rate of faults fails a task.
	MaxRetry int
	// Keep leaves the IDs of finished tasks taken, as a queue with a retention does.
	Keep bool
	// OnGiveUp is as in queue.ServerConfig; nil: none.
	OnGiveUp func(context.Context, queue.Task, error) error
	// MaxDeliveries ends a run with ErrEndless. Defaults to 1,000,000.
	MaxDeliveries int
}

// Queue is a queue in memory. It implements [queue.Enqueuer]; handlers may
// enqueue while they run.
type Queue struct {
	cfg Config
	rng *rand.Rand

	mu     sync.Mutex
	tasks  map[string]*entry
	ready  []delivery
	clock  int // deliveries made or passed over
	starts []queue.Task
}

type entry struct {
	state queue.State
	tries int
}

// delivery is one coming of a task, at or after a time.
type delivery struct {
	task queue.Task
	due  int
	echo bool // a duplicate: the queue does not wait for it
}

// New returns an empty queue.
func New(cfg Config) *Queue {
	if cfg.MaxDeliveries == 0 {
		cfg.MaxDeliveries = 1_000_000
	}
	return &Queue{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0)), tasks: make(map[string]*entry)}
}

// Enqueue implements [queue.Enqueuer].
func (q *Queue) Enqueue(ctx context.Context, ts ...queue.Task) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range ts {
		if _, ok := q.tasks[t.ID()]; !ok {
			q.tasks[t.ID()] = &entry{state: queue.Pending}
			q.ready = append(q.ready, delivery{task: t})
		}
	}
	return nil
}

// Queued is as the method of [queue.Client].
func (q *Queue) Queued(_ context.Context, t queue.Task) (queue.State, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.tasks[t.ID()]; ok {
		return e.state, nil
	}
	return queue.Absent, nil
}

// Drop is as the method of [queue.Client].
func (q *Queue) Drop(_ context.Context, t queue.Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e, ok := q.tasks[t.ID()]; ok && e.state == queue.Active {
		return fmt.Errorf("drop %s: %w", t, queue.ErrActive)
	}
	delete(q.tasks, t.ID())
	return nil
}

// Flush loses all tasks, as a Redis without its data does. Handlers may call it.
func (q *Queue) Flush() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.tasks)
	q.ready = nil
}

// Len returns the number of deliveries to come.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ready)
}

// Started returns the tasks whose handlers were called, in order.
func (q *Queue) Started() []queue.Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]queue.Task(nil), q.starts...)
}

// Run delivers until nothing is left to deliver. It returns the context's
// error, ErrEndless, or an error that names a task without a handler, each with
// the seed.
func (q *Queue) Run(ctx context.Context) error {
	for range q.cfg.MaxDeliveries {
		more, err := q.Step(ctx)
		if err != nil {
			return fmt.Errorf("queue with seed %d: %w", q.cfg.Seed, err)
		}
		if !more {
			return nil
		}
	}
	return fmt.Errorf("queue with seed %d: %w after %d deliveries", q.cfg.Seed, ErrEndless, q.cfg.MaxDeliveries)
}

// Step makes one delivery, and reports whether there was one to make.
func (q *Queue) Step(ctx context.Context) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	d, ok := q.next()
	if !ok {
		return false, nil
	}
	return true, q.deliver(ctx, d)
}
