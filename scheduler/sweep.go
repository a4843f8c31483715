package scheduler

import (
	"context"
	"time"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

const (
	// patience is how long a chunk is in the queue before it is looked after.
	patience = 2 * time.Second
	// lostAfter is for how many sweeps in a row a node must look lost.
	lostAfter = 3
)

// sweep starts again what got lost: chunks in the window and inner nodes whose
// children all arrived, that are neither waiting in the queue nor being worked on.
func (d *driver) sweep(ctx context.Context) error {
	arrived, err := d.levels(ctx)
	if err != nil {
		return err
	}
	d.arrived = arrived[0]
	d.recall()
	late := append(d.late(time.Now()), unmerged(d.job.Tree, arrived)...)
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

// levels returns the arrivals of each level, from the chunks up.
func (d *driver) levels(ctx context.Context) ([]coord.Arrived, error) {
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

// recall takes back into the window the chunks that the plan is past and that
// are missing all the same, because they proved unreadable after they arrived.
func (d *driver) recall() {
	if !d.done {
		return
	}
	now := time.Now()
	for n := range d.job.Tree.Row(d.job.Tree.ChunkLevel) {
		if len(d.window) >= d.cfg.Window {
			return
		}
		if _, in := d.window[n]; !in && !d.arrived.Has(n) {
			d.window[n] = now
		}
	}
}

// late forgets the chunks of the window that arrived and returns those that
// should have by now.
func (d *driver) late(now time.Time) []job.Node {
	var late []job.Node
	for n, since := range d.window {
		switch {
		case d.arrived.Has(n):
			delete(d.window, n)
		case now.Sub(since) > patience:
			late = append(late, n)
		}
	}
	return late
}

// unmerged returns the inner nodes that have not arrived though all their
// children have, but for those under a node that has: of an adopted node
// nothing below is needed. levels[i] is the arrivals of the i-th level from the
// chunks up.
func unmerged(t job.Tree, levels []coord.Arrived) []job.Node {
	var nodes []job.Node
	for i := 1; i < len(levels); i++ {
		for n := range t.Row(t.ChunkLevel + i) {
			if !covered(n, levels[i:]) && allArrived(t, n, levels[i-1]) {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

// covered reports whether n or a node over it has arrived. levels begins with
// that of n.
func covered(n job.Node, levels []coord.Arrived) bool {
	for _, level := range levels {
		if level.Has(n) {
			return true
		}
		n = n.Parent()
	}
	return false
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
