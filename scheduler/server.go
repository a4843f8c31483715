// Package scheduler decides what work a job needs and keeps it going: it
// streams the plan into the queue, a window at a time, and starts again what
// got lost.
//
// A scheduler holds no state that matters. Each open job is driven by one of
// the schedulers at a time, under a lease; if that one dies another reads the
// job from object storage and goes on.
package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// Inspector tells what the queue knows of a task.
type Inspector interface {
	Queued(ctx context.Context, t queue.Task) (queue.State, error)
}

// Config says what a scheduler works with.
type Config struct {
	Facts  *jobs.Facts
	Jobs   *jobs.Cache
	Board  *coord.Redis
	Commit *coord.Committer
	Queue  Inspector
	Log    *slog.Logger
	// Local leaves alone the jobs that were not submitted through this
	// process's own queue.
	Local bool
	// Window is how many chunks of a job are in the queue at a time.
	// Defaults to 256.
	Window int
}

func (c Config) withDefaults() Config {
	if c.Window <= 0 {
		c.Window = 256
	}
	return c
}

// Server drives the open jobs.
type Server struct {
	cfg   Config
	owner string
	wake  chan job.ID

	mu      sync.Mutex
	driving map[job.ID]bool
}

// NewServer returns a scheduler.
func NewServer(cfg Config) *Server {
	return &Server{
		cfg: cfg.withDefaults(), owner: string(job.NewID()),
		wake: make(chan job.ID), driving: make(map[job.ID]bool),
	}
}

// lookEvery is how often a scheduler looks for open jobs that nobody drives.
const lookEvery = 2 * time.Second

// Run drives jobs until ctx ends, and returns when all its drivers have.
func (s *Server) Run(ctx context.Context) {
	var drivers sync.WaitGroup
	defer drivers.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	s.look(ctx, &drivers)
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-s.wake:
			s.start(ctx, &drivers, id)
		case <-tick.C:
			s.look(ctx, &drivers)
		}
	}
}

// Handle serves tasks of the kind job:plan: it wakes this scheduler for a job.
func (s *Server) Handle(ctx context.Context, t queue.Task) (queue.Result, error) {
	select {
	case s.wake <- t.Job:
		return queue.Result{}, nil
	case <-ctx.Done():
		return queue.Result{}, context.Cause(ctx)
	}
}

func (s *Server) look(ctx context.Context, drivers *sync.WaitGroup) {
	if s.cfg.Local {
		return
	}
	for id, err := range s.cfg.Facts.Open(ctx) {
		if err != nil {
			s.cfg.Log.WarnContext(ctx, "look for open jobs", "err", err)
			return
		}
		s.start(ctx, drivers, id)
	}
}

// start drives a job that this scheduler does not drive yet.
func (s *Server) start(ctx context.Context, drivers *sync.WaitGroup, id job.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driving[id] {
		return
	}
	s.driving[id] = true
	drivers.Go(func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.driving, id)
		}()
		s.keep(ctx, id)
	})
}

const (
	minPause = 100 * time.Millisecond // between two drives, doubling up to
	maxPause = 2 * time.Second
	// maxMissing is how many drives in a row may end in a missing object. What
	// a job itself computes is made again, so it is a part of its input.
	maxMissing = 5
)

// keep drives a job until it is final or another scheduler drives it. What
// Redis or the store refuse now they may do in a moment, and in a Local process
// nobody else would try again.
func (s *Server) keep(ctx context.Context, id job.ID) {
	pause, missing := minPause, 0
	for {
		begun := time.Now()
		err := s.drive(ctx, id)
		if storage.IsMissing(err) {
			missing++
		} else {
			missing = 0
		}
		if missing >= maxMissing {
			err = s.giveUp(ctx, id, err)
		}
		if err == nil || ctx.Err() != nil || errors.Is(err, job.ErrNotFound) {
			return
		}
		s.cfg.Log.WarnContext(ctx, "job interrupted, trying again", "job", id, "err", err)
		if time.Since(begun) > maxPause {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// giveUp states that a job cannot be planned: it is its root that failed.
func (s *Server) giveUp(ctx context.Context, id job.ID, cause error) error {
	t := planTask(id)
	if spec, err := s.cfg.Facts.Spec(ctx, id); err == nil {
		t.Node = spec.Tree().Root()
	}
	return s.cfg.Commit.GiveUp(ctx, t, cause)
}

// drive takes a job to its end, or returns nil if another scheduler does.
func (s *Server) drive(ctx context.Context, id job.ID) error {
	mine, err := s.cfg.Board.Lease(ctx, id, s.owner)
	if err != nil || !mine {
		return err
	}
	defer s.cfg.Board.Release(context.WithoutCancel(ctx), id, s.owner)
	final, err := s.finished(ctx, id)
	if err != nil || final {
		return err
	}
	j, err := s.cfg.Jobs.Open(ctx, id)
	if job.IsPermanent(err) {
		return s.giveUp(ctx, id, err)
	}
	if err != nil {
		return err
	}
	d := &driver{Server: s, job: j, id: id}
	err = d.run(ctx)
	if job.IsPermanent(err) {
		return s.giveUp(ctx, id, err)
	}
	return err
}

// finished reports whether a job is final, and if so tidies up behind it.
func (s *Server) finished(ctx context.Context, id job.ID) (bool, error) {
	st, err := s.cfg.Facts.Status(ctx, id)
	if err != nil || !st.State.Final() {
		return false, err
	}
	if st.State == job.StateDone {
		if err := s.cfg.Board.Forget(ctx, id, st.Spec.Tree()); err != nil {
			return true, err
		}
	}
	s.cfg.Log.InfoContext(ctx, "job ended", "job", id, "state", st.State.String())
	return true, s.cfg.Facts.Close(ctx, id)
}
