package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/binglide/binglide/job"
)

var errFlaky = errors.New("flaky")

// givenUp collects what OnGiveUp is called with.
type givenUp chan error

func (g givenUp) record(_ context.Context, t Task, err error) error {
	g <- fmt.Errorf("%s: %w", t, err)
	return nil
}

func runsOnce(t *testing.T, r Redis) {
	c := newTestClient(t, r)
	var ts []Task
	for i := range int64(20) {
		ts = append(ts, chunk(i))
	}
	got := make(chan Task, 100)
	enqueue(t, c, ts...)
	enqueue(t, c, ts...)
	serve(t, ServerConfig{Redis: r, Concurrency: 4, Handlers: only(func(_ context.Context, t Task) (Result, error) {
		got <- t
		return Result{Bytes: 7}, nil
	})})
	seen := make(map[Task]int)
	for range ts {
		seen[await(t, got)]++
	}
	for _, task := range ts {
		awaitState(t, c, task, Finished)
		if seen[task] != 1 {
			t.Errorf("%s ran %d times", task, seen[task])
		}
	}
	enqueue(t, c, ts...) // a finished task is not run again
	if s, err := c.Queued(t.Context(), ts[0]); s != Finished || err != nil {
		t.Errorf("Queued = %s, %v", s, err)
	}
}

func retriesErrors(t *testing.T, r Redis) {
	c := newTestClient(t, r)
	var calls atomic.Int32
	enqueue(t, c, chunk(1))
	serve(t, ServerConfig{Redis: r, Handlers: only(func(context.Context, Task) (Result, error) {
		if calls.Add(1) < 3 {
			return Result{}, errFlaky
		}
		return Result{}, nil
	})})
	awaitState(t, c, chunk(1), Finished)
	if n := calls.Load(); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

func givesUpPermanent(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	var calls atomic.Int32
	serve(t, ServerConfig{Redis: r, OnGiveUp: given.record, Handlers: only(func(context.Context, Task) (Result, error) {
		calls.Add(1)
		return Result{}, fmt.Errorf("read: %w", job.ErrInputChanged)
	})})
	for n := range int32(2) {
		enqueue(t, c, chunk(1))
		err := await(t, given)
		awaitState(t, c, chunk(1), Archived)
		if calls.Load() != n+1 || !errors.Is(err, job.ErrInputChanged) {
			t.Errorf("gave up with %v after %d calls", err, calls.Load())
		}
		if err := c.Drop(t.Context(), chunk(1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Drop(t.Context(), chunk(1)); err != nil {
		t.Errorf("Drop of an absent task = %v", err)
	}
}

func givesUpExhausted(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	var calls atomic.Int32
	enqueue(t, c, chunk(1))
	serve(t, ServerConfig{Redis: r, MaxRetry: 2, OnGiveUp: given.record, Handlers: only(func(context.Context, Task) (Result, error) {
		calls.Add(1)
		return Result{}, errFlaky
	})})
	err := await(t, given)
	if n := calls.Load(); n != 3 || !errors.Is(err, errFlaky) {
		t.Errorf("gave up with %v after %d calls, want flaky after 3", err, n)
	}
	if ne, ok := errors.AsType[*job.NodeError](err); !ok || ne.Attempt != 2 || ne.Node != chunk(1).Node {
		t.Errorf("%v does not name node and attempt", err)
	}
	awaitState(t, c, chunk(1), Archived)
}

func survivesPanics(t *testing.T, r Redis) {
	c, given, log := newTestClient(t, r), make(givenUp, 10), new(logBuffer)
	enqueue(t, c, chunk(1))
	cfg := ServerConfig{Redis: r, MaxRetry: -1, OnGiveUp: given.record, Logger: log.logger()}
	cfg.Handlers = only(func(context.Context, Task) (Result, error) { panic("bad luck") })
	serve(t, cfg)
	err := await(t, given)
	if !strings.Contains(err.Error(), "handler panicked: bad luck") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("gave up with %v", err)
	}
	if log.count("server_test.go") == 0 {
		t.Error("the log has no stack")
	}
}

func revokesCancelled(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	enqueue(t, c, chunk(1))
	serve(t, ServerConfig{Redis: r, MaxRetry: -1, OnGiveUp: given.record, Handlers: only(func(context.Context, Task) (Result, error) {
		return Result{}, fmt.Errorf("map: %w", job.ErrCancelled)
	})})
	awaitState(t, c, chunk(1), Absent)
	if len(given) != 0 {
		t.Errorf("gave up with %v", <-given)
	}
}

func revokesBound(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	enqueue(t, c, chunk(1))
	cfg := ServerConfig{Redis: r, MaxRetry: -1, OnGiveUp: given.record}
	cfg.Bind = func(ctx context.Context, _ Task) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(50*time.Millisecond, func() { cancel(job.ErrCancelled) })
		return ctx, func() { cancel(nil) }
	}
	cfg.Handlers = only(func(ctx context.Context, _ Task) (Result, error) {
		<-ctx.Done()
		return Result{}, errFlaky // what the handler makes of it does not matter
	})
	serve(t, cfg)
	awaitState(t, c, chunk(1), Absent)
	if len(given) != 0 {
		t.Errorf("gave up with %v", <-given)
	}
}

func handsBack(t *testing.T, r Redis) {
	c, started, causes := newTestClient(t, r), make(chan Task, 2), make(chan error, 2)
	enqueue(t, c, chunk(1))
	stop := serve(t, ServerConfig{Redis: r, MaxRetry: -1, Handlers: only(func(ctx context.Context, t Task) (Result, error) {
		started <- t
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return Result{}, ctx.Err()
	})})
	await(t, started)
	begin := time.Now()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("stopping took %v", d)
	}
	if err := await(t, causes); !errors.Is(err, ErrStopping) {
		t.Errorf("the handler's context ended with %v", err)
	}
	awaitState(t, c, chunk(1), Pending)
	serve(t, ServerConfig{Redis: r, MaxRetry: -1, Handlers: only(func(context.Context, Task) (Result, error) { return Result{}, nil })})
	awaitState(t, c, chunk(1), Finished)
}

func handsBackDeaf(t *testing.T, r Redis) {
	c, started, release := newTestClient(t, r), make(chan Task, 1), make(chan struct{})
	defer close(release)
	enqueue(t, c, chunk(1))
	cfg := ServerConfig{Redis: r, ShutdownTimeout: 800 * time.Millisecond}
	cfg.Handlers = only(func(_ context.Context, t Task) (Result, error) {
		started <- t
		<-release
		return Result{}, nil
	})
	stop := serve(t, cfg)
	await(t, started)
	begin := time.Now()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begin); d > cfg.ShutdownTimeout {
		t.Errorf("stopping took %v", d)
	}
	awaitState(t, c, chunk(1), Pending)
}

