// Package queue hands tasks to the processes that serve them. A task is a
// reference to a node of a job, never data: losing the queue loses time, not
// results.
//
// # Delivery
//
// Each role has one fixed queue ("plan", "map", "reduce"), so a mapper process
// serves map tasks only. A task is delivered at least once: again after its
// process died, after a lost reply, after an error that may pass. Handlers are
// therefore idempotent.
//
// A task's ID is spelled from its fields, and Redis holds an ID once: as long
// as any trace of a task is left (pending, active, waiting for a retry, kept
// for the dashboard, archived), enqueueing the same task again does nothing and
// succeeds. Who wants it run again raises Attempt, or calls [Client.Drop] first.
//
// # Outcomes
//
// What becomes of a task follows from its handler's error alone, and is decided
// in one place, [Decide]:
//
//	nil                         done; kept for the dashboard for a while
//	job cancelled               revoked: gone, no failure
//	this process is stopping    back to the head of its queue, no try counted
//	permanent error             given up
//	any other error, panic      tried again after a growing delay
//	the last try failed         given up
//
// Giving up calls ServerConfig.OnGiveUp, so that the failure becomes a fact in
// object storage, and only then moves the task to the archive: a failure that
// could not be recorded is met again, not lost. A process that dies with a
// task uses up one of its tries; when none is left the next delivery gives up
// without calling the handler.
package queue
