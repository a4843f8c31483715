package queue

import (
	"context"
	"errors"
	"time"

	"github.com/hibiken/asynq"
)

// State is what the queue knows of a task.
type State int

// The states. In all but Absent, enqueueing the task again does nothing.
const (
	Absent   State = iota // no trace: never queued, revoked, or forgotten
	Pending               // waits for a server
	Active                // a server runs it, or died running it
	Waiting               // waits for its next try
	Finished              // done, kept for the dashboard
	Archived              // given up
)

// String returns the state as status prints it.
func (s State) String() string {
	return [...]string{"absent", "pending", "active", "waiting", "finished", "archived"}[s]
}

// ErrActive means that the task is being run, and cannot be dropped.
var ErrActive = errors.New("task is active")

// Queued returns what the queue knows of t.
func (c *Client) Queued(ctx context.Context, t Task) (State, error) {
	if err := ctx.Err(); err != nil {
		return Absent, c.wrap("look up "+t.ID(), err)
	}
	info, err := c.inspector.GetTaskInfo(queues[t.Kind], t.ID())
	switch {
	case isAbsent(err):
		return Absent, nil
	case err != nil:
		return Absent, c.wrap("look up "+t.ID(), err)
	}
	return stateOf(info.State), nil
}

func isAbsent(err error) bool {
	return errors.Is(err, asynq.ErrQueueNotFound) || errors.Is(err, asynq.ErrTaskNotFound)
}

func stateOf(s asynq.TaskState) State {
	switch s {
	case asynq.TaskStateActive:
		return Active
	case asynq.TaskStateScheduled, asynq.TaskStateRetry:
		return Waiting
	case asynq.TaskStateCompleted:
		return Finished
	case asynq.TaskStateArchived:
		return Archived
	}
	return Pending
}

// Drop removes the trace of a task, so that the same task can be enqueued
// again. Where there is none it returns nil, and ErrActive if the task is being
// run. Dropping a pending task takes time in proportion to the queue's length.
func (c *Client) Drop(ctx context.Context, t Task) error {
	if err := ctx.Err(); err != nil {
		return c.wrap("drop "+t.ID(), err)
	}
	err := c.inspector.DeleteTask(queues[t.Kind], t.ID())
	if err == nil || isAbsent(err) {
		return nil
	}
	if s, serr := c.Queued(ctx, t); serr == nil && s == Active {
		return c.wrap("drop "+t.ID(), ErrActive)
	}
	return c.wrap("drop "+t.ID(), err)
}

// Depth counts the tasks of one queue by state.
type Depth struct {
	Queue    string `json:"queue"`
	Pending  int    `json:"pending"`
	Active   int    `json:"active"`
	Waiting  int    `json:"waiting"`
	Finished int    `json:"finished"`
	Archived int    `json:"archived"`
}

// Depths returns the depth of each queue, in the order of a job's flow.
func (c *Client) Depths(ctx context.Context) ([]Depth, error) {
	if err := c.register(ctx); err != nil {
		return nil, c.wrap("read queue depths", err)
	}
	var ds []Depth
	for _, k := range []Kind{PlanJob, MapChunk, ReduceNode} {
		info, err := c.inspector.GetQueueInfo(queues[k])
		if err != nil && !isAbsent(err) {
			return nil, c.wrap("read queue depths", err)
		}
		d := Depth{Queue: queues[k]}
		if info != nil {
			d.Pending, d.Active = info.Pending, info.Active
			d.Waiting = info.Scheduled + info.Retry
			d.Finished, d.Archived = info.Completed, info.Archived
		}
		ds = append(ds, d)
	}
	return ds, nil
}

// Worker is a server process seen in the last seconds.
type Worker struct {
	Host        string    `json:"host"`
	PID         int       `json:"pid"`
	Queues      []string  `json:"queues"`
	Concurrency int       `json:"concurrency"`
	Active      int       `json:"active"` // tasks being run
	Started     time.Time `json:"started"`
}

// Workers returns the servers that have lately told Redis of themselves. One
// that was killed is listed for up to ten seconds more.
func (c *Client) Workers(ctx context.Context) ([]Worker, error) {
	if err := ctx.Err(); err != nil {
		return nil, c.wrap("list workers", err)
	}
	servers, err := c.inspector.Servers()
	if err != nil {
		return nil, c.wrap("list workers", err)
	}
	var ws []Worker
	for _, s := range servers {
		w := Worker{Host: s.Host, PID: s.PID, Concurrency: s.Concurrency, Active: len(s.ActiveWorkers), Started: s.Started}
		for q := range s.Queues {
			w.Queues = append(w.Queues, q)
		}
		ws = append(ws, w)
	}
	return ws, nil
}
