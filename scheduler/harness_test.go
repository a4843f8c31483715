package scheduler_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/words"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/scheduler"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
)

const kib = 1 << 10

// cluster is all the parts of binglide around one store and one Redis.
type cluster struct {
	t      *testing.T
	store  *mem.Store
	redis  queue.Redis
	rdb    *redis.Client
	opener *jobs.Opener
	client *scheduler.Client
	board  *coord.Redis
	commit *coord.Committer
	tasks  *queue.Client
	jobs   *jobs.Cache
	facts  *jobs.Facts
}

// newCluster joins the parts around a store, which may have a wrapper that the
// parts see in its place. Nothing runs yet.
func newCluster(t *testing.T, wrap func(storage.Store) storage.Store, extra ...analysis.Analysis) *cluster {
	t.Helper()
	r, stop, err := queue.Embedded(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	c := &cluster{t: t, store: mem.New(), redis: r, rdb: redis.NewClient(r.Options())}
	t.Cleanup(func() { c.rdb.Close() })
	var store storage.Store = c.store
	if wrap != nil {
		store = wrap(store)
	}
	all := append([]analysis.Analysis{histogram.Analysis{}, digram.Analysis{}, words.Analysis{}}, extra...)
	c.facts = jobs.NewFacts(store)
	c.opener = &jobs.Opener{Facts: c.facts, Registry: analysis.NewRegistry(all...), Sources: input.Sources{Store: store}}
	c.jobs = jobs.NewCache(c.opener)
	c.board = coord.NewRedis(c.rdb)
	c.tasks = queue.NewClient(queue.ClientConfig{Redis: r})
	t.Cleanup(func() { c.tasks.Close() })
	c.commit = &coord.Committer{Facts: c.facts, Board: c.board, Queue: c.tasks, Log: quiet()}
	c.client = &scheduler.Client{Facts: c.facts, Board: c.board, Queue: c.tasks}
	return c
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start runs a part until the returned function is called or the test ends.
func (c *cluster) start(run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { run(ctx) })
	stop = func() { cancel(); wg.Wait() }
	c.t.Cleanup(stop)
	return stop
}

func (c *cluster) serve(kind queue.Kind, h queue.Handler, cancels *coord.Cancels) (stop func()) {
	server, err := queue.NewServer(queue.ServerConfig{
		Redis: c.redis, Handlers: map[queue.Kind]queue.Handler{kind: h}, Concurrency: 2,
		CheckInterval: 2 * time.Millisecond, OnGiveUp: c.commit.GiveUp,
		Bind: func(ctx context.Context, t queue.Task) (context.Context, context.CancelFunc) {
			return cancels.Guard(ctx, t.Job)
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.start(func(ctx context.Context) {
		if err := server.Run(ctx); err != nil && ctx.Err() == nil {
			c.t.Errorf("serve %s: %v", kind, err)
		}
	})
}

// scheduler runs a scheduler.
func (c *cluster) scheduler(local bool) (stop func()) {
	s := c.server(local)
	cancels := coord.NewCancels(c.facts, c.board, quiet())
	endTasks := c.serve(queue.PlanJob, s.Handle, cancels)
	endRun := c.start(s.Run)
	return func() { endTasks(); endRun() }
}

func (c *cluster) server(local bool) *scheduler.Server {
	return scheduler.NewServer(scheduler.Config{
		Facts: c.facts, Jobs: c.jobs, Board: c.board, Commit: c.commit,
		Queue: c.tasks, Log: quiet(), Local: local, Window: 8,
	})
}

// workers runs a mapper and a reducer.
func (c *cluster) workers() {
	cancels := coord.NewCancels(c.facts, c.board, quiet())
	c.start(cancels.Run)
	m := &mapper.Mapper{Jobs: c.jobs, Commit: c.commit}
	c.serve(queue.MapChunk, c.board.Marking(m.Handle), cancels)
	r := &reducer.Reducer{Jobs: c.jobs, Commit: c.commit}
	c.serve(queue.ReduceNode, c.board.Marking(r.Handle), cancels)
}

func (c *cluster) all() *cluster {
	c.workers()
	c.scheduler(false)
	return c
}

// put stores bytes as an input in chunks of 64 KiB.
func (c *cluster) put(data []byte) job.Input {
	c.t.Helper()
	in, _, err := input.Put(c.t.Context(), c.store, newReader(data), input.PutOptions{Level: 1, Name: "disk.img"})
	if err != nil {
		c.t.Fatal(err)
	}
	return in
}

// spec returns a job over the whole of an input.
func spec(in job.Input, all ...analysis.Analysis) *job.Spec {
	s := &job.Spec{ID: job.NewID(), Input: in, Region: job.Range{Length: in.Size}, ChunkLevel: 1}
	for _, a := range all {
		s.Analyses = append(s.Analyses, a.ID())
	}
	return s
}

// wait watches a job to its end, within a time that only a hanging job needs.
func (c *cluster) wait(id job.ID) job.Status {
	c.t.Helper()
	return c.until(id, func(st job.Status) bool { return st.State.Final() })
}

// until watches a job until reached holds of its status.
func (c *cluster) until(id job.ID, reached func(job.Status) bool) job.Status {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	var last job.Status
	for st, err := range c.client.Watch(ctx, id) {
		if err != nil {
			c.t.Fatalf("watch job: %v; last seen: %+v", err, last.Progress)
		}
		if last = st; reached(st) {
			return st
		}
	}
	c.t.Fatalf("job ended %s: %+v", last.State, last.Failed)
	return last
}

func (c *cluster) submit(s *job.Spec) {
	c.t.Helper()
	if err := c.client.Submit(c.t.Context(), s); err != nil {
		c.t.Fatal(err)
	}
}

// requireDone runs a job and checks its results against one pass over the bytes.
func (c *cluster) requireDone(s *job.Spec, data []byte) *job.Done {
	c.t.Helper()
	c.submit(s)
	return c.requireResult(s, data)
}

func (c *cluster) requireResult(s *job.Spec, data []byte) *job.Done {
	c.t.Helper()
	st := c.wait(s.ID)
	if st.State != job.StateDone {
		c.t.Fatalf("job is %s: %+v", st.State, st.Failed)
	}
	j, err := c.opener.Open(c.t.Context(), s.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	for i, a := range j.Analyses {
		got, err := j.Summary(c.t.Context(), i, j.Tree.Root())
		if err != nil {
			c.t.Fatal(err)
		}
		files, want := analysistest.Files(c.t, got), analysistest.Files(c.t, analysistest.Whole(c.t, a, data))
		for name := range want {
			if files[name] != want[name] {
				c.t.Errorf("%s differs from one pass over the input", name)
			}
		}
	}
	if p := st.Progress; p.ChunksDone != s.Tree().Leaves() || p.BytesDone != s.Region.Length {
		c.t.Errorf("progress of a job that is done: %+v", p)
	}
	return st.Done
}

func content(n int) []byte { return analysistest.Mixed(rand.New(rand.NewPCG(1, uint64(n))), n) }

// objects returns the keys stored under a prefix.
func (c *cluster) objects(prefix string) (keys []string) {
	c.t.Helper()
	for info, err := range c.store.List(c.t.Context(), prefix) {
		if err != nil {
			c.t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// damage replaces an object by garbage.
func (c *cluster) damage(key string) {
	c.t.Helper()
	c.remove(key)
	if err := c.store.Put(c.t.Context(), key, []byte("garbage")); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) remove(key string) {
	c.t.Helper()
	if err := c.store.Delete(c.t.Context(), key); err != nil {
		c.t.Fatal(err)
	}
}
