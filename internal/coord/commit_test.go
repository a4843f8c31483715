package coord_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

// write names a write of the commit path.
type write string

const (
	putSummary write = "Put"
	mapped     write = "Mapped"
	arrive     write = "Arrive"
	enqueue    write = "Enqueue"
	doneFact   write = "Done"
	publish    write = "Publish"
)

// errFault is what a faulty write returns; crash is what a process that dies
// panics with.
var errFault = errors.New("injected fault")

type crash struct{}

// line is the processes of one job in miniature: a store, a board, a queue and
// a worker that takes one task after another. before and after are asked around
// each write.
type line struct {
	coord.Board
	store         *mem.Store
	before, after func(write) error
	tasks         []queue.Task
	seen          map[string]bool

	mapper  mapper.Mapper
	reducer reducer.Reducer
}

func newLine(t *testing.T, board coord.Board, o object) *line {
	none := func(write) error { return nil }
	l := &line{Board: board, store: mem.New(), before: none, after: none, seen: make(map[string]bool)}
	l.store.OnConflict = func(key string) {
		if !strings.HasSuffix(key, "/done") {
			t.Errorf("%s would have changed", key)
		}
	}
	faulty := storagetest.WithFault(l.store, func(c storagetest.Call) storagetest.Fault {
		w, ok := writeOf(c)
		if !ok {
			return storagetest.Fault{}
		}
		if err := l.before(w); err != nil {
			return storagetest.Fault{Rejected: err}
		}
		return storagetest.Fault{Lost: l.after(w)}
	})
	facts := jobs.NewFacts(faulty)
	commit := &coord.Committer{Facts: facts, Board: l, Queue: l, Log: quiet()}
	cache := jobs.NewCache(&jobs.Opener{
		Facts: facts, Sources: sources(o),
		Registry: analysis.NewRegistry(poly{}, histogram.Analysis{}),
	})
	l.mapper = mapper.Mapper{Jobs: cache, Commit: commit}
	l.reducer = reducer.Reducer{Jobs: cache, Commit: commit}
	return l
}

func writeOf(c storagetest.Call) (write, bool) {
	switch {
	case c.Op != storagetest.Put:
		return "", false
	case strings.HasPrefix(c.Key, layout.Nodes):
		return putSummary, true
	case strings.HasSuffix(c.Key, "/"+string(layout.Done)):
		return doneFact, true
	}
	return "", false
}

func (l *line) around(w write, do func() error) error {
	if err := l.before(w); err != nil {
		return err
	}
	return errors.Join(do(), l.after(w))
}

func (l *line) Mapped(ctx context.Context, id job.ID, t job.Tree, n job.Node) error {
	return l.around(mapped, func() error { return l.Board.Mapped(ctx, id, t, n) })
}

func (l *line) Arrive(ctx context.Context, id job.ID, t job.Tree, n job.Node) (complete bool, err error) {
	err = l.around(arrive, func() (err error) {
		complete, err = l.Board.Arrive(ctx, id, t, n)
		return err
	})
	return complete && err == nil, err
}

func (l *line) Publish(ctx context.Context, id job.ID, e coord.Event) error {
	return l.around(publish, func() error { return l.Board.Publish(ctx, id, e) })
}

func (l *line) Enqueue(_ context.Context, ts ...queue.Task) error {
	return l.around(enqueue, func() error {
		for _, task := range ts {
			if !l.seen[task.ID()] {
				l.seen[task.ID()] = true
				l.tasks = append(l.tasks, task)
			}
		}
		return nil
	})
}

// deliver gives the first task to a handler. One that is not acknowledged stays.
func (l *line) deliver(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil && v != any(crash{}) {
			panic(v)
		}
	}()
	task := l.tasks[0]
	handle := l.mapper.Handle
	if task.Kind == queue.ReduceNode {
		handle = l.reducer.Handle
	}
	if _, err = handle(ctx, task); err == nil {
		l.tasks = l.tasks[1:]
	}
	return err
}

// run takes a job to its end and returns the sealed roots.
func (l *line) run(t *testing.T, spec *job.Spec) string {
	t.Helper()
	ctx := t.Context()
	facts := jobs.NewFacts(l.store)
	if err := facts.Create(ctx, spec); err != nil {
		t.Fatal(err)
	}
	for n := range spec.Tree().Spread() {
		l.tasks = append(l.tasks, queue.Task{Kind: queue.MapChunk, Job: spec.ID, Node: n, Attempt: 1})
	}
	for deliveries := 0; len(l.tasks) > 0; deliveries++ {
		if deliveries > 100 {
			t.Fatalf("100 deliveries and no end; left: %v", l.tasks)
		}
		if err := l.deliver(ctx); err != nil && !errors.Is(err, errFault) {
			t.Fatal(err)
		}
	}
	return roots(t, l.store, spec)
}

