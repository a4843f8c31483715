package coord_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// world is everything outside of the processes: what object storage, Redis and
// the queue hold at one moment. Worlds are values: a step copies one.
type world struct {
	objects  map[string]string
	arrived  map[string]bool
	counted  map[string]int // of the broken board that counts
	mapped   map[string]bool
	attempts map[string]int
	tasks    map[string]entry
}

// entry is what the queue holds of one task.
type entry struct {
	task    queue.Task
	pending int // deliveries to come
}

func newWorld() *world {
	w := &world{objects: make(map[string]string)}
	w.loseRedis()
	return w
}

// loseRedis forgets the board and the queue.
func (w *world) loseRedis() {
	w.arrived, w.counted, w.mapped = make(map[string]bool), make(map[string]int), make(map[string]bool)
	w.attempts, w.tasks = make(map[string]int), make(map[string]entry)
}

func (w *world) clone() *world {
	return &world{
		maps.Clone(w.objects), maps.Clone(w.arrived), maps.Clone(w.counted),
		maps.Clone(w.mapped), maps.Clone(w.attempts), maps.Clone(w.tasks),
	}
}

// String returns all of the world in canonical form. Of objects it gives the
// key and the size: that content follows from the key is checked by itself.
func (w *world) String() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		fmt.Fprint(&b, key, len(w.objects[key]), " ")
	}
	fmt.Fprint(&b, w.arrived, w.counted, w.mapped, w.attempts)
	for _, id := range slices.Sorted(maps.Keys(w.tasks)) {
		fmt.Fprint(&b, " ", id, w.tasks[id].pending)
	}
	return b.String()
}

// deliver changes by how many deliveries of a task are to come. A task whose
// record Redis lost gets a new one.
func (w *world) deliver(t queue.Task, by int) {
	w.tasks[t.ID()] = entry{t, max(0, w.tasks[t.ID()].pending+by)}
}

// reply is what one call from a process to the world returned.
type reply struct {
	name string
	v    any
	err  error
}

func (r reply) String() string { return fmt.Sprint(r.name, r.v, r.err) }

// actor is a process in the middle of a task: what it was given, and all that
// the world has answered it so far. Handlers are functions of that alone, so it
// is the whole of their position.
type actor struct {
	task      queue.Task // zero: idle
	planner   bool       // it plans every open job instead
	log       []reply
	cancelled int      // its context ended before this reply; -1: it has not
	late      *latePut // acknowledged, and not made yet
	sig       uint64   // hash of the log
}

// latePut is a put that a broken store holds back.
type latePut struct{ key, data string }

func (a *actor) idle() bool { return a.task.Job == "" && !a.planner }

func (a *actor) String() string {
	if a.idle() {
		return "idle"
	}
	return fmt.Sprint(a.task, a.planner, a.cancelled, a.sig, a.late)
}

// add appends a reply. The log is shared with other actors, so it is copied.
func (a *actor) add(r reply) {
	a.log = append(slices.Clip(a.log), r)
	h := fnv.New64a()
	fmt.Fprint(h, a.sig, r.name, r.v, r.err)
	a.sig = h.Sum64()
}

// pause ends the run of a handler at its next call.
type pause struct{}

// machine runs handlers step by step. It is the store, the board and the queue
// that they call. A handler is run from its start each time: calls that it has
// made before get the recorded reply, one more is made for real, and the next
// one pauses it.
type machine struct {
	rules  rules
	static map[string]string // the specs, which never change
	w      *world
	a      *actor
	pos    int
	steps  int
	cancel context.CancelCauseFunc
}

// rules are what a broken world may do other than a sound one.
type rules struct {
	countArrivals bool // the board counts arrivals
	completeOnce  bool // it tells of completeness at one call only
	latePuts      bool // the store acknowledges a put before it is made
	noReplan      bool // nobody notices that Redis lost its data
	noRetention   bool // the queue forgets finished tasks, as the embedded one does
}

// call makes one call, or repeats its reply.
func (m *machine) call(ctx context.Context, name string, do func(w *world) (any, error)) (any, error) {
	if m.pos == m.a.cancelled {
		m.cancel(job.ErrCancelled)
	}
	if m.pos < len(m.a.log) {
		r := m.a.log[m.pos]
		if r.name != name {
			panic(fmt.Sprintf("handler is not deterministic: call %d is %s, was %s", m.pos, name, r.name))
		}
		m.pos++
		return r.v, r.err
	}
	if m.steps == 0 {
		panic(pause{})
	}
	m.steps--
	late := m.a.late
	if strings.HasPrefix(name, "mapped chunk") || strings.HasPrefix(name, "arrive ") {
		late = nil // still held back
	}
	r := reply{name: name, err: ctx.Err()}
	if r.err == nil {
		r.v, r.err = do(m.w)
	}
	if late != nil {
		m.w.objects[late.key], m.a.late = late.data, nil
	}
	m.a.add(r)
	m.pos++
	return r.v, r.err
}

func call[T any](ctx context.Context, m *machine, name string, do func(w *world) (T, error)) (v T, err error) {
	got, err := m.call(ctx, name, func(w *world) (any, error) { return do(w) })
	if got != nil {
		v = got.(T)
	}
	return v, err
}

