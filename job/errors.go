package job

import (
	"errors"
	"fmt"
)

// Sentinels that callers branch on. Each is wrapped with the thing concerned
// and, where there is one, the mend.
var (
	// ErrInvalid marks what a user asked for and cannot have: a bad size, a
	// region beyond the end, an unreadable spec. It is never retried.
	ErrInvalid = errors.New("invalid")
	// ErrUnknownAnalysis marks an analysis that this binary does not have.
	ErrUnknownAnalysis = errors.New("unknown analysis")
	// ErrInputChanged marks an input that is no longer the one the job was
	// submitted for. It is never retried.
	ErrInputChanged = errors.New("input changed")
	// ErrCancelled is the cause of a context ended by a job's cancellation.
	ErrCancelled = errors.New("job cancelled")
	// ErrNotFound marks a job of which no spec is stored.
	ErrNotFound = errors.New("job not found")
)

// IsPermanent reports whether err would be the same at every further attempt,
// so that the job fails at once.
func IsPermanent(err error) bool {
	return errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnknownAnalysis) || errors.Is(err, ErrInputChanged)
}

// NodeError is an error met while computing one node of one job.
type NodeError struct {
	Job     ID
	Node    Node
	Attempt int
	Err     error
}

// Error implements error.
func (e *NodeError) Error() string {
	return fmt.Sprintf("job %s node %s attempt %d: %v", e.Job, e.Node, e.Attempt, e.Err)
}

// Unwrap returns the cause.
func (e *NodeError) Unwrap() error { return e.Err }