// roots returns the sealed root summaries that the done fact of a job names.
func roots(t *testing.T, store storage.Getter, spec *job.Spec) string {
	t.Helper()
	st, err := jobs.NewFacts(store.(storage.Store)).Status(t.Context(), spec.ID)
	if err != nil || st.Done == nil {
		t.Fatalf("the job has no done fact: %+v, %v", st, err)
	}
	var all strings.Builder
	for i, key := range st.Done.Keys {
		b := must[[]byte](t)(store.Get(t.Context(), layout.Node(spec.Analyses[i].Name, key)))
		fmt.Fprintf(&all, "%s %x\n", key, b)
	}
	return all.String()
}

func faultSpec(o object) *job.Spec {
	s := specOf(job.NewID(), o, job.Range{Offset: chunk - 8, Length: 16})
	s.Analyses = []job.AnalysisID{poly{}.ID(), histogram.Analysis{}.ID()}
	return s
}

// nth returns a hook that does something at the nth write of a kind, and a
// report of whether it came to that.
func nth(w write, n int, do func() error) (hook func(write) error, hit func() bool) {
	seen := 0
	hook = func(got write) error {
		if got != w {
			return nil
		}
		if seen++; seen == n {
			return do()
		}
		return nil
	}
	return hook, func() bool { return seen >= n }
}

// crashOnce returns a hook that ends the process at the first step that hands
// a node on, once armed.
func crashOnce(armed func() bool) func(write) {
	crashed := false
	return func(w write) {
		if !crashed && armed() && (w == enqueue || w == doneFact) {
			crashed = true
			panic(crash{})
		}
	}
}

// faultCase is one row of the table.
type faultCase struct {
	name  string
	write write
	lost  bool // applied but reported failed; else rejected
	dies  bool // the process that tries again dies before it hands the node on
}

func faultTable() (table []faultCase) {
	for _, w := range []write{putSummary, mapped, arrive, enqueue, doneFact, publish} {
		table = append(table,
			faultCase{string(w) + "Rejected", w, false, false},
			faultCase{string(w) + "RejectedThenCrash", w, false, true},
			faultCase{string(w) + "AppliedThenLost", w, true, false},
			faultCase{string(w) + "AppliedThenLostThenCrash", w, true, true})
	}
	return table
}

// run gives the fault to the nth write, and reports whether there is one.
func (c faultCase) run(t *testing.T, board coord.Board, o object, n int) (root string, hit bool) {
	t.Helper()
	l := newLine(t, board, o)
	fault, fired := nth(c.write, n, func() error { return errFault })
	dies := func(write) {}
	if c.dies {
		dies = crashOnce(fired)
	}
	l.before = func(w write) error {
		dies(w)
		if !c.lost {
			return fault(w)
		}
		return nil
	}
	if c.lost {
		l.after = fault
	}
	return l.run(t, faultSpec(o)), fired()
}

func TestCommit_Faults(t *testing.T) {
	t.Parallel()
	o := object(noise(2 * chunk))
	rdb := redis.NewClient(embedded(t).Options())
	t.Cleanup(func() { rdb.Close() })
	board := coord.NewRedis(rdb)
	want := newLine(t, board, o).run(t, faultSpec(o))
	for _, c := range faultTable() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := 1
			for ; ; n++ {
				got, hit := c.run(t, board, o, n)
				if got != want {
					t.Errorf("fault at number %d: roots differ from those of a run without faults", n)
				}
				if !hit {
					break
				}
			}
			if n == 1 {
				t.Error("the commit path has no such write")
			}
		})
	}
}

func TestCommit_CrashBetweenAnyTwoWrites(t *testing.T) {
	t.Parallel()
	o := object(noise(2 * chunk))
	rdb := redis.NewClient(embedded(t).Options())
	t.Cleanup(func() { rdb.Close() })
	board := coord.NewRedis(rdb)
	want := newLine(t, board, o).run(t, faultSpec(o))
	for n := 1; ; n++ {
		l, writes := newLine(t, board, o), 0
		l.before = func(write) error {
			if writes++; writes == n {
				panic(crash{})
			}
			return nil
		}
		if got := l.run(t, faultSpec(o)); got != want {
			t.Errorf("crash before write %d: roots differ from those of a run without faults", n)
		}
		if writes < n {
			break
		}
	}
}

func TestCommit_RootIsThatOfOnePass(t *testing.T) {
	t.Parallel()
	o := object(noise(2 * chunk))
	rdb := redis.NewClient(embedded(t).Options())
	t.Cleanup(func() { rdb.Close() })
	l, spec := newLine(t, coord.NewRedis(rdb), o), faultSpec(o)
	l.run(t, spec)
	j := must[*jobs.Job](t)(l.mapper.Jobs.Open(t.Context(), spec.ID))
	sum := must[analysis.Summary](t)(j.Summary(t.Context(), 0, j.Tree.Root()))
	got := must[[]byte](t)(sum.Encode(t.Context(), nil))
	if want := polyOf(o[chunk-8 : chunk+8]); string(got) != string(want) {
		t.Errorf("root %x, want %x", got, want)
	}
}