// Get implements part of [storage.Store].
func (m *machine) Get(ctx context.Context, key string) ([]byte, error) {
	if s, ok := m.static[key]; ok {
		return []byte(s), nil
	}
	s, err := call(ctx, m, "get "+key, func(w *world) (string, error) {
		s, ok := w.objects[key]
		if !ok {
			return "", storage.WrapKey("get", key, storage.ErrNotFound)
		}
		return s, nil
	})
	return []byte(s), err
}

// Stat implements part of [storage.Store].
func (m *machine) Stat(ctx context.Context, key string) (storage.Info, error) {
	return call(ctx, m, "stat "+key, func(w *world) (storage.Info, error) {
		s, ok := w.objects[key]
		if !ok {
			return storage.Info{}, storage.WrapKey("stat", key, storage.ErrNotFound)
		}
		return storage.Info{Key: key, Size: int64(len(s))}, nil
	})
}

// Put implements part of [storage.Store].
func (m *machine) Put(ctx context.Context, key string, data []byte) error {
	_, err := call(ctx, m, "put "+key, func(w *world) (any, error) {
		have, ok := w.objects[key]
		switch {
		case ok && have != string(data):
			return nil, storage.WrapKey("put", key, storage.ErrConflict)
		case m.rules.latePuts:
			m.a.late = &latePut{key, string(data)}
		default:
			w.objects[key] = string(data)
		}
		return nil, nil
	})
	return err
}

// Delete implements part of [storage.Store].
func (m *machine) Delete(ctx context.Context, key string) error {
	_, err := call(ctx, m, "delete "+key, func(w *world) (any, error) {
		delete(w.objects, key)
		return nil, nil
	})
	return err
}

// GetRange implements part of [storage.Store]; nothing here needs it.
func (m *machine) GetRange(context.Context, string, int64, []byte) error { panic("range read") }

// List implements part of [storage.Store]; nothing here needs it.
func (m *machine) List(context.Context, string) iter.Seq2[storage.Info, error] { panic("list") }

func at(id job.ID, n job.Node) string { return string(id) + "/" + n.String() }

// Arrive implements part of [coord.Board].
func (m *machine) Arrive(ctx context.Context, id job.ID, t job.Tree, n job.Node) (bool, error) {
	return call(ctx, m, "arrive "+at(id, n), func(w *world) (bool, error) {
		first := !w.arrived[at(id, n)]
		w.arrived[at(id, n)] = true
		if n == t.Root() {
			return false, nil
		}
		if m.rules.countArrivals {
			w.counted[at(id, n.Parent())]++
			return w.counted[at(id, n.Parent())] == t.Arity(n.Parent()), nil
		}
		for c := range t.Children(n.Parent()) {
			if !w.arrived[at(id, c)] {
				return false, nil
			}
		}
		return first || !m.rules.completeOnce, nil
	})
}

// Retract implements part of [coord.Board].
func (m *machine) Retract(ctx context.Context, id job.ID, _ job.Tree, n job.Node) error {
	_, err := call(ctx, m, "retract "+at(id, n), func(w *world) (any, error) {
		delete(w.arrived, at(id, n))
		return nil, nil
	})
	return err
}

// Mapped implements part of [coord.Board].
func (m *machine) Mapped(ctx context.Context, id job.ID, _ job.Tree, n job.Node) error {
	_, err := call(ctx, m, "mapped chunk "+at(id, n), func(w *world) (any, error) {
		w.mapped[at(id, n)] = true
		return nil, nil
	})
	return err
}

// MappedCount implements part of [coord.Board].
func (m *machine) MappedCount(ctx context.Context, id job.ID) (int64, error) {
	return call(ctx, m, "mapped count "+string(id), func(w *world) (n int64, _ error) {
		for key := range w.mapped {
			if strings.HasPrefix(key, string(id)) {
				n++
			}
		}
		return n, nil
	})
}

// Attempts implements part of [coord.Board].
func (m *machine) Attempts(ctx context.Context, id job.ID, nodes ...job.Node) ([]int, error) {
	return call(ctx, m, "attempts "+string(id), func(w *world) (n []int, _ error) {
		for _, node := range nodes {
			n = append(n, 1+w.attempts[at(id, node)])
		}
		return n, nil
	})
}

// NextAttempt implements part of [coord.Board].
func (m *machine) NextAttempt(ctx context.Context, id job.ID, n job.Node) (int, error) {
	return call(ctx, m, "next attempt "+at(id, n), func(w *world) (int, error) {
		w.attempts[at(id, n)]++
		return 1 + w.attempts[at(id, n)], nil
	})
}

// Publish implements part of [coord.Board]. Nobody listens.
func (m *machine) Publish(context.Context, job.ID, coord.Event) error { return nil }

// Enqueue implements [queue.Enqueuer]: a task of which there is any trace stays
// as it is.
func (m *machine) Enqueue(ctx context.Context, ts ...queue.Task) error {
	_, err := call(ctx, m, "enqueue "+fmt.Sprint(ts), func(w *world) (any, error) {
		for _, t := range ts {
			if _, known := w.tasks[t.ID()]; !known {
				w.deliver(t, 1)
			}
		}
		return nil, nil
	})
	return err
}
