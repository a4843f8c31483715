// Package coord is how the processes that work on one job take turns. All of it
// is coordination: what Redis holds can be lost at any moment and is made again
// from object storage. Nothing here is a result.
//
// # The commit path
//
// Mappers and reducers end in the same steps, in this order ([Committer.Run]):
//
//  1. put the summaries that are not stored yet (create-only);
//  2. record the arrival of the node, a bit in a set, never a counter;
//  3. if all children of the parent have arrived, enqueue the parent; if the
//     node is the root, state that the job is done;
//  4. publish an event;
//  5. acknowledge the task, by returning nil.
//
// Whoever dies between two steps is run again and repeats all of them: a
// summary that is stored is not computed again, an arrival recorded twice is
// one arrival, a task enqueued twice is one task.
package coord

import (
	"context"
	"time"

	"github.com/binglide/binglide/job"
)

// Arrivals is the set of nodes of a job whose summaries are stored. It is a
// hint: a lost arrival is recorded again, a wrong one found out when its
// summary is read.
type Arrivals interface {
	// Arrive records that n is stored, and reports whether all children of
	// its parent now are. It says so at that call and every later one. The
	// root has no parent to be complete.
	Arrive(ctx context.Context, id job.ID, t job.Tree, n job.Node) (complete bool, err error)
	// Retract takes an arrival back, because the summary proved missing.
	Retract(ctx context.Context, id job.ID, t job.Tree, n job.Node) error
}

// Attempts numbers the attempts at a node, since a queue refuses a task whose
// ID it has seen.
type Attempts interface {
	// Attempts returns the current attempt at each node, from 1 on.
	Attempts(ctx context.Context, id job.ID, nodes ...job.Node) ([]int, error)
	// NextAttempt starts and returns the next one.
	NextAttempt(ctx context.Context, id job.ID, n job.Node) (int, error)
}

// Events tells watchers what happens. It may lose messages.
type Events interface {
	// Publish announces that something changed about a job.
	Publish(ctx context.Context, id job.ID, e Event) error
}

// Event is one thing that happened to a job.
type Event struct {
	Node   job.Node `json:"node"`
	Mapped bool     `json:"mapped,omitempty"` // a chunk was computed, not found
	Final  bool     `json:"final,omitempty"`  // the job has a terminal fact
}

// markEvery is how often a running attempt renews its mark, and markFor how
// long a mark outlives its last renewal.
const (
	markEvery = time.Second
	markFor   = 4 * time.Second
)
