package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

const (
	// timeoutGrace is how much later than ours the library's deadline is, so
	// that a handler that heeds its context is the one to report.
	timeoutGrace = 5 * time.Second
	// parallelEnqueues is the number of tasks of one call in flight at once.
	parallelEnqueues = 8
	// manyTries is more than any task is tried: tries are counted by the
	// server, which records a failure before the task is archived. The library
	// alone would archive without a word.
	manyTries = 1 << 20
	// registerEvery is how often the queues' names are written again, for the
	// case that Redis lost its data.
	registerEvery = 5 * time.Second
	// registry is the set in which the library looks for the names of queues.
	registry = "asynq:queues"
)

// ClientConfig configures a [Client].
type ClientConfig struct {
	Redis Redis
	// Timeout bounds each try of a task; whole seconds, at least one.
	// Defaults to 10 minutes.
	Timeout time.Duration
	// Retention is how long a finished task is kept for the dashboard, in
	// whole seconds; negative: not at all. Defaults to 5 minutes, and to not
	// at all for a Redis in this process.
	Retention time.Duration
}

func (c ClientConfig) withDefaults() ClientConfig {
	c.Timeout = max(time.Second, cmp.Or(c.Timeout, 10*time.Minute).Truncate(time.Second))
	if c.Retention == 0 && !c.Redis.InProcess() {
		c.Retention = 5 * time.Minute
	}
	c.Retention = max(0, c.Retention)
	return c
}

// Client enqueues and inspects tasks. It is safe for concurrent use.
type Client struct {
	cfg        ClientConfig
	redis      *redis.Client
	asynq      *asynq.Client
	inspector  *asynq.Inspector
	registered atomic.Int64 // when the queues were last registered, in ns
}

// NewClient returns a client. It does not connect yet; see [Ping].
func NewClient(cfg ClientConfig) *Client {
	r := redis.NewClient(cfg.Redis.Options())
	return &Client{
		cfg:       cfg.withDefaults(),
		redis:     r,
		asynq:     asynq.NewClientFromRedisClient(r),
		inspector: asynq.NewInspectorFromRedisClient(r),
	}
}

// Close frees the client's connections. It must not be in use.
func (c *Client) Close() error { return c.redis.Close() }

// Enqueue implements [Enqueuer].
func (c *Client) Enqueue(ctx context.Context, ts ...Task) error {
	if err := c.register(ctx); err != nil {
		return c.wrap("enqueue", err)
	}
	if len(ts) == 1 {
		return c.enqueue(ctx, ts[0])
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelEnqueues)
	for _, t := range ts {
		g.Go(func() error { return c.enqueue(ctx, t) })
	}
	return g.Wait()
}

func (c *Client) enqueue(ctx context.Context, t Task) error {
	payload, err := t.payload()
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	_, err = c.asynq.EnqueueContext(ctx, asynq.NewTask(string(t.Kind), payload), c.options(t)...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return c.wrap("enqueue "+t.ID(), err)
	}
	return nil
}

func (c *Client) options(t Task) []asynq.Option {
	return []asynq.Option{
		asynq.Queue(queues[t.Kind]),
		asynq.TaskID(t.ID()),
		asynq.MaxRetry(manyTries),
		asynq.Timeout(c.cfg.Timeout + timeoutGrace),
		asynq.Retention(c.cfg.Retention),
	}
}

// register writes the names of the queues where the dashboard looks for them,
// unless that was done a moment ago. The library does so once per client,
// which is not enough if Redis loses its data.
func (c *Client) register(ctx context.Context) error {
	last, now := c.registered.Load(), time.Now().UnixNano()
	if now-last < int64(registerEvery) || !c.registered.CompareAndSwap(last, now) {
		return nil
	}
	err := register(ctx, c.redis)
	if err != nil {
		c.registered.Store(0)
	}
	return err
}

func register(ctx context.Context, r *redis.Client) error {
	return r.SAdd(ctx, registry, queues[PlanJob], queues[MapChunk], queues[ReduceNode]).Err()
}

func (c *Client) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s on %s: %w", what, c.cfg.Redis, err)
}
