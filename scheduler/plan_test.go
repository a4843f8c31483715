package scheduler

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"

	"github.com/redis/go-redis/v9"
)

// openJob returns a job over a file that nobody reads, in chunks of 64 KiB.
func openJob(t testing.TB, store storage.Store, size int64) *jobs.Job {
	t.Helper()
	o := &jobs.Opener{
		Facts: jobs.NewFacts(store), Registry: analysis.NewRegistry(histogram.Analysis{}, digram.Analysis{}),
		Sources: input.Sources{Store: store},
	}
	j, err := o.OpenSpec(&job.Spec{
		ID: job.NewID(), Input: job.Input{Size: size, File: &job.File{}}, Region: job.Range{Length: size}, ChunkLevel: 1,
		Analyses: []job.AnalysisID{histogram.Analysis{}.ID(), digram.Analysis{}.ID()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// stored stores something under the keys of a node.
func stored(t *testing.T, j *jobs.Job, n job.Node) {
	t.Helper()
	for i := range j.Analyses {
		if err := j.Put(t.Context(), i, n, j.New(i, n)); err != nil {
			t.Fatal(err)
		}
	}
}

func planned(t *testing.T, j *jobs.Job) (adopted, chunks []job.Node) {
	t.Helper()
	for s, err := range plan(t.Context(), j) {
		switch {
		case err != nil:
			t.Fatal(err)
		case s.stored:
			adopted = append(adopted, s.node)
		default:
			chunks = append(chunks, s.node)
		}
	}
	return adopted, chunks
}

func TestPlan_Cold(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 40<<16)
	adopted, chunks := planned(t, j)
	if want := slices.Collect(j.Tree.Spread()); len(adopted) > 0 || !slices.Equal(chunks, want) {
		t.Errorf("plan adopts %v and maps %v, want %v", adopted, chunks, want)
	}
}

func TestPlan_PartlyStored(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 40<<16)
	node := job.Node{Level: 2, Index: 1}
	stored(t, j, node)
	stored(t, j, job.Node{Level: 1, Index: 20}) // under it: not looked at
	half := job.Node{Level: 2}
	if err := j.Put(t.Context(), 0, half, j.New(0, half)); err != nil { // one analysis of two
		t.Fatal(err)
	}
	adopted, chunks := planned(t, j)
	if !slices.Equal(adopted, []job.Node{node}) || len(chunks) != 24 {
		t.Errorf("plan adopts %v and maps %d chunks, want [%s] and 24", adopted, len(chunks), node)
	}
	for _, n := range chunks {
		if n.Parent() == node {
			t.Errorf("chunk %s under the stored node is planned", n)
		}
	}
}

func TestPlan_Stored(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 40<<16)
	stored(t, j, j.Tree.Root())
	if adopted, chunks := planned(t, j); !slices.Equal(adopted, []job.Node{j.Tree.Root()}) || len(chunks) > 0 {
		t.Errorf("plan adopts %v and maps %v, want the root alone", adopted, chunks)
	}
}

func TestPlan_RootCorrupt(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{1 << 16, 40 << 16} { // the root is a chunk, is above chunks
		store := mem.New()
		j := openJob(t, store, size)
		stored(t, j, j.Tree.Root())
		keys, err := j.Keys.Of(t.Context(), j.Tree.Root())
		if err != nil {
			t.Fatal(err)
		}
		key := layout.Node("digram", keys[1])
		if err := errors.Join(store.Delete(t.Context(), key), store.Put(t.Context(), key, []byte("x"))); err != nil {
			t.Fatal(err)
		}
		if adopted, chunks := planned(t, j); len(adopted) > 0 || int64(len(chunks)) != j.Tree.Leaves() {
			t.Errorf("plan adopts %v and maps %d chunks, want all %d", adopted, len(chunks), j.Tree.Leaves())
		}
		if missing, err := j.Missing(t.Context(), j.Tree.Root()); !slices.Equal(missing, []int{1}) || err != nil {
			t.Errorf("missing of the root: %v, %v; want the corrupt one dropped", missing, err)
		}
	}
}

func TestPlan_Error(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 40<<16)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range plan(ctx, j) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("plan yields %v", err)
		}
	}
	if n != 1 {
		t.Errorf("plan yields %d times after an error", n)
	}
}

