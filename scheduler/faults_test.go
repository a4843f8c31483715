package scheduler_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
)

// flaky is a store that fails some calls.
type flaky struct {
	storage.Store
	stat func(key string) error // before each Stat; defaults to no fault
	got  func(key string)       // after each Get; defaults to nothing
}

func (f *flaky) Stat(ctx context.Context, key string) (storage.Info, error) {
	if f.stat != nil {
		if err := f.stat(key); err != nil {
			return storage.Info{}, storage.WrapKey("stat", key, err)
		}
	}
	return f.Store.Stat(ctx, key)
}

func (f *flaky) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := f.Store.Get(ctx, key)
	if f.got != nil {
		f.got(key)
	}
	return b, err
}

// TestJob_InterruptedLocal: in one process no other scheduler would go on with a
// job whose driver met an error.
func TestJob_InterruptedLocal(t *testing.T) {
	t.Parallel()
	var faults atomic.Int32
	f := &flaky{stat: func(key string) error {
		if strings.HasPrefix(key, layout.Nodes) && faults.Add(1) <= 3 {
			return storage.ErrUnreachable
		}
		return nil
	}}
	c := newCluster(t, func(s storage.Store) storage.Store { f.Store = s; return f })
	c.client.Local = true
	c.scheduler(true)
	data := content(300 * kib)
	s := spec(c.put(data), histogram.Analysis{})
	c.submit(s)
	c.workers()
	c.requireResult(s, data)
	if faults.Load() <= 3 {
		t.Error("the faults were not met")
	}
	if marks := c.objects(layout.Open); len(marks) > 0 {
		t.Errorf("a local job is marked open: %s", marks)
	}
}

// TestClient_StatusForgotten: a job that ends between the reading of its facts
// and of its progress has not fallen back to the start.
func TestClient_StatusForgotten(t *testing.T) {
	t.Parallel()
	f := &flaky{}
	c := newCluster(t, func(s storage.Store) storage.Store { f.Store = s; return f })
	s := spec(c.put(content(100)), histogram.Analysis{})
	if err := c.facts.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	f.got = func(key string) {
		if key != layout.JobFact(s.ID, layout.Cancelled) { // the last that is read
			return
		}
		f.got = nil
		if err := c.facts.Done(t.Context(), s.ID, job.Done{ChunksTotal: 1}); err != nil {
			t.Error(err)
		}
	}
	st, err := c.client.Status(t.Context(), s.ID)
	if err != nil || st.State != job.StateDone || st.Progress.ChunksDone != 1 {
		t.Errorf("Status = %s, %+v, %v; want done", st.State, st.Progress, err)
	}
}

func TestClient_SubmitInvalid(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	s := spec(c.put(content(100)))
	if err := c.client.Submit(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no analysis named") {
		t.Errorf("Submit = %v", err)
	}
}

func TestClient_SubmitWithoutRedis(t *testing.T) {
	t.Parallel()
	for _, local := range []bool{false, true} {
		c := newCluster(t, nil)
		c.client.Local = local
		s := spec(c.put(content(100)), histogram.Analysis{})
		c.tasks.Close()
		err := c.client.Submit(t.Context(), s)
		if err == nil || strings.Contains(err.Error(), "a scheduler will find it") == local {
			t.Errorf("local %v: Submit = %v", local, err)
		}
		if _, err := c.facts.Spec(t.Context(), s.ID); err != nil {
			t.Errorf("local %v: %v", local, err)
		}
	}
}

func TestJob_Cancelled(t *testing.T) {
	t.Parallel()
	g := newGate(20)
	slow := toy{"slow", g.pass}
	c := newCluster(t, nil, slow).all()
	data := content(40 * 64 * kib)
	in := c.put(data)
	first, other := spec(in, slow), spec(in, histogram.Analysis{})
	c.submit(first)
	c.until(first.ID, func(st job.Status) bool { return st.Progress.ChunksDone >= 18 })
	if err := c.client.Cancel(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if st := c.wait(first.ID); st.State != job.StateCancelled {
		t.Fatalf("job is %s", st.State)
	}
	g.open()
	c.requireDone(other, data)
	if st := c.wait(first.ID); st.State != job.StateCancelled || st.Progress.ChunksDone > 30 {
		t.Errorf("a cancelled job is %s and went on: %+v", st.State, st.Progress)
	}
	c.requireDone(spec(in, slow), data)
	if g.passed > 50 { // two at work, and those begun before the word got round
		t.Errorf("40 chunks were mapped %d times: the finished ones were lost", g.passed)
	}
	if err := c.client.Cancel(t.Context(), other.ID); err != nil {
		t.Errorf("cancel a job that is done: %v", err)
	}
	if st := c.wait(other.ID); st.State != job.StateDone {
		t.Errorf("a job that was done is %s", st.State)
	}
}

// TestJob_TakenOver: the first scheduler ends in mid-job, and the second goes on.
func TestJob_TakenOver(t *testing.T) {
	t.Parallel()
	g := newGate(20)
	slow := toy{"slow", g.pass}
	c := newCluster(t, nil, slow)
	c.workers()
	stop := c.scheduler(false)
	data := content(40 * 64 * kib)
	s := spec(c.put(data), slow)
	c.submit(s)
	c.until(s.ID, func(st job.Status) bool { return st.Progress.ChunksDone >= 18 })
	c.scheduler(false)
	stop()
	g.open()
	if done := c.requireResult(s, data); done.ChunksMapped != 40 {
		t.Errorf("%d of 40 chunks mapped", done.ChunksMapped)
	}
}

func TestClient_Watch(t *testing.T) {
	t.Parallel()
	g := newGate(0)
	slow := toy{"slow", g.pass}
	c := newCluster(t, nil, slow)
	s := spec(c.put(content(5*64*kib)), slow)
	c.submit(s)
	for st, err := range c.client.Watch(t.Context(), s.ID) { // at once, with nobody at work
		if err != nil || st.State != job.Running || st.Progress.ChunksTotal != 5 {
			t.Fatalf("first status: %+v, %v", st, err)
		}
		break
	}
	ends := make(chan job.Status)
	for range 3 {
		go func() { ends <- c.wait(s.ID) }()
	}
	c.all()
	g.open()
	for range 3 {
		if st := <-ends; st.State != job.StateDone {
			t.Errorf("a watcher ends with %s", st.State)
		}
	}
}

func TestClient_WatchEnds(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	s := spec(c.put(content(100)), histogram.Analysis{})
	c.submit(s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range c.client.Watch(ctx, s.ID) {
		last = err
		cancel()
	}
	if last == nil {
		t.Error("Watch ended without an error when its context did")
	}
}
