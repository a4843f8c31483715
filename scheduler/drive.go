package scheduler

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
)

// driver drives one job. It is used by one goroutine.
type driver struct {
	*Server
	job *jobs.Job
	id  job.ID

	next     func() (step, error, bool) // of the plan
	stop     func()
	done     bool                   // the plan is at its end
	arrived  coord.Arrived          // the chunks, when last looked at
	window   map[job.Node]time.Time // chunks in the queue, and since when
	suspects map[job.Node]int       // nodes that look lost, and for how many sweeps
}

const (
	// driveEvery is how often a driver looks at the job as a whole: renews its
	// lease, notes what arrived, finds what is lost.
	driveEvery = time.Second
	// fillFor bounds how long a driver plans before it enqueues what it found:
	// the first chunks do not wait for the look-ups of the last, and a job of
	// which most is stored does not outlast the driver's lease unseen.
	fillFor = 20 * time.Millisecond
)

// run drives the job until it is final, ctx ends or the lease is lost; then it
// returns nil. After an error the caller may run another driver.
func (d *driver) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := d.cfg.Board.Subscribe(ctx, d.id)
	defer d.halt()
	if err := d.replan(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(driveEvery)
	defer tick.Stop()
	for {
		more, err := d.fill(ctx)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ready(more):
			continue
		case e, ok := <-events:
			if !ok {
				events = nil // the ticks remain
				continue
			}
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

// ready returns a channel that can be received from if now is set, and never
// otherwise.
func ready(now bool) <-chan struct{} {
	if !now {
		return nil
	}
	c := make(chan struct{})
	close(c)
	return c
}

// halt ends the plan.
func (d *driver) halt() {
	if d.stop != nil {
		d.stop()
	}
}

// replan starts the plan from its beginning, by what is stored. Redis is told
// first: if it loses the job after that, the next tick notices.
func (d *driver) replan(ctx context.Context) error {
	if _, err := d.cfg.Board.Begin(ctx, d.id); err != nil {
		return fmt.Errorf("begin job: %w", err)
	}
	arrived, err := d.cfg.Board.Arrived(ctx, d.id, d.job.Tree, d.job.Tree.ChunkLevel)
	if err != nil {
		return fmt.Errorf("read arrivals: %w", err)
	}
	d.halt()
	d.next, d.stop = iter.Pull2(plan(ctx, d.job))
	d.done, d.arrived = false, arrived
	d.window = make(map[job.Node]time.Time)
	d.suspects = make(map[job.Node]int)
	return nil
}

// fill puts chunks on the queue if a quarter of the window is free, and reports
// whether it stopped for lack of time only. A chunk that arrived since the last
// look is enqueued in vain: its mapper finds it stored.
func (d *driver) fill(ctx context.Context) (more bool, err error) {
	room := d.cfg.Window - len(d.window)
	if d.done || room*4 < d.cfg.Window {
		return false, nil
	}
	var nodes []job.Node
	for begun := time.Now(); !d.done && len(nodes) < room && time.Since(begun) < fillFor; {
		s, err, ok := d.next()
		switch {
		case !ok:
			d.done = true
		case err != nil:
			return false, err
		case s.stored:
			err = d.adopt(ctx, s.node)
		case !d.arrived.Has(s.node):
			nodes = append(nodes, s.node)
		}
		if err != nil {
			return false, err
		}
	}
	return !d.done && len(nodes) < room, d.dispatch(ctx, nodes)
}

// adopt takes a stored inner node for what it is: arrived.
func (d *driver) adopt(ctx context.Context, n job.Node) error {
	if err := d.cfg.Board.ArriveAll(ctx, d.id, d.job.Tree, n); err != nil {
		return fmt.Errorf("adopt node %s: %w", n, err)
	}
	return d.cfg.Commit.Commit(ctx, d.job, n, false)
}

func (d *driver) dispatch(ctx context.Context, nodes []job.Node) error {
	if len(nodes) == 0 {
		return nil
	}
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