// newBoard returns a board on a Redis in this process.
func newBoard(t *testing.T) *coord.Redis {
	t.Helper()
	r, stop, err := queue.Embedded(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(r.Options())
	t.Cleanup(func() { rdb.Close(); stop() })
	return coord.NewRedis(rdb)
}

func arrive(t *testing.T, b *coord.Redis, j *jobs.Job, nodes ...job.Node) {
	t.Helper()
	for _, n := range nodes {
		if _, err := b.Arrive(t.Context(), j.Spec.ID, j.Tree, n); err != nil {
			t.Fatal(err)
		}
	}
}

func newDriver(t *testing.T, j *jobs.Job) *driver {
	return &driver{
		Server: &Server{cfg: Config{Board: newBoard(t), Window: 8}}, job: j, id: j.Spec.ID,
		window: make(map[job.Node]time.Time),
	}
}

func TestUnmerged(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 64<<20) // 1024 chunks under 64, 4 and 1
	d := newDriver(t, j)
	adopted := job.Node{Level: 3, Index: 2}
	first, count := j.Tree.LeavesUnder(adopted)
	for i := range count {
		arrive(t, d.cfg.Board, j, job.Node{Level: 1, Index: first + i})
	}
	arrive(t, d.cfg.Board, j, adopted)
	complete, partly := job.Node{Level: 2, Index: 5}, job.Node{Level: 2, Index: 6}
	arrive(t, d.cfg.Board, j, slices.Collect(j.Tree.Children(complete))...)
	arrive(t, d.cfg.Board, j, slices.Collect(j.Tree.Children(partly))[1:]...)
	levels, err := d.levels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := unmerged(j.Tree, levels); !slices.Equal(got, []job.Node{complete}) {
		t.Errorf("unmerged: %v, want [%s]: nothing is needed below an adopted node", got, complete)
	}
}

func TestDriver_LateAndRecall(t *testing.T) {
	t.Parallel()
	j := openJob(t, mem.New(), 5<<16)
	d := newDriver(t, j)
	chunk := func(i int64) job.Node { return job.Node{Level: 1, Index: i} }
	arrive(t, d.cfg.Board, j, chunk(0), chunk(1))
	levels, err := d.levels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	d.arrived = levels[0]
	d.window[chunk(0)] = now
	d.window[chunk(2)] = now.Add(-patience - 1)
	d.window[chunk(3)] = now
	if got := d.late(now); !slices.Equal(got, []job.Node{chunk(2)}) || len(d.window) != 2 {
		t.Errorf("late: %v, window %v; want chunk 2 late and chunk 0 forgotten", got, d.window)
	}
	if d.recall(); len(d.window) != 2 {
		t.Error("a chunk was recalled that the plan has still to come to")
	}
	d.done = true
	if d.recall(); len(d.window) != 3 || d.window[chunk(4)].IsZero() {
		t.Errorf("window %v, want chunk 4 recalled", d.window)
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	closed := make(chan coord.Event)
	close(closed)
	begun := time.Now()
	if err := await(t.Context(), closed); err != nil || time.Since(begun) < watchEvery {
		t.Errorf("await on a closed channel returns %v after %v: it spins", err, time.Since(begun))
	}
	events := make(chan coord.Event, 2)
	events <- coord.Event{}
	events <- coord.Event{Final: true}
	if err := await(t.Context(), events); err != nil || len(events) != 0 {
		t.Errorf("await = %v with %d events left", err, len(events))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if err := await(ctx, nil); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("await = %v, want the cause", err)
	}
}

func TestConfig_Defaults(t *testing.T) {
	t.Parallel()
	if got := (Config{}).withDefaults().Window; got != 256 {
		t.Errorf("window of %d", got)
	}
	if got := (Config{Window: 3}).withDefaults().Window; got != 3 {
		t.Errorf("window of %d, want 3", got)
	}
}
