package reducer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

// order is an analysis whose summary is the text of its parts, in the order in
// which they were merged.
type order struct{ name string }

func (o order) ID() job.AnalysisID { return job.AnalysisID{Name: o.name, Version: 1} }

func (o order) New(int64, int) analysis.Summary { return new(text) }

func (o order) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	if len(b) == 0 || b[0] != '(' {
		return nil, errors.New("no text")
	}
	return &text{string(b)}, nil
}

type text struct{ s string }

var errMerge = errors.New("cannot merge")

func (s *text) Write(*analysis.Piece) error { return nil }

func (s *text) Merge(next analysis.Summary) error {
	n := next.(*text)
	if strings.Contains(n.s, "bad") {
		return errMerge
	}
	s.s += n.s
	return nil
}

func (s *text) Encode(context.Context, analysis.Blobs) ([]byte, error) { return []byte(s.s), nil }

func (s *text) Files() []analysis.File {
	return []analysis.File{{Name: "text", Write: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, s.s)
		return err
	}}}
}

// fixture is a reducer with a job of 20 chunks under two nodes under a root, of
// which nobody reads the input.
type fixture struct {
	*reducer.Reducer
	board *coord.Redis
	tasks *queue.Client
	store *mem.Store
	job   *jobs.Job
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	r, stop, err := queue.Embedded(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	rdb, tasks := redis.NewClient(r.Options()), queue.NewClient(queue.ClientConfig{Redis: r})
	t.Cleanup(func() { rdb.Close(); tasks.Close(); stop() })
	f := &fixture{store: mem.New(), board: coord.NewRedis(rdb), tasks: tasks}
	facts := jobs.NewFacts(f.store)
	all := []analysis.Analysis{order{"one"}, order{"two"}}
	f.Reducer = &reducer.Reducer{
		Jobs:   jobs.NewCache(&jobs.Opener{Facts: facts, Registry: analysis.NewRegistry(all...), Sources: input.Sources{Store: f.store}}),
		Commit: &coord.Committer{Facts: facts, Board: f.board, Queue: tasks, Log: slog.New(slog.DiscardHandler)},
	}
	s := &job.Spec{
		ID: job.NewID(), Input: job.Input{Size: 20 << 16, File: &job.File{}}, Region: job.Range{Length: 20 << 16}, ChunkLevel: 1,
		Analyses: []job.AnalysisID{all[0].ID(), all[1].ID()},
	}
	if err := facts.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if f.job, err = f.Jobs.Open(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	return f
}

// put stores and commits the children of a node, each as a text of its name.
func (f *fixture) put(t *testing.T, n job.Node) {
	t.Helper()
	for c := range f.job.Tree.Children(n) {
		for i := range f.job.Analyses {
			if err := f.job.Put(t.Context(), i, c, &text{fmt.Sprintf("(%s)", c)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.board.Arrive(t.Context(), f.job.Spec.ID, f.job.Tree, c); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fixture) key(t *testing.T, i int, n job.Node) string {
	t.Helper()
	keys, err := f.job.Keys.Of(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return layout.Node(f.job.Spec.Analyses[i].Name, keys[i])
}

func (f *fixture) task(kind queue.Kind, n job.Node, attempt int) queue.Task {
	return queue.Task{Kind: kind, Job: f.job.Spec.ID, Node: n, Attempt: attempt}
}

func (f *fixture) handle(t *testing.T, n job.Node) (queue.Result, error) {
	t.Helper()
	return f.Handle(t.Context(), f.task(queue.ReduceNode, n, 1))
}

func (f *fixture) requireQueued(t *testing.T, task queue.Task, want queue.State) {
	t.Helper()
	if got, err := f.tasks.Queued(t.Context(), task); got != want || err != nil {
		t.Errorf("task %s is %s, %v; want %s", task.ID(), got, err, want)
	}
}

var (
	left  = job.Node{Level: 2}
	right = job.Node{Level: 2, Index: 1}
	root  = job.Node{Level: 3}
)

func TestHandle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, right)
	r, err := f.handle(t, right)
	if err != nil || r.Computed != 2 || r.Bytes != 0 {
		t.Errorf("Handle = %+v, %v; want 2 summaries and no bytes of input", r, err)
	}
	for i := range f.job.Analyses {
		got, err := f.job.Summary(t.Context(), i, right)
		if want := "(1.16)(1.17)(1.18)(1.19)"; err != nil || got.(*text).s != want {
			t.Errorf("analysis %d: %v, %v; want the children from left to right", i, got, err)
		}
	}
	f.requireQueued(t, f.task(queue.ReduceNode, root, 1), queue.Absent)
	f.put(t, left)
	if _, err := f.handle(t, left); err != nil {
		t.Fatal(err)
	}
	f.requireQueued(t, f.task(queue.ReduceNode, root, 1), queue.Pending)
}

func TestHandle_Root(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, root)
	if _, err := f.handle(t, root); err != nil {
		t.Fatal(err)
	}
	st, err := f.Commit.Facts.Status(t.Context(), f.job.Spec.ID)
	if err != nil || st.State != job.StateDone || st.Done.ChunksTotal != 20 {
		t.Errorf("after the root the job is %s: %+v, %v", st.State, st.Done, err)
	}
}

func TestHandle_Again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, right)
	if _, err := f.handle(t, right); err != nil {
		t.Fatal(err)
	}
	for c := range f.job.Tree.Children(right) { // what is stored is not made again
		if err := errors.Join(f.job.Drop(t.Context(), 0, c), f.job.Drop(t.Context(), 1, c)); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := f.handle(t, right); err != nil || r.Computed != 0 {
		t.Errorf("a stored node: %+v, %v", r, err)
	}
}

func TestHandle_WrongNode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, n := range []job.Node{{Level: 1}, {Level: 2, Index: 2}, {Level: 4}, {Level: 0}} {
		if _, err := f.handle(t, n); !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), n.String()) {
			t.Errorf("node %s: %v, want ErrInvalid", n, err)
		}
	}
	if _, err := f.Handle(t.Context(), queue.Task{Job: "abcdefghij234567"}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("unknown job: %v", err)
	}
}

