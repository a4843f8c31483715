package coord_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

// guard is a running guard and the facts it looks at.
type guard struct {
	*coord.Cancels
	facts *jobs.Facts
	calls *storagetest.Calls
}

func newGuard(t *testing.T, board *coord.Redis) guard {
	t.Helper()
	store, calls := storagetest.Counting(mem.New())
	facts := jobs.NewFacts(store)
	return guard{coord.NewCancels(facts, board, quiet()), facts, calls}
}

func (g guard) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); g.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func (g guard) cancel(t *testing.T, id job.ID) {
	t.Helper()
	if err := g.facts.Cancelled(t.Context(), id, job.Cancelled{At: 1}); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the end of a context and returns its cause.
func ended(t *testing.T, ctx context.Context, within time.Duration) error {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(within):
		t.Fatalf("the context has not ended within %v", within)
	}
	return context.Cause(ctx)
}

func TestGuard_CancelledBefore(t *testing.T) {
	t.Parallel()
	g, id := newGuard(t, nil), job.NewID()
	g.cancel(t, id)
	for range 2 { // the first looks, the second knows
		ctx, done := g.Guard(t.Context(), id)
		if err := context.Cause(ctx); !errors.Is(err, job.ErrCancelled) {
			t.Errorf("cause %v, want %v", err, job.ErrCancelled)
		}
		done()
	}
}

func TestGuard_FactWithoutBroadcast(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		g, id, other := newGuard(t, board), job.NewID(), job.NewID()
		g.run(t)
		ctx, done := g.Guard(t.Context(), id)
		defer done()
		harmless, doneToo := g.Guard(t.Context(), other)
		defer doneToo()
		if ctx.Err() != nil {
			t.Fatal("ended before it was cancelled")
		}
		g.cancel(t, id)
		if err := ended(t, ctx, 2*time.Second); !errors.Is(err, job.ErrCancelled) {
			t.Errorf("cause %v, want %v", err, job.ErrCancelled)
		}
		if harmless.Err() != nil {
			t.Error("the handler of another job ended too")
		}
	})
}

func TestGuard_BroadcastIsQuick(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		g, id := newGuard(t, board), job.NewID()
		g.run(t)
		eventually(t, "the subscription", func() bool {
			return rdb.PubSubNumSub(t.Context(), "binglide:cancel").Val()["binglide:cancel"] > 0
		})
		ctx, done := g.Guard(t.Context(), id)
		defer done()
		g.cancel(t, id)
		start := time.Now()
		if err := board.BroadcastCancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := ended(t, ctx, 2*time.Second); !errors.Is(err, job.ErrCancelled) {
			t.Errorf("cause %v, want %v", err, job.ErrCancelled)
		}
		t.Logf("ended %v after the broadcast", time.Since(start))
	})
}

func TestGuard_BroadcastWithoutFactIsNothing(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(embedded(t).Options())
	t.Cleanup(func() { rdb.Close() })
	board := coord.NewRedis(rdb)
	g, id := newGuard(t, board), job.NewID()
	g.run(t)
	ctx, done := g.Guard(t.Context(), id)
	defer done()
	looked := g.calls.Count(storagetest.Stat)
	eventually(t, "a look for the fact", func() bool {
		if err := board.BroadcastCancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return g.calls.Count(storagetest.Stat) > looked
	})
	if ctx.Err() != nil {
		t.Error("a broadcast alone ended a handler: the fact decides")
	}
}

func TestGuard_DoneEndsTheContextWithoutBlame(t *testing.T) {
	t.Parallel()
	g := newGuard(t, nil)
	ctx, done := g.Guard(t.Context(), job.NewID())
	done()
	if err := context.Cause(ctx); errors.Is(err, job.ErrCancelled) || err == nil {
		t.Errorf("cause %v, want a plain end", err)
	}
}

func TestGuard_RowOfShortTasksLooksOnce(t *testing.T) {
	t.Parallel()
	g, id := newGuard(t, nil), job.NewID()
	start := time.Now()
	for range 50 {
		_, done := g.Guard(t.Context(), id)
		done()
	}
	if got, most := g.calls.Count(storagetest.Stat), 1+int(time.Since(start)/time.Second); got > most {
		t.Errorf("%d looks for the fact, want at most one a second", got)
	}
}

func TestGuard_StoreDownIsNoCancel(t *testing.T) {
	t.Parallel()
	down := storagetest.WithFault(mem.New(), func(storagetest.Call) storagetest.Fault {
		return storagetest.Fault{Rejected: storage.ErrUnreachable}
	})
	g := coord.NewCancels(jobs.NewFacts(down), nil, quiet())
	ctx, done := g.Guard(t.Context(), job.NewID())
	defer done()
	if ctx.Err() != nil {
		t.Error("a store that does not answer cancelled a job")
	}
}