func timesOut(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	enqueue(t, c, chunk(1))
	serve(t, ServerConfig{Redis: r, MaxRetry: -1, OnGiveUp: given.record, Handlers: only(func(ctx context.Context, _ Task) (Result, error) {
		<-ctx.Done()
		return Result{}, ctx.Err()
	})})
	if err := await(t, given); !errors.Is(err, errTimeout) || !strings.Contains(err.Error(), "after 1s") {
		t.Errorf("gave up with %v", err)
	}
}

// lose makes a pending task look as if a process had died with it a while ago.
func lose(t *testing.T, r Redis, task Task) {
	t.Helper()
	q := "asynq:{" + queues[task.Kind] + "}:"
	rc := dial(t, r)
	_, err := rc.LMove(t.Context(), q+"pending", q+"active", "RIGHT", "LEFT").Result()
	err = errors.Join(err,
		rc.HSet(t.Context(), q+"t:"+task.ID(), "state", "active").Err(),
		rc.Do(t.Context(), "ZADD", q+"lease", time.Now().Add(-time.Hour).Unix(), task.ID()).Err())
	if err != nil {
		t.Fatal(err)
	}
}

func recoversLost(t *testing.T, r Redis) {
	c := newTestClient(t, r)
	enqueue(t, c, chunk(1))
	lose(t, r, chunk(1))
	if err := c.Drop(t.Context(), chunk(1)); !errors.Is(err, ErrActive) {
		t.Errorf("Drop of an active task = %v", err)
	}
	serve(t, ServerConfig{Redis: r, MaxRetry: 1, Handlers: only(func(context.Context, Task) (Result, error) { return Result{}, nil })})
	awaitState(t, c, chunk(1), Finished)
}