// TestHandle_BadChild harms two children. Both are to be computed again, and
// the task itself to be acknowledged: the last child brings it back.
func TestHandle_BadChild(t *testing.T) {
	t.Parallel()
	harms := map[string]func(t *testing.T, f *fixture, i int, n job.Node){
		"missing": func(t *testing.T, f *fixture, i int, n job.Node) {
			if err := f.job.Drop(t.Context(), i, n); err != nil {
				t.Fatal(err)
			}
		},
		"corrupt": func(t *testing.T, f *fixture, i int, n job.Node) {
			key := f.key(t, i, n)
			if err := errors.Join(f.store.Delete(t.Context(), key), f.store.Put(t.Context(), key, []byte("garbage"))); err != nil {
				t.Fatal(err)
			}
		},
		"undecodable": func(t *testing.T, f *fixture, i int, n job.Node) {
			if err := errors.Join(f.job.Drop(t.Context(), i, n), f.job.Put(t.Context(), i, n, &text{"no text"})); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.put(t, right)
			bad := []job.Node{{Level: 1, Index: 16}, {Level: 1, Index: 18}}
			for _, n := range bad {
				harm(t, f, 1, n)
			}
			if r, err := f.handle(t, right); err != nil || r.Computed != 0 {
				t.Fatalf("Handle = %+v, %v; want the task acknowledged with nothing computed", r, err)
			}
			f.requireRepairing(t, bad)
		})
	}
}

// requireRepairing checks that exactly the bad chunks are dropped, are no longer
// said to have arrived, and are queued.
func (f *fixture) requireRepairing(t *testing.T, bad []job.Node) {
	t.Helper()
	arrived, err := f.board.Arrived(t.Context(), f.job.Spec.ID, f.job.Tree, 1)
	if err != nil {
		t.Fatal(err)
	}
	for c := range f.job.Tree.Children(right) {
		isBad := slices.Contains(bad, c)
		if arrived.Has(c) == isBad {
			t.Errorf("chunk %s: arrived %v", c, arrived.Has(c))
		}
		missing, err := f.job.Missing(t.Context(), c)
		if err != nil || (len(missing) > 0) != isBad {
			t.Errorf("chunk %s: missing %v, %v", c, missing, err)
		}
		if isBad {
			f.requireQueued(t, f.task(queue.MapChunk, c, 2), queue.Pending)
		}
	}
	if next, err := f.Commit.Task(t.Context(), f.job, right); err != nil || next.Attempt != 2 {
		t.Errorf("the node comes back as attempt %d, %v; want 2", next.Attempt, err)
	}
}

func TestHandle_MergeFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, right)
	child := job.Node{Level: 1, Index: 17}
	if err := errors.Join(f.job.Drop(t.Context(), 0, child), f.job.Put(t.Context(), 0, child, &text{"(bad)"})); err != nil {
		t.Fatal(err)
	}
	_, err := f.handle(t, right)
	var ne *job.NodeError
	if !errors.Is(err, errMerge) || !errors.As(err, &ne) || ne.Node != right || !strings.Contains(err.Error(), "merge one of node 1.17") {
		t.Errorf("Handle = %v, want the node and the child named", err)
	}
}

func TestReduce_StoreUnreachable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, right)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reducer.Reduce(ctx, f.job, right, []int{0}); !errors.Is(err, context.Canceled) {
		t.Errorf("Reduce = %v; an error that says nothing of the children repairs none", err)
	}
}
