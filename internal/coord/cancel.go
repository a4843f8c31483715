package coord

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
)

// cancelPoll is how long a lost broadcast can hide a cancellation.
const cancelPoll = time.Second

// Cancels ends the contexts of handlers whose jobs are cancelled. The fact in
// object storage decides; the broadcast only makes it quick.
type Cancels struct {
	facts *jobs.Facts
	board *Redis
	log   *slog.Logger

	mu      sync.Mutex
	running map[job.ID]*guarded
}

// guarded is the handlers of one job that run in this process.
type guarded struct {
	ends map[int]context.CancelCauseFunc
	next int
	seen time.Time // when the fact was last looked for
	off  bool      // it was found
}

// NewCancels returns a guard without handlers.
func NewCancels(facts *jobs.Facts, board *Redis, log *slog.Logger) *Cancels {
	return &Cancels{facts: facts, board: board, log: log, running: make(map[job.ID]*guarded)}
}

// BroadcastCancel tells every process that a job is cancelled. It may be lost.
func (r *Redis) BroadcastCancel(ctx context.Context, id job.ID) error {
	return r.rdb.Publish(ctx, "binglide:cancel", string(id)).Err()
}

// Run listens for broadcasts, and looks for the facts of the jobs that have
// handlers running once a second, until ctx ends.
func (c *Cancels) Run(ctx context.Context) {
	sub := c.board.rdb.Subscribe(ctx, "binglide:cancel")
	defer sub.Close()
	go relay(ctx, sub.Channel(), func(m *redis.Message) { c.check(ctx, job.ID(m.Payload)) })
	tick := time.NewTicker(cancelPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, id := range c.jobs() {
				c.check(ctx, id)
			}
		}
	}
}

// Guard returns a context for a handler of a job, which ends with the cause
// job.ErrCancelled when the job is cancelled. The handler calls done at its end.
func (c *Cancels) Guard(ctx context.Context, id job.ID) (_ context.Context, done func()) {
	ctx, end := context.WithCancelCause(ctx)
	c.mu.Lock()
	g, fresh := c.enter(id)
	slot := g.next
	g.next++
	g.ends[slot] = end
	off := g.off
	c.mu.Unlock()
	switch {
	case off:
		end(job.ErrCancelled)
	case !fresh:
		c.check(ctx, id)
	}
	return ctx, func() { c.leave(id, slot); end(nil) }
}

func (c *Cancels) enter(id job.ID) (g *guarded, fresh bool) {
	g, ok := c.running[id]
	if !ok {
		g = &guarded{ends: make(map[int]context.CancelCauseFunc)}
		c.running[id] = g
	}
	return g, time.Since(g.seen) < cancelPoll
}

// leave forgets a handler. The job is remembered for a while, so that a row of
// short tasks does not look for the fact each time.
func (c *Cancels) leave(id job.ID, slot int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g, ok := c.running[id]; ok {
		delete(g.ends, slot)
	}
}

func (c *Cancels) jobs() []job.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []job.ID
	for id, g := range c.running {
		switch {
		case len(g.ends) > 0:
			ids = append(ids, id)
		case time.Since(g.seen) > time.Minute:
			delete(c.running, id)
		}
	}
	return ids
}

func (c *Cancels) check(ctx context.Context, id job.ID) {
	off, err := c.facts.IsCancelled(ctx, id)
	if err != nil {
		if ctx.Err() == nil {
			c.log.WarnContext(ctx, "look for cancellation", "job", id, "err", err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.running[id]
	if !ok {
		return
	}
	g.seen, g.off = time.Now(), off
	if off {
		for _, end := range g.ends {
			end(job.ErrCancelled)
		}
	}
}
