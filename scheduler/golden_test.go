package scheduler_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/storagetest"
)

// goldenBytes returns bytes of which no two chunks are equal. They come from
// arithmetic alone, so that they stay what they are.
func goldenBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16)
	}
	return b
}

// turns is a queue whose tasks are taken one at a time, in their order.
type turns struct{ tasks []queue.Task }

func (q *turns) Enqueue(_ context.Context, ts ...queue.Task) error {
	q.tasks = append(q.tasks, ts...)
	return nil
}

// take serves tasks until none is left.
func (q *turns) take(t *testing.T, c *cluster) {
	t.Helper()
	handlers := map[queue.Kind]queue.Handler{
		queue.MapChunk:   (&mapper.Mapper{Jobs: c.jobs, Commit: c.commit}).Handle,
		queue.ReduceNode: (&reducer.Reducer{Jobs: c.jobs, Commit: c.commit}).Handle,
	}
	for len(q.tasks) > 0 {
		next := q.tasks[0]
		q.tasks = q.tasks[1:]
		if _, err := handlers[next.Kind](t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
}

// tally counts the calls of each operation on each kind of object, as "op kind".
func tally(calls *storagetest.Calls) map[string]int {
	n := make(map[string]int)
	for _, c := range calls.All() {
		kind, _, _ := strings.Cut(c.Key, "/")
		n[string(c.Op)+" "+kind]++
	}
	calls.Reset()
	return n
}

func requireTally(t *testing.T, what string, got, want map[string]int) {
	t.Helper()
	if maps.Equal(got, want) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%q: %d,", k, got[k])
	}
	t.Errorf("%s: got %v, want %v", what, got, want)
}

// golden is a cluster whose store counts, and an input of three chunks in it.
func golden(t *testing.T) (c *cluster, q *turns, calls *storagetest.Calls, in job.Input) {
	t.Helper()
	var store storage.Store
	c = newCluster(t, func(s storage.Store) storage.Store {
		store, calls = storagetest.Counting(s)
		return store
	})
	q = new(turns)
	c.commit.Queue = q
	opt := input.PutOptions{Level: 1, Name: "disk.img", Workers: 1}
	in, _, err := input.Put(t.Context(), store, newReader(goldenBytes(150_000)), opt)
	if err != nil {
		t.Fatal(err)
	}
	return c, q, calls, in
}

// work runs a job from its spec to done, one task after another. What a
// scheduler would look up to plan it is not part of it.
func (c *cluster) work(q *turns, s *job.Spec) {
	c.t.Helper()
	if err := c.facts.Create(c.t.Context(), s); err != nil {
		c.t.Fatal(err)
	}
	for n := range s.Tree().Row(s.ChunkLevel) {
		q.tasks = append(q.tasks, queue.Task{Kind: queue.MapChunk, Job: s.ID, Node: n, Attempt: 1})
	}
	q.take(c.t, c)
}

// TestGolden_Keys pins the keys of all objects of a job: what is stored must
// be found again by later versions.
func TestGolden_Keys(t *testing.T) {
	t.Parallel()
	c, q, _, in := golden(t)
	s := spec(in, histogram.Analysis{}, digram.Analysis{})
	c.work(q, s)
	list := strings.Join(c.objects(""), "\n") + "\n"
	analysistest.Golden(t, "testdata/keys.golden", []byte(strings.ReplaceAll(list, string(s.ID), "<job>")))
}

// TestGolden_Calls pins how often a small job asks the store for what.
func TestGolden_Calls(t *testing.T) {
	t.Parallel()
	c, q, calls, in := golden(t)
	requireTally(t, "put", tally(calls), map[string]int{
		"stat chunks": 3, "put chunks": 3,
		"put manifests": 2, // a page and the root
	})

	c.work(q, spec(in, histogram.Analysis{}, digram.Analysis{}))
	requireTally(t, "first job", tally(calls), map[string]int{
		"put jobs": 2, "get jobs": 1, // spec and done; the spec is read once
		"get manifests":    2, // however many chunks are read
		"get range chunks": 3, // each chunk once, for both analyses
		"stat nodes":       8, "put nodes": 8,
		"get nodes": 6, // the root's three children for two analyses
	})

	c.work(q, spec(in, histogram.Analysis{}, digram.Analysis{}))
	requireTally(t, "second job", tally(calls), map[string]int{
		"put jobs": 2, "get jobs": 1,
		"get manifests": 2, // for the keys
		"stat nodes":    8, // and all are there: no chunk is read
	})

	if got := len(c.objects(layout.Nodes)); got != 8 {
		t.Errorf("%d nodes stored, want those of 3 chunks and a root for 2 analyses", got)
	}
}
