package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/binglide/binglide/job"
)

// Kind names a type of task. Kinds are stored in the queue and shown in the
// dashboard: they are never renamed, and never reused.
type Kind string

// The kinds of tasks.
const (
	PlanJob    Kind = "job:plan"    // decide which chunks of a job to map
	MapChunk   Kind = "chunk:map"   // summarise one chunk
	ReduceNode Kind = "node:reduce" // merge the summaries of a node's children
)

// Task is one unit on the queue: a reference, never data. Its JSON form stays
// below 1 KB and only ever gains fields.
type Task struct {
	Kind Kind     `json:"-"`
	Job  job.ID   `json:"job"`
	Node job.Node `json:"node"` // zero for a task about the whole job
	// Attempt tells apart dispatches of the same work; see the package's words
	// on delivery. It does not count tries after errors.
	Attempt int `json:"attempt"`
}

// ID returns "<job>:<kind>:<level>.<index>:<attempt>". It holds no '-', at
// which the dashboard would cut it.
func (t Task) ID() string { return fmt.Sprintf("%s:%s:%s:%d", t.Job, t.Kind, t.Node, t.Attempt) }

// String returns the task as logs and errors show it.
func (t Task) String() string { return t.ID() }

func (t Task) payload() ([]byte, error) {
	if _, ok := queues[t.Kind]; !ok {
		return nil, fmt.Errorf("%w: task kind %q", job.ErrInvalid, t.Kind)
	}
	if t.Job == "" || strings.Contains(string(t.Job), "-") {
		return nil, fmt.Errorf("%w: task of job %q: want a job id without '-'", job.ErrInvalid, t.Job)
	}
	return json.Marshal(t)
}

// ParseTask reads a task as the queue holds it. Unknown fields are skipped, so
// that processes of different versions can share a queue.
func ParseTask(kind string, payload []byte) (Task, error) {
	t := Task{Kind: Kind(kind)}
	if err := json.Unmarshal(payload, &t); err != nil {
		return t, fmt.Errorf("%w: payload of a %s task: %w", job.ErrInvalid, kind, err)
	}
	if t.Job == "" {
		return t, fmt.Errorf("%w: payload of a %s task names no job", job.ErrInvalid, kind)
	}
	return t, nil
}

// Result is what a handler tells the dashboard of a task it finished.
type Result struct {
	Bytes    int64 `json:"bytes"`    // input bytes looked at, or bytes merged
	Computed int   `json:"computed"` // summaries computed; 0: all were stored already
	Millis   int64 `json:"ms"`       // time taken; the server fills in 0
}

// ParseResult reads a result as the queue holds it.
func ParseResult(b []byte) (Result, error) {
	var r Result
	err := json.Unmarshal(b, &r)
	return r, err
}

// Handler serves the tasks of one kind. It may be called twice for one task,
// also at the same time by two processes, and ends soon after its context does.
type Handler func(ctx context.Context, t Task) (Result, error)

// Enqueuer puts tasks on the queue.
type Enqueuer interface {
	// Enqueue puts the tasks on their queues. A task of which the queue still
	// has any trace is left as it is, which is no error. After an error some
	// of the tasks may be queued; the caller may repeat the call.
	Enqueue(ctx context.Context, ts ...Task) error
}

// queues gives each role its queue. Tasks of higher priority would get a second
// queue per role, served by the same servers at a greater weight.
var queues = map[Kind]string{PlanJob: "plan", MapChunk: "map", ReduceNode: "reduce"}

// weights returns the queues of the given kinds as a server polls them.
func weights[V any](kinds map[Kind]V) map[string]int {
	w := make(map[string]int)
	for k := range kinds {
		w[queues[k]] = 1
	}
	return w
}
