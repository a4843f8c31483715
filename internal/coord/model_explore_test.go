package coord_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// explore visits every state that can be reached, depth first, until one breaks
// a rule.
func (m *model) explore(s *state) {
	for stack := []*state{s}; len(stack) > 0 && m.violation == ""; {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if m.known(s) {
			continue
		}
		m.check(s)
		next := m.ordinary(s)
		if len(next) == 0 {
			next = m.rest(s)
		}
		stack = append(append(stack, next...), m.mishaps(s)...)
	}
}

func (m *model) known(s *state) bool {
	h := fnv.New64a()
	fmt.Fprint(h, s)
	id := h.Sum64()
	if m.seen[id] {
		return true
	}
	m.seen[id] = true
	return false
}

// ordinary returns what can come next without a mishap: an actor makes its next
// call, or an idle worker is given a task.
func (m *model) ordinary(s *state) (next []*state) {
	idle := -1
	for i, a := range s.actors {
		if a.idle() {
			idle = i
			continue
		}
		next = append(next, m.step(s, i))
		m.count++
	}
	if idle < 0 {
		return next
	}
	for _, id := range slices.Sorted(maps.Keys(s.w.tasks)) {
		if e := s.w.tasks[id]; e.pending > 0 {
			n := s.fork(idle)
			n.w.deliver(e.task, -1)
			n.actors[idle].task = e.task
			next = append(next, n)
		}
	}
	return next
}

// rest is where nothing is left to do. The sweep of a driver may start what got
// lost with Redis; else every job has to be done.
func (m *model) rest(s *state) []*state {
	stuck := m.stuck(s)
	if len(stuck) == 0 {
		return nil
	}
	if s.left.sweeps == 0 {
		m.fail("jobs %v are not done, and nothing is left to do", stuck)
		return nil
	}
	n := s.fork(-1)
	n.left.sweeps--
	m.sweep(n, stuck)
	return []*state{n}
}

// sweep starts another attempt at every node of the jobs that has not arrived
// and that waits for no child.
func (m *model) sweep(s *state, ids []job.ID) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	m.w, m.a, m.pos, m.steps, m.cancel = s.w, &actor{cancelled: -1}, 0, 1000, cancel
	for _, id := range ids {
		j, err := m.cache.Open(ctx, id)
		if err != nil {
			m.fail("open job %s: %v", id, err)
			return
		}
		ready := true
		for n := range j.Tree.Row(1) {
			if !s.w.arrived[at(id, n)] {
				ready = false
				m.again(ctx, id, n)
			}
		}
		if ready {
			m.again(ctx, id, j.Tree.Root())
		}
	}
}

func (m *model) again(ctx context.Context, id job.ID, n job.Node) {
	j, err := m.cache.Open(ctx, id)
	if err == nil {
		err = m.commit.Again(ctx, j, n)
	}
	if err != nil {
		m.fail("start %s again: %v", n, err)
	}
}

// mishaps returns what else can come next.
func (m *model) mishaps(s *state) (next []*state) {
	for i, a := range s.actors {
		if n := s.fork(-1); !a.idle() && !a.planner && n.left.spend(&n.left.crash) {
			n.actors[i] = &actor{cancelled: -1}
			if _, known := n.w.tasks[a.task.ID()]; known {
				n.w.deliver(a.task, 1)
			}
			next = append(next, n)
		}
	}
	for _, e := range s.w.tasks {
		if n := s.fork(-1); e.pending == 0 && n.left.spend(&n.left.duplicate) {
			n.w.deliver(e.task, 1)
			next = append(next, n)
		}
	}
	if n := s.fork(-1); n.left.spend(&n.left.lose) {
		n.w.loseRedis()
		if !m.rules.noReplan {
			n.left.sweeps = 1
			n.actors = append(n.actors, &actor{planner: true, cancelled: -1})
		}
		next = append(next, n)
	}
	return append(next, m.cancels(s)...)
}

// cancels returns the cancellation of the second job: heard by the handlers
// that run, and not heard.
func (m *model) cancels(s *state) (next []*state) {
	for _, heard := range []bool{false, true} {
		n := s.fork(-1)
		if !n.left.spend(&n.left.cancel) {
			return nil
		}
		n.off = true
		n.w.objects[m.cancelled[0]] = m.cancelled[1]
		for i, a := range n.actors {
			if heard && a.task.Job == modelJobB {
				ended := *a
				ended.cancelled = len(a.log)
				n.actors[i] = &ended
			}
		}
		next = append(next, n)
	}
	return next
}

// Two workers on two jobs are explored without mishaps, where every call of one
// meets every call of the other. Mishaps are explored with two workers on one
// job, and with two jobs on one worker; all of it together would take too long.
func TestModel(t *testing.T) {
	t.Parallel()
	one, two := []job.ID{modelJobA}, []job.ID{modelJobA, modelJobB}
	for name, c := range map[string]struct {
		rules   rules
		left    faults
		workers int
		ids     []job.ID
	}{
		"two workers, two jobs":         {rules{}, faults{}, 2, two},
		"two workers, mishap":           {rules{}, faults{crash: 1, duplicate: 1, lose: 1, total: 1}, 2, one},
		"two workers, nothing retained": {rules{noRetention: true}, faults{crash: 1, duplicate: 1, total: 1}, 2, one},
		"two jobs, mishap":              {rules{}, faults{crash: 1, duplicate: 1, lose: 1, cancel: 1, total: 1}, 1, two},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModel(t, c.rules)
			m.explore(m.start(c.left, c.workers, c.ids...))
			if m.violation != "" {
				t.Error(m.violation)
			}
			t.Logf("%d states, %d steps", len(m.seen), m.count)
		})
	}
}

// The model has to notice each rule that is broken, or it proves nothing.
func TestModel_BrokenRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules rules
		left  faults
		want  string
	}{
		"arrival before put":         {rules{latePuts: true}, faults{}, "is not stored"},
		"a counter, not a set":       {rules{countArrivals: true}, faults{crash: 1, total: 1}, "not done"},
		"a counter, delivered twice": {rules{countArrivals: true}, faults{duplicate: 1, total: 1}, ""},
		"complete only once":         {rules{completeOnce: true}, faults{crash: 1, total: 1}, "not done"},
		"no replan, no sweep":        {rules{noReplan: true}, faults{lose: 1, total: 1}, "not done"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModel(t, c.rules)
			m.explore(m.start(c.left, 2, modelJobA))
			if m.violation == "" || !strings.Contains(m.violation, c.want) {
				t.Errorf("violation %q, want one that says %q", m.violation, c.want)
			}
			t.Logf("after %d states: %s", len(m.seen), m.violation)
		})
	}
}

var _ queue.Enqueuer = (*machine)(nil)
