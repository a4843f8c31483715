package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

func node(i int64) queue.Task {
	return queue.Task{Kind: queue.MapChunk, Job: "abcdefghij234567", Node: job.Node{Level: 3, Index: i}}
}

func nodes(n int64) (ts []queue.Task) {
	for i := range n {
		ts = append(ts, node(i))
	}
	return ts
}

func only(h func(ctx context.Context, t queue.Task) error) map[queue.Kind]queue.Handler {
	return map[queue.Kind]queue.Handler{queue.MapChunk: func(ctx context.Context, t queue.Task) (queue.Result, error) {
		return queue.Result{}, h(ctx, t)
	}}
}

func mustEnqueue(t *testing.T, q *Queue, ts ...queue.Task) {
	t.Helper()
	if err := q.Enqueue(t.Context(), ts...); err != nil {
		t.Fatal(err)
	}
}

func mustRun(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestQueue_WithoutFaults(t *testing.T) {
	t.Parallel()
	q := New(Config{Seed: 1, Keep: true, Handlers: only(func(context.Context, queue.Task) error { return nil })})
	mustEnqueue(t, q, nodes(50)...)
	mustEnqueue(t, q, nodes(50)...)
	mustRun(t, q)
	got := q.Started()
	if slices.Equal(got, nodes(50)) {
		t.Error("tasks came in order")
	}
	slices.SortFunc(got, func(a, b queue.Task) int { return int(a.Node.Index - b.Node.Index) })
	if !slices.Equal(got, nodes(50)) {
		t.Errorf("started %v", got)
	}
	mustEnqueue(t, q, node(1))
	if s, err := q.Queued(t.Context(), node(1)); s != queue.Finished || err != nil || q.Len() != 0 {
		t.Errorf("kept task is %s, %d to come, %v", s, q.Len(), err)
	}
}

func TestQueue_Rough(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (started []queue.Task, done map[queue.Task]bool) {
		done = make(map[queue.Task]bool)
		q := New(Config{Seed: seed, Faults: Rough(), Handlers: only(func(ctx context.Context, task queue.Task) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			done[task] = true
			return nil
		})})
		mustEnqueue(t, q, nodes(100)...)
		mustRun(t, q)
		return q.Started(), done
	}
	var before []queue.Task
	for seed := range uint64(20) {
		started, done := run(seed)
		again, _ := run(seed)
		if len(done) != 100 {
			t.Errorf("seed %d: %d tasks done, want 100", seed, len(done))
		}
		if !slices.Equal(started, again) {
			t.Errorf("seed %d: two runs differ", seed)
		}
		if len(started) <= 100 || slices.Equal(started, before) {
			t.Errorf("seed %d: %d starts: no faults, or those of the seed before", seed, len(started))
		}
		before = started
	}
}

// Each fault alone shows in the number of starts of one task.
func TestQueue_Faults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		f         Faults
		more      bool // starts than tasks
		forgotten bool
	}{
		{"duplicate", Faults{Duplicate: .5}, true, false},
		{"delay", Faults{Delay: .5}, false, false},
		{"lose", Faults{Lose: .5}, false, false},
		{"crash", Faults{Crash: .5}, true, false},
		{"stop", Faults{Stop: .5}, true, false},
		{"forget", Faults{Forget: .5}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := New(Config{Seed: 7, Faults: tt.f, Handlers: only(func(ctx context.Context, _ queue.Task) error { return context.Cause(ctx) })})
			mustEnqueue(t, q, nodes(40)...)
			mustRun(t, q)
			n := len(q.Started())
			if tt.more && n <= 40 || !tt.more && !tt.forgotten && n != 40 || tt.forgotten && n >= 40 {
				t.Errorf("%d starts of 40 tasks", n)
			}
		})
	}
}

