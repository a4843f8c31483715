// Package web is the HTTP face of binglide: the dashboard of its queues.
package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/hibiken/asynqmon"

	"github.com/binglide/binglide/internal/queue"
)

// Config says what the dashboard shows.
type Config struct {
	Redis queue.Redis
	// Writable lets visitors pause queues and cancel, run and delete tasks.
	// Defaults to looking only. The dashboard itself knows no users.
	Writable bool
}

// Dashboard is the pages of asynqmon: queues, tasks and servers. Close it after
// use.
type Dashboard struct{ *asynqmon.HTTPHandler }

// NewDashboard returns the dashboard of a Redis. It does not connect yet.
func NewDashboard(c Config) Dashboard {
	return Dashboard{asynqmon.New(asynqmon.Options{
		RedisConnOpt:     c.Redis,
		ReadOnly:         !c.Writable,
		PayloadFormatter: asynqmon.PayloadFormatterFunc(formatPayload),
		ResultFormatter:  asynqmon.ResultFormatterFunc(formatResult),
	})}
}

// ServeHTTP implements [http.Handler]. Other sites cannot act through the
// browser of a visitor: neither send requests that change something nor show
// the dashboard in a frame.
func (d Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Frame-Options", "DENY")
	http.NewCrossOriginProtection().Handler(d.HTTPHandler).ServeHTTP(w, r)
}

// formatPayload tells what a task is about.
func formatPayload(kind string, payload []byte) string {
	t, err := queue.ParseTask(kind, payload)
	if err != nil {
		return fmt.Sprintf("not a task of binglide: %q", payload)
	}
	if t.Kind == queue.PlanJob {
		return fmt.Sprintf("plan job %s, attempt %d", t.Job, t.Attempt)
	}
	verb := map[queue.Kind]string{queue.MapChunk: "map chunk", queue.ReduceNode: "reduce node"}[t.Kind]
	return fmt.Sprintf("%s %s of job %s, attempt %d", verb, t.Node, t.Job, t.Attempt)
}

// formatResult tells what became of a task.
func formatResult(_ string, result []byte) string {
	if len(result) == 0 {
		return ""
	}
	r, err := queue.ParseResult(result)
	if err != nil {
		return fmt.Sprintf("%q", result)
	}
	took := time.Duration(r.Millis) * time.Millisecond
	if r.Computed == 0 {
		return fmt.Sprintf("nothing to compute, in %s", took)
	}
	if r.Bytes == 0 {
		return fmt.Sprintf("%d summaries in %s", r.Computed, took)
	}
	return fmt.Sprintf("%d summaries of %s in %s", r.Computed, humanize.IBytes(uint64(r.Bytes)), took)
}

// Serve answers requests on a listener until ctx ends; requests under way then
// have 2 s to finish. It returns nil when it was asked to end.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.Close()
	}
	return err
}