func givesUpLost(t *testing.T, r Redis) {
	c, given := newTestClient(t, r), make(givenUp, 10)
	enqueue(t, c, chunk(1))
	lose(t, r, chunk(1))
	serve(t, ServerConfig{Redis: r, MaxRetry: -1, OnGiveUp: given.record, Handlers: only(func(context.Context, Task) (Result, error) {
		t.Error("called")
		return Result{}, nil
	})})
	if err := await(t, given); !errors.Is(err, errNoTryLeft) {
		t.Errorf("gave up with %v", err)
	}
	awaitState(t, c, chunk(1), Archived)
}

func listsWorkers(t *testing.T, r Redis) {
	c, started, release := newTestClient(t, r), make(chan Task, 1), make(chan struct{})
	enqueue(t, c, chunk(1), chunk(2), Task{Kind: PlanJob, Job: "abcdefghij234567"})
	serve(t, ServerConfig{Redis: r, Concurrency: 1, Handlers: only(func(_ context.Context, t Task) (Result, error) {
		started <- t
		<-release
		return Result{}, nil
	})})
	await(t, started)
	ds, err := c.Depths(t.Context())
	want := []Depth{{Queue: "plan", Pending: 1}, {Queue: "map", Pending: 1, Active: 1}, {Queue: "reduce"}}
	if err != nil || fmt.Sprint(ds) != fmt.Sprint(want) {
		t.Errorf("Depths = %v, %v, want %v", ds, err, want)
	}
	ws, err := c.Workers(t.Context())
	if err != nil || len(ws) != 1 || ws[0].Concurrency != 1 || len(ws[0].Queues) != 1 || ws[0].Queues[0] != "map" {
		t.Errorf("Workers = %+v, %v", ws, err)
	}
	close(release)
	await(t, started)
}

func TestServer_FailureNotRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := embedded(t)
		c := newTestClient(t, r)
		var calls, records atomic.Int32
		enqueue(t, c, chunk(1))
		cfg := ServerConfig{Redis: r, MaxRetry: -1}
		cfg.Handlers = only(func(context.Context, Task) (Result, error) { calls.Add(1); return Result{}, errFlaky })
		cfg.OnGiveUp = func(context.Context, Task, error) error {
			switch records.Add(1) {
			case 1, 2:
				return errors.New("store down")
			case 3:
				panic("store down")
			}
			return nil
		}
		serve(t, cfg)
		time.Sleep(time.Minute)
		awaitState(t, c, chunk(1), Archived)
		if calls.Load() != 2 || records.Load() != 4 {
			t.Errorf("%d calls, %d records, want 2 and 4", calls.Load(), records.Load())
		}
	})
}

func TestServer_DeafHandlersKeepTheirSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := embedded(t)
		c, log, release := newTestClient(t, r), new(logBuffer), make(chan struct{})
		var now, most atomic.Int32
		enqueue(t, c, chunk(1), chunk(2), chunk(3))
		cfg := ServerConfig{Redis: r, Concurrency: 1, Logger: log.logger()}
		cfg.Handlers = only(func(context.Context, Task) (Result, error) {
			most.Store(max(most.Load(), now.Add(1)))
			<-release
			now.Add(-1)
			return Result{}, nil
		})
		serve(t, cfg)
		time.Sleep(time.Minute) // each task's deadline is 6 s
		close(release)
		for i := range int64(3) {
			awaitState(t, c, chunk(i+1), Finished)
		}
		if most.Load() != 1 {
			t.Errorf("%d handlers ran at once, want 1", most.Load())
		}
		if log.count("ignore the end of their context") == 0 {
			t.Error("the log does not say so")
		}
	})
}

func TestNewServer_Invalid(t *testing.T) {
	t.Parallel()
	for _, cfg := range []ServerConfig{
		{},
		{Handlers: map[Kind]Handler{MapChunk: nil}},
		{Handlers: map[Kind]Handler{"chunk:mop": func(context.Context, Task) (Result, error) { return Result{}, nil }}},
	} {
		if _, err := NewServer(cfg); !errors.Is(err, job.ErrInvalid) {
			t.Errorf("NewServer(%v) = %v", cfg, err)
		}
	}
}