func TestQueue_ForgottenNeedsNewAttempt(t *testing.T) {
	t.Parallel()
	q := New(Config{Faults: Faults{Forget: .999}, Handlers: only(func(context.Context, queue.Task) error { return nil })})
	task := node(1)
	for range 3 {
		mustEnqueue(t, q, task)
		mustRun(t, q)
	}
	if s, _ := q.Queued(t.Context(), task); s != queue.Pending || len(q.Started()) != 0 {
		t.Fatalf("forgotten task is %s, started %v", s, q.Started())
	}
	q.cfg.Faults = Faults{}
	task.Attempt++
	mustEnqueue(t, q, task)
	mustRun(t, q)
	if !slices.Equal(q.Started(), []queue.Task{task}) {
		t.Errorf("started %v, want %v", q.Started(), task)
	}
}

func TestQueue_Verdicts(t *testing.T) {
	t.Parallel()
	errFlaky := errors.New("flaky")
	for _, tt := range []struct {
		name          string
		err           error
		starts, given int
		state         queue.State
	}{
		{"done", nil, 1, 0, queue.Finished},
		{"error", errFlaky, 3, 1, queue.Archived},
		{"permanent", fmt.Errorf("x: %w", job.ErrInvalid), 1, 1, queue.Archived},
		{"cancelled", fmt.Errorf("x: %w", job.ErrCancelled), 1, 0, queue.Absent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			given := 0
			q := New(Config{MaxRetry: 2, Keep: true, Handlers: only(func(context.Context, queue.Task) error { return tt.err }),
				OnGiveUp: func(_ context.Context, _ queue.Task, err error) error {
					given++
					if !errors.Is(err, tt.err) {
						t.Errorf("gave up with %v", err)
					}
					return nil
				}})
			mustEnqueue(t, q, node(1))
			mustRun(t, q)
			s, _ := q.Queued(t.Context(), node(1))
			if len(q.Started()) != tt.starts || given != tt.given || s != tt.state {
				t.Errorf("%d starts, given up %d times, %s", len(q.Started()), given, s)
			}
			if err := q.Drop(t.Context(), node(1)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestQueue_FailureNotRecorded(t *testing.T) {
	t.Parallel()
	records := 0
	q := New(Config{Handlers: only(func(context.Context, queue.Task) error { return job.ErrInvalid }),
		OnGiveUp: func(context.Context, queue.Task, error) error {
			if records++; records < 3 {
				return errors.New("store down")
			}
			return nil
		}})
	mustEnqueue(t, q, node(1))
	mustRun(t, q)
	if records != 3 || len(q.Started()) != 3 {
		t.Errorf("%d records, %d starts, want 3", records, len(q.Started()))
	}
}

// Handlers may enqueue, look at their own task and lose the whole queue.
func TestQueue_UsedByHandlers(t *testing.T) {
	t.Parallel()
	var q *Queue
	q = New(Config{Handlers: only(func(ctx context.Context, task queue.Task) error {
		if err := q.Drop(ctx, task); !errors.Is(err, queue.ErrActive) {
			t.Errorf("Drop of the running task = %v", err)
		}
		switch i := task.Node.Index; {
		case i < 5:
			return q.Enqueue(ctx, node(i+1), node(i+1))
		case i == 5:
			mustEnqueue(t, q, node(50), node(51))
			q.Flush()
			return errors.New("not tried again: its trace is gone")
		}
		return nil
	})})
	mustEnqueue(t, q, node(0))
	mustRun(t, q)
	if !slices.Equal(q.Started(), nodes(6)) {
		t.Errorf("started %v", q.Started())
	}
}

func TestQueue_RunErrors(t *testing.T) {
	t.Parallel()
	q := New(Config{MaxRetry: 1000, MaxDeliveries: 100, Handlers: only(func(context.Context, queue.Task) error { return errors.New("always") })})
	mustEnqueue(t, q, node(1))
	if err := q.Run(t.Context()); !errors.Is(err, ErrEndless) {
		t.Errorf("Run = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
	if err := q.Enqueue(ctx, node(2)); !errors.Is(err, context.Canceled) {
		t.Errorf("Enqueue = %v", err)
	}
	q = New(Config{})
	mustEnqueue(t, q, node(1))
	if err := q.Run(t.Context()); err == nil {
		t.Error("a task without a handler was delivered")
	}
}
