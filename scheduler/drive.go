package scheduler

import (
	"context"
	"iter"
	"time"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// driver drives one job.
type driver struct {
	*Server
	job *jobs.Job
	id  job.ID

	next     func() (step, error, bool) // of the plan
	stop     func()
	done     bool                   // the plan is at its end
	window   map[job.Node]time.Time // chunks in the queue, and since when
	suspects map[job.Node]int       // nodes that look lost, and for how many sweeps
}

// driveEvery is how often a driver looks at the job as a whole: renews its
// lease, notes what arrived, finds what is lost.
const driveEvery = time.Second

func (d *driver) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := d.cfg.Board.Subscribe(ctx, d.id)
	if err := d.replan(ctx); err != nil {
		return err
	}
	defer func() { d.stop() }()
	tick := time.NewTicker(driveEvery)
	defer tick.Stop()
	for {
		if err := d.fill(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			delete(d.window, e.Node)
			if !e.Final {
				continue
			}
		case <-tick.C:
		}
		if over, err := d.tick(ctx); err != nil || over {
			return err
		}
	}
}

// replan starts the plan from its beginning, by what is stored.
func (d *driver) replan(ctx context.Context) error {
	if d.stop != nil {
		d.stop()
	}
	d.next, d.stop = iter.Pull2(plan(ctx, d.job))
	d.done = false
	d.window = make(map[job.Node]time.Time)
	d.suspects = make(map[job.Node]int)
	_, err := d.cfg.Board.Begin(ctx, d.id)
	return err
}

// fill puts chunks on the queue until the window is full.
func (d *driver) fill(ctx context.Context) error {
	if d.done || len(d.window) > d.cfg.Window*3/4 {
		return nil
	}
	arrived, err := d.cfg.Board.Arrived(ctx, d.id, d.job.Tree, d.job.Tree.ChunkLevel)
	if err != nil {
		return err
	}
	var nodes []job.Node
	for len(d.window)+len(nodes) < d.cfg.Window && !d.done {
		s, err, ok := d.next()
		switch {
		case !ok:
			d.done = true
		case err != nil:
			return err
		case s.stored:
			err = d.adopt(ctx, s.node)
		case !arrived.Has(s.node):
			nodes = append(nodes, s.node)
		}
		if err != nil {
			return err
		}
	}
	return d.dispatch(ctx, nodes)
}

// adopt takes a stored inner node for what it is: arrived.
func (d *driver) adopt(ctx context.Context, n job.Node) error {
	if err := d.cfg.Board.ArriveAll(ctx, d.id, d.job.Tree, n); err != nil {
		return err
	}
	return d.cfg.Commit.Commit(ctx, d.job, n, false)
}

func (d *driver) dispatch(ctx context.Context, nodes []job.Node) error {
	if err := d.cfg.Commit.Enqueue(ctx, d.job, nodes...); err != nil {
		return err
	}
	now := time.Now()
	for _, n := range nodes {
		d.window[n] = now
	}
	return nil
}

// tick looks at the job as a whole and reports whether it needs no more driving.
func (d *driver) tick(ctx context.Context) (over bool, err error) {
	if mine, err := d.cfg.Board.Lease(ctx, d.id, d.owner); err != nil || !mine {
		return true, err
	}
	if over, err := d.finished(ctx, d.id); err != nil || over {
		return true, err
	}
	known, err := d.cfg.Board.Knows(ctx, d.id)
	if err != nil {
		return false, err
	}
	if !known {
		d.cfg.Log.WarnContext(ctx, "redis lost the job, planning it again from storage", "job", d.id)
		return false, d.replan(ctx)
	}
	return false, d.sweep(ctx)
}

const (
	// patience is how long a chunk is in the queue before it is looked after.
	patience = 2 * time.Second
	// lostAfter is for how many sweeps in a row a node must look lost.
	lostAfter = 3
)

// sweep starts again what got lost: chunks in the window and inner nodes whose
// children all arrived, that are neither waiting in the queue nor being worked on.
func (d *driver) sweep(ctx context.Context) error {
	arrived, err := d.arrived(ctx)
	if err != nil {
		return err
	}
	late := d.late(arrived[0])
	late = append(late, ready(d.job.Tree, arrived)...)
	seen := make(map[job.Node]int)
	for _, n := range late {
		lost, err := d.lost(ctx, n)
		if err != nil {
			return err
		}
		if !lost {
			continue
		}
		if seen[n] = d.suspects[n] + 1; seen[n] < lostAfter {
			continue
		}
		delete(seen, n)
		d.cfg.Log.WarnContext(ctx, "task lost, starting another attempt", "job", d.id, "node", n)
		if err := d.cfg.Commit.Again(ctx, d.job, n); err != nil {
			return err
		}
	}
	d.suspects = seen
	return nil
}

// arrived returns the arrivals of each level, from the chunks up.
func (d *driver) arrived(ctx context.Context) ([]coord.Arrived, error) {
	t := d.job.Tree
	var levels []coord.Arrived
	for level := t.ChunkLevel; level <= t.Root().Level; level++ {
		a, err := d.cfg.Board.Arrived(ctx, d.id, t, level)
		if err != nil {
			return nil, err
		}
		levels = append(levels, a)
	}
	return levels, nil
}

// late forgets the chunks of the window that arrived and returns those that
// should have.
func (d *driver) late(arrived coord.Arrived) []job.Node {
	var late []job.Node
	for n, since := range d.window {
		switch {
		case arrived.Has(n):
			delete(d.window, n)
		case time.Since(since) > patience:
			late = append(late, n)
		}
	}
	return late
}

// ready returns the inner nodes that have not arrived though all their children
// have. levels[i] is the arrivals of the i-th level from the chunks up.
func ready(t job.Tree, levels []coord.Arrived) []job.Node {
	var nodes []job.Node
	for i := 1; i < len(levels); i++ {
		for n := range t.Row(t.ChunkLevel + i) {
			if !levels[i].Has(n) && allArrived(t, n, levels[i-1]) {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

func allArrived(t job.Tree, n job.Node, below coord.Arrived) bool {
	for c := range t.Children(n) {
		if !below.Has(c) {
			return false
		}
	}
	return true
}

// lost reports whether nobody is known to hold the task of a node.
func (d *driver) lost(ctx context.Context, n job.Node) (bool, error) {
	alive, err := d.cfg.Board.Marked(ctx, d.id, []job.Node{n})
	if err != nil || alive[0] {
		return false, err
	}
	task, err := d.cfg.Commit.Task(ctx, d.job, n)
	if err != nil {
		return false, err
	}
	state, err := d.cfg.Queue.Queued(ctx, task)
	return state != queue.Pending && state != queue.Waiting, err
}
