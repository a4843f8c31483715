package coord

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// LeaseFor is how long a driver that died keeps others away.
const LeaseFor = 5 * time.Second

// Lease makes owner the one that drives a job for the next LeaseFor, and
// reports whether it is. The owner renews it by calling again. Two drivers at
// once, after a pause longer than the lease, do no harm: they repeat steps.
func (r *Redis) Lease(ctx context.Context, id job.ID, owner string) (bool, error) {
	n, err := leaseScript.Run(ctx, r.rdb, []string{jobKey(id, "driver")}, owner, LeaseFor.Milliseconds()).Int()
	return n == 1, err
}

// Release gives the lease back, if owner has it.
func (r *Redis) Release(ctx context.Context, id job.ID, owner string) error {
	return releaseScript.Run(ctx, r.rdb, []string{jobKey(id, "driver")}, owner).Err()
}

var leaseScript = redis.NewScript(`
local have = redis.call('GET', KEYS[1])
if have and have ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Mark keeps a sign of life of an attempt at a node until the returned
// function is called.
func (r *Redis) Mark(ctx context.Context, id job.ID, n job.Node) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	key := jobKey(id, "mark:"+n.String())
	go func() {
		defer close(done)
		tick := time.NewTicker(markEvery)
		defer tick.Stop()
		for {
			r.rdb.Set(ctx, key, 1, markFor) // a missed renewal costs a second attempt at most
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// Marked reports for each node whether an attempt at it is alive.
func (r *Redis) Marked(ctx context.Context, id job.ID, nodes []job.Node) ([]bool, error) {
	pipe := r.rdb.Pipeline()
	cmds := make([]*redis.IntCmd, len(nodes))
	for i, n := range nodes {
		cmds[i] = pipe.Exists(ctx, jobKey(id, "mark:"+n.String()))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	alive := make([]bool, len(nodes))
	for i, c := range cmds {
		alive[i] = c.Val() == 1
	}
	return alive, nil
}

// Marking wraps a handler so that its attempts are marked while they run.
func (r *Redis) Marking(h queue.Handler) queue.Handler {
	return func(ctx context.Context, t queue.Task) (queue.Result, error) {
		defer r.Mark(ctx, t.Job, t.Node)()
		return h(ctx, t)
	}
}
