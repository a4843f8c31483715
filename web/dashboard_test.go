package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

const id = job.ID("abcdefghijklmnop")

func TestFormatPayload(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, kind, payload, want string }{
		{"map", "chunk:map", `{"job":"abcdefghijklmnop","node":{"level":3,"index":17},"attempt":2}`, "map chunk 3.17 of job abcdefghijklmnop, attempt 2"},
		{"reduce", "node:reduce", `{"job":"abcdefghijklmnop","node":{"level":4,"index":1},"attempt":1}`, "reduce node 4.1 of job abcdefghijklmnop, attempt 1"},
		{"plan", "job:plan", `{"job":"abcdefghijklmnop","attempt":1}`, "plan job abcdefghijklmnop, attempt 1"},
		{"foreign", "email:send", "\x00hello", `not a task of binglide: "\x00hello"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := formatPayload(tt.kind, []byte(tt.payload)); got != tt.want {
				t.Errorf("formatPayload = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFormatResult(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, result, want string }{
		{"none", "", ""},
		{"mapped", `{"bytes":16777216,"computed":3,"ms":41}`, "3 summaries of 16 MiB in 41ms"},
		{"reduced", `{"computed":3,"ms":2}`, "3 summaries in 2ms"},
		{"found", `{"computed":0,"ms":1}`, "nothing to compute, in 1ms"},
		{"foreign", "ok", `"ok"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := formatResult("chunk:map", []byte(tt.result)); got != tt.want {
				t.Errorf("formatResult = %q, want %q", got, tt.want)
			}
		})
	}
}

// dashboard returns a dashboard over a Redis in this process with one task.
func dashboard(t *testing.T, writable bool) Dashboard {
	t.Helper()
	r, stop, err := queue.Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	c := queue.NewClient(queue.ClientConfig{Redis: r})
	t.Cleanup(func() { c.Close() })
	task := queue.Task{Kind: queue.MapChunk, Job: id, Node: job.Node{Level: 3, Index: 17}, Attempt: 1}
	if err := c.Enqueue(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	d := NewDashboard(Config{Redis: r, Writable: writable})
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDashboard_ShowsTask(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	dashboard(t, false).ServeHTTP(w, httptest.NewRequest("GET", "/api/queues/map/pending_tasks", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "map chunk 3.17 of job "+string(id)) {
		t.Errorf("pending tasks: %d %s", w.Code, w.Body)
	}
}

func TestDashboard_ReadOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		writable bool
		want     int
	}{{"read only", false, http.StatusMethodNotAllowed}, {"writable", true, http.StatusNoContent}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			dashboard(t, tt.writable).ServeHTTP(w, httptest.NewRequest("POST", "/api/queues/map:pause", nil))
			if w.Code != tt.want {
				t.Errorf("pause a queue: %d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, dashboard(t, false)) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "<html") {
		t.Errorf("GET /: %d %v %.80s", resp.StatusCode, err, page)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v after the end of its context", err)
	}
}
