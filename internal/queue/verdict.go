package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/binglide/binglide/job"
)

// ErrStopping is the cause of a handler's context when its process is asked to
// stop. The task goes back to its queue and loses no try.
var ErrStopping = errors.New("process is stopping")

// errTimeout is the cause of a handler's context when its time is up.
var errTimeout = errors.New("task timed out")

// Verdict is what becomes of a task after a handler returned.
type Verdict int

// The verdicts.
const (
	Done    Verdict = iota // finished
	Revoke                 // its job is cancelled: forget it
	Requeue                // not its fault: back to the queue, no try counted
	Retry                  // try again later
	GiveUp                 // will not be tried again: record the failure
)

// String returns the verdict as logs show it.
func (v Verdict) String() string {
	return [...]string{"done", "revoke", "requeue", "retry", "give up"}[v]
}

// Try is the number of a try, and how many there are.
type Try struct {
	Number int // from 0
	Max    int // further tries after the first
}

// Decide sorts a handler's error by what is to be done. ctx is the context the
// handler had: a cause that ended it outweighs the error that came of it.
func Decide(ctx context.Context, err error, n Try) Verdict {
	cause := context.Cause(ctx)
	switch {
	case err == nil:
		return Done
	case errors.Is(cause, job.ErrCancelled), errors.Is(err, job.ErrCancelled):
		return Revoke
	case errors.Is(cause, ErrStopping), errors.Is(err, ErrStopping):
		return Requeue
	case job.IsPermanent(err), n.Number >= n.Max:
		return GiveUp
	}
	return Retry
}

const (
	minDelay = 200 * time.Millisecond
	maxDelay = 30 * time.Second
)

// delay returns how long to wait before try n+1: about 200 ms, doubling up to
// 30 s, of which a random half is taken off so that tasks that failed together
// do not come back together.
func delay(n int) time.Duration {
	d := maxDelay
	if n < 8 {
		d = min(maxDelay, minDelay<<n)
	}
	return d - rand.N(d/2)
}

// outcome carries a verdict through the queue's library, as the error of its
// handler.
type outcome struct {
	verdict Verdict
	err     error
	also    error         // the library's own word for the verdict, if it has one
	after   time.Duration // Requeue: how long to wait
}

func (o *outcome) Error() string { return o.err.Error() }

func (o *outcome) Unwrap() []error {
	if o.also == nil {
		return []error{o.err}
	}
	return []error{o.err, o.also}
}

// countsAsTry reports whether err uses up one of the task's tries. Errors that
// are not an outcome come from the library itself: a lease that expired, a
// handler that outlived its deadline, a cancel from the dashboard.
func countsAsTry(err error) bool {
	if o, ok := errors.AsType[*outcome](err); ok {
		return o.verdict == Retry
	}
	return !errors.Is(err, context.Canceled)
}

// recovered turns a panic value into an error.
func recovered(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("handler panicked: %w", err)
	}
	return fmt.Errorf("handler panicked: %v", v)
}
