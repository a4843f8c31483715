package coord_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

// The jobs of the model. They are about the same bytes, so they share the keys
// of all nodes. Only the second is ever cancelled.
const (
	modelJobA job.ID = "aaaaaaaaaaaaaaaa"
	modelJobB job.ID = "bbbbbbbbbbbbbbbb"
)

// faults are how often each mishap may still happen on a path.
type faults struct {
	crash, duplicate, lose, cancel int
	total                          int // of all kinds
	sweeps                         int // that the driver may still need
}

// state is one moment of the model.
type state struct {
	w      *world
	actors []*actor // two workers, and the planner while it runs
	left   faults
	off    bool // the second job is cancelled
}

func (s *state) String() string {
	names := make([]string, len(s.actors))
	for i, a := range s.actors {
		names[i] = a.String()
	}
	slices.Sort(names) // workers are alike
	return fmt.Sprint(s.w, names, s.left, s.off)
}

// fork returns a copy of s in which actor i may be changed; -1: none.
func (s *state) fork(i int) *state {
	c := *s
	c.w, c.actors = s.w.clone(), slices.Clone(s.actors)
	if i >= 0 {
		a := *s.actors[i]
		c.actors[i] = &a
	}
	return &c
}

// spend takes one mishap, and reports whether there was one left.
func (f *faults) spend(kind *int) bool {
	if *kind == 0 || f.total == 0 {
		return false
	}
	*kind--
	f.total--
	return true
}

// model explores all that the production handlers can do.
type model struct {
	machine
	mapper  mapper.Mapper
	reducer reducer.Reducer
	commit  *coord.Committer
	cache   *jobs.Cache

	want      map[string]string // content of each summary
	key       map[string]string // of each node of each job
	ids       []job.ID          // submitted
	cancelled [2]string         // the fact: key and content
	seen      map[uint64]bool
	count     int // of steps
	violation string
}

func newModel(t *testing.T, r rules) *model {
	t.Helper()
	m := &model{want: make(map[string]string), key: make(map[string]string), seen: make(map[uint64]bool)}
	m.rules, m.static = r, make(map[string]string)
	o := object(noise(2 * chunk))
	for _, id := range []job.ID{modelJobA, modelJobB} {
		m.learn(t, specOf(id, o, job.Range{Offset: chunk - 8, Length: 16}), o)
	}
	facts := jobs.NewFacts(&m.machine)
	m.cache = jobs.NewCache(&jobs.Opener{Facts: facts, Registry: analysis.NewRegistry(poly{}), Sources: sources(o)})
	m.commit = &coord.Committer{
		Facts: facts, Board: &m.machine, Queue: &m.machine, Log: quiet(),
		Now: func() time.Time { return time.Unix(0, 1) },
	}
	m.mapper = mapper.Mapper{Jobs: m.cache, Commit: m.commit}
	m.reducer = reducer.Reducer{Jobs: m.cache, Commit: m.commit}
	return m
}

// learn stores a job in a store of its own, as one pass over its bytes would,
// and notes what is there.
func (m *model) learn(t *testing.T, spec *job.Spec, o object) {
	t.Helper()
	store, ctx := mem.New(), t.Context()
	open := opener(store, o)
	if err := open.Facts.Create(ctx, spec); err != nil {
		t.Fatal(err)
	}
	specKey := layout.JobFact(spec.ID, layout.Spec)
	m.static[specKey] = string(must[[]byte](t)(store.Get(ctx, specKey)))
	j := must[*jobs.Job](t)(open.Open(ctx, spec.ID))
	for level := j.Tree.ChunkLevel; level <= j.Tree.Root().Level; level++ {
		for n := range j.Tree.Row(level) {
			sum, r := j.New(0, n), j.Tree.Range(n)
			if err := sum.Write(&analysis.Piece{Data: o[r.Offset:r.End()], Offset: r.Offset}); err != nil {
				t.Fatal(err)
			}
			if err := j.Put(ctx, 0, n, sum); err != nil {
				t.Fatal(err)
			}
			key := layout.Node(poly{}.ID().Name, must[[]job.Key](t)(j.Keys.Of(ctx, n))[0])
			m.key[at(spec.ID, n)] = key
			m.want[key] = string(must[[]byte](t)(store.Get(ctx, key)))
		}
	}
	if err := open.Facts.Cancelled(ctx, modelJobB, job.Cancelled{At: 1}); err != nil {
		t.Fatal(err)
	}
	m.cancelled[0] = layout.JobFact(modelJobB, layout.Cancelled)
	m.cancelled[1] = string(must[[]byte](t)(store.Get(ctx, m.cancelled[0])))
}

// start returns the state behind the plan: all chunks are queued.
func (m *model) start(left faults, workers int, ids ...job.ID) *state {
	m.ids = ids
	s := &state{w: newWorld(), left: left}
	for range workers {
		s.actors = append(s.actors, &actor{cancelled: -1})
	}
	for _, id := range ids {
		for _, n := range []job.Node{leaf(0), leaf(1)} {
			s.w.deliver(queue.Task{Kind: queue.MapChunk, Job: id, Node: n, Attempt: 1}, 1)
		}
	}
	return s
}

