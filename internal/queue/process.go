package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hibiken/asynq"

	"github.com/binglide/binglide/job"
)

const (
	slotWait    = time.Second      // for a slot that a stuck handler holds
	recordTries = 3                // of OnGiveUp per give-up
	recordWait  = 10 * time.Second // per try
	recordPause = 500 * time.Millisecond
	unrecorded  = maxDelay // before a task is tried again whose failure could not be recorded
)

// errNoTryLeft fails a task that used up its tries without a handler returning.
var errNoTryLeft = errors.New("no try left: the last ones outran their time or died with their process")

// process is the one way from the library to a handler and back.
func (s *Server) process(ctx context.Context, lt *asynq.Task) error {
	t, err := ParseTask(lt.Type(), lt.Payload())
	if err != nil {
		s.cfg.Logger.ErrorContext(ctx, "unreadable task archived", "kind", lt.Type(), "err", err)
		return &outcome{verdict: GiveUp, err: err, also: asynq.SkipRetry}
	}
	if err := s.takeSlot(ctx); err != nil {
		return s.leave(&outcome{verdict: Requeue, err: err, after: slotWait})
	}
	o := s.serve(ctx, lt, t)
	<-s.slots
	if o == nil {
		return nil
	}
	return s.leave(o)
}

// leave ends process. A task that goes back to its queue while the server stops
// is left to the library, which puts it at the queue's head.
func (s *Server) leave(o *outcome) error {
	if o.verdict == Requeue && s.stopping.Err() != nil {
		<-s.gone
	}
	return o
}

func (s *Server) takeSlot(ctx context.Context) error {
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case <-s.stopping.Done():
		return ErrStopping
	default:
	}
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-s.stopping.Done():
		return ErrStopping
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		s.cfg.Logger.ErrorContext(ctx, "handlers ignore the end of their context", "slots", cap(s.slots))
		return errors.New("no free slot: handlers outran their time")
	}
}

// try runs the handler once, and sorts its error.
func (s *Server) try(ctx context.Context, t Task) (Result, Verdict, error) {
	n := Try{Max: s.cfg.MaxRetry}
	n.Number, _ = asynq.GetRetryCount(ctx)
	if n.Number > n.Max {
		return Result{}, GiveUp, explain(t, n, errNoTryLeft)
	}
	ctx, free := s.bind(ctx, t)
	defer free()
	start := time.Now()
	r, err := s.call(ctx, t)
	v := Decide(ctx, err, n)
	if v != Done && errors.Is(context.Cause(ctx), errTimeout) {
		err = fmt.Errorf("%w after %v: %w", errTimeout, time.Since(start).Round(time.Second), err)
	}
	if r.Millis == 0 {
		r.Millis = time.Since(start).Milliseconds()
	}
	return r, v, explain(t, n, err)
}

// bind derives the handler's context: it ends a little before the library's,
// when the process stops, and when cfg.Bind says so. The library's own context
// is left alone, for when that ends the library lets go of the task.
func (s *Server) bind(ctx context.Context, t Task) (context.Context, context.CancelFunc) {
	freeDeadline := func() {}
	if d, ok := ctx.Deadline(); ok {
		ctx, freeDeadline = context.WithDeadlineCause(ctx, d.Add(-timeoutGrace), errTimeout)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	unlink := context.AfterFunc(s.stopping, func() { cancel(ErrStopping) })
	ctx, unbind := s.cfg.Bind(ctx, t)
	return ctx, func() { unbind(); unlink(); cancel(nil); freeDeadline() }
}

func (s *Server) call(ctx context.Context, t Task) (r Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.cfg.Logger.ErrorContext(ctx, "handler panicked",
				"job", t.Job, "node", t.Node, "panic", v, "stack", string(debug.Stack()))
			err = recovered(v)
		}
	}()
	h, ok := s.cfg.Handlers[t.Kind]
	if !ok {
		return r, fmt.Errorf("no handler for tasks of kind %q", t.Kind)
	}
	return h(ctx, t)
}

// explain names the task in err, unless err does so already.
func explain(t Task, n Try, err error) error {
	if _, ok := errors.AsType[*job.NodeError](err); ok || err == nil {
		return err
	}
	return &job.NodeError{Job: t.Job, Node: t.Node, Attempt: n.Number, Err: err}
}

// serve tries the task once and turns the verdict into what the library
// understands.
func (s *Server) serve(ctx context.Context, lt *asynq.Task, t Task) *outcome {
	r, v, err := s.try(ctx, t)
	log := s.cfg.Logger.With("job", t.Job, "node", t.Node, "kind", t.Kind)
	switch v {
	case Done:
		s.keepResult(ctx, lt, r)
		return nil
	case Revoke:
		log.DebugContext(ctx, "task revoked")
		return &outcome{verdict: v, err: err, also: asynq.RevokeTask}
	case Requeue:
		return &outcome{verdict: v, err: err}
	case GiveUp:
		return s.giveUp(ctx, t, err)
	}
	log.WarnContext(ctx, "task failed, tried again later", "err", err)
	return &outcome{verdict: v, err: err}
}

func (s *Server) giveUp(ctx context.Context, t Task, err error) *outcome {
	log := s.cfg.Logger.With("job", t.Job, "node", t.Node, "kind", t.Kind)
	if rerr := s.record(ctx, t, err); rerr != nil {
		log.ErrorContext(ctx, "failure not recorded, task tried again later", "err", err, "record_err", rerr)
		return &outcome{verdict: Requeue, err: err, after: unrecorded}
	}
	log.ErrorContext(ctx, "task given up", "err", err)
	return &outcome{verdict: GiveUp, err: err, also: asynq.SkipRetry}
}

// record calls OnGiveUp until it succeeds, a bounded number of times. The
// task's own time may be up, so it does not count here.
func (s *Server) record(ctx context.Context, t Task, cause error) (err error) {
	ctx = context.WithoutCancel(ctx)
	for i := range recordTries {
		if i > 0 {
			select {
			case <-s.stopping.Done():
				return err
			case <-time.After(recordPause << i):
			}
		}
		if err = s.recordOnce(ctx, t, cause); err == nil {
			return nil
		}
	}
	return err
}

func (s *Server) recordOnce(ctx context.Context, t Task, cause error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, recordWait)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = recovered(v)
		}
	}()
	return s.cfg.OnGiveUp(ctx, t, cause)
}

// keepResult stores what the dashboard shows of a finished task. Losing it
// harms nobody.
func (s *Server) keepResult(ctx context.Context, lt *asynq.Task, r Result) {
	if s.cfg.Redis.InProcess() {
		return
	}
	b, err := json.Marshal(r)
	if err == nil {
		_, err = lt.ResultWriter().Write(b)
	}
	if err != nil {
		s.cfg.Logger.DebugContext(ctx, "result not kept", "err", err)
	}
}