// step lets an actor make its next call.
func (m *model) step(s *state, i int) *state {
	next := s.fork(i)
	a := next.actors[i]
	m.w, m.a, m.pos, m.steps = next.w, a, 0, 1
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	m.cancel = cancel
	if m.finishes(ctx, a) {
		if a.planner {
			next.actors = slices.Delete(next.actors, i, i+1)
		} else {
			next.actors[i] = &actor{cancelled: -1}
		}
	}
	return next
}

// finishes runs an actor from the start of its task to its next call, and
// reports whether the task has ended.
func (m *model) finishes(ctx context.Context, a *actor) (ended bool) {
	defer func() {
		if v := recover(); v != nil && v != any(pause{}) {
			panic(v)
		}
	}()
	if a.planner {
		m.plan(ctx)
	} else {
		m.work(ctx, a.task)
	}
	return true
}

// work is a delivery of a task as the queue's server handles it.
func (m *model) work(ctx context.Context, t queue.Task) {
	off, err := m.commit.Facts.IsCancelled(ctx, t.Job)
	if off {
		m.cancel(job.ErrCancelled)
	}
	if err == nil {
		handle := m.mapper.Handle
		if t.Kind == queue.ReduceNode {
			handle = m.reducer.Handle
		}
		_, err = handle(ctx, t)
	}
	verdict := queue.Decide(ctx, err, queue.Try{Max: 3})
	m.call(context.Background(), "settle "+verdict.String(), func(w *world) (any, error) { //nolint:errcheck // it has none
		e, known := w.tasks[t.ID()]
		switch {
		case verdict == queue.GiveUp:
			m.fail("task %s was given up: %v", t, err)
		case !known:
		case verdict == queue.Retry:
			w.deliver(t, 1)
		case verdict == queue.Revoke || m.rules.noRetention:
			if e.pending == 0 {
				delete(w.tasks, t.ID())
			}
		}
		return nil, nil
	})
}

// plan is what a driver does once Redis has lost its jobs: it reads from
// storage what they still need.
func (m *model) plan(ctx context.Context) {
	for _, id := range m.ids {
		st, err := m.commit.Facts.Status(ctx, id)
		if err != nil || st.State.Final() {
			continue
		}
		j, err := m.cache.Open(ctx, id)
		if err != nil {
			m.fail("open job %s: %v", id, err)
			continue
		}
		if err := m.replan(ctx, j); err != nil {
			m.fail("plan job %s: %v", id, err)
		}
	}
}

func (m *model) replan(ctx context.Context, j *jobs.Job) error {
	missing, err := j.Missing(ctx, j.Tree.Root())
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		return m.commit.Commit(ctx, j, j.Tree.Root(), false)
	}
	nodes, err := call(ctx, &m.machine, "arrived "+string(j.Spec.ID), func(w *world) (nodes []job.Node, _ error) {
		for n := range j.Tree.Spread() {
			if !w.arrived[at(j.Spec.ID, n)] {
				nodes = append(nodes, n)
			}
		}
		return nodes, nil
	})
	if err != nil || len(nodes) == 0 {
		return err
	}
	return m.commit.Enqueue(ctx, j, nodes...)
}

func (m *model) fail(format string, args ...any) {
	if m.violation == "" {
		m.violation = fmt.Sprintf(format, args...)
	}
}

// check holds every state to what must be true at any moment.
func (m *model) check(s *state) {
	for key, have := range s.w.objects {
		if strings.HasPrefix(key, layout.Nodes) && have != m.want[key] {
			m.fail("summary %s is not that of one pass over its bytes", key)
		}
	}
	for node := range s.w.arrived {
		if _, stored := s.w.objects[m.key[node]]; !stored {
			m.fail("%s has arrived and is not stored", node)
		}
	}
	for _, id := range m.ids {
		_, done := s.w.objects[layout.JobFact(id, layout.Done)]
		_, stored := s.w.objects[m.rootKey(id)]
		if done && !stored {
			m.fail("job %s is done and its root is not stored", id)
		}
	}
}

func (m *model) rootKey(id job.ID) string { return m.key[at(id, job.Node{Level: 2, Index: 0})] }

// stuck returns the jobs that should be done, where nothing is left to do.
func (m *model) stuck(s *state) (ids []job.ID) {
	for _, id := range m.ids {
		sealed, done := s.w.objects[layout.JobFact(id, layout.Done)]
		if !done && (!s.off || id != modelJobB) {
			ids = append(ids, id)
		}
		name := strings.TrimSuffix(m.rootKey(id)[strings.LastIndex(m.rootKey(id), "/")+1:], "/")
		if done && !strings.Contains(sealed, name) {
			m.fail("the done fact of job %s names another root: %s", id, sealed)
		}
	}
	return ids
}

var _ storage.Store = (*machine)(nil)
