package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestServer_OutageLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, r := inMemory(t)
		c, log := newTestClient(t, r), new(logBuffer)
		cfg := ServerConfig{Redis: r, Logger: log.logger()}
		cfg.Handlers = only(func(context.Context, Task) (Result, error) { return Result{}, nil })
		serve(t, cfg)
		for n := range 2 {
			time.Sleep(time.Second)
			m.SetError("OOM command not allowed when used memory > 'maxmemory'")
			time.Sleep(2 * time.Minute)
			if got := log.count("redis does not serve the queue"); got != n+1 {
				t.Errorf("outage logged %d times, want %d", got, n+1)
			}
			m.SetError("")
			time.Sleep(20 * time.Second)
			if got := log.count("redis serves the queue again"); got != n+1 {
				t.Errorf("end of outage logged %d times, want %d", got, n+1)
			}
		}
		enqueue(t, c, chunk(1))
		awaitState(t, c, chunk(1), Finished)
	})
}

func TestServer_StopsDuringOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, r := inMemory(t)
		stop := serve(t, ServerConfig{Redis: r, Handlers: only(func(context.Context, Task) (Result, error) { return Result{}, nil })})
		time.Sleep(time.Second)
		m.SetError("LOADING")
		begin := time.Now()
		_ = stop() // whether all could be handed back depends on the moment
		if d := time.Since(begin); d > 2*time.Second {
			t.Errorf("stopping took %v", d)
		}
	})
}

// After Redis lost its data, tasks can be enqueued and run, and the dashboard
// finds the queues again.
func TestServer_DataLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, r := inMemory(t)
		c := newTestClient(t, r)
		enqueue(t, c, chunk(1))
		m.FlushAll()
		time.Sleep(registerEvery)
		enqueue(t, c, chunk(1)) // the lost task is not in the way
		if ok, err := m.SIsMember(registry, "map"); !ok || err != nil {
			t.Errorf("after enqueueing, queue registered: %v, %v", ok, err)
		}
		serve(t, ServerConfig{Redis: r, Handlers: only(func(context.Context, Task) (Result, error) { return Result{}, nil })})
		awaitState(t, c, chunk(1), Finished)
		m.FlushAll()
		time.Sleep(2 * registerEvery)
		if ok, err := m.SIsMember(registry, "map"); !ok || err != nil {
			t.Errorf("with an idle server, queue registered: %v, %v", ok, err)
		}
		if s, err := c.Queued(t.Context(), chunk(1)); s != Absent || err != nil {
			t.Errorf("Queued = %s, %v", s, err)
		}
	})
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, stop, err := Embedded(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !r.InProcess() || r.String() != "redis (in process)" {
			t.Errorf("Embedded = %s", r)
		}
		rc := dial(t, r)
		if err := rc.Set(ctx, "k", "v", 90*time.Second).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(80 * time.Second)
		if n := rc.Exists(ctx, "k").Val(); n != 1 {
			t.Error("the key is gone early")
		}
		time.Sleep(20 * time.Second)
		if n := rc.Exists(ctx, "k").Val(); n != 0 {
			t.Error("the key did not expire")
		}
		cancel()
		stop()
		stop()
		if err := Ping(t.Context(), r); err == nil {
			t.Error("it answers after its end")
		}
	})
}

func TestClientConfig_Defaults(t *testing.T) {
	t.Parallel()
	_, local := inMemory(t)
	for _, tt := range []struct {
		name               string
		cfg                ClientConfig
		timeout, retention time.Duration
	}{
		{"far", ClientConfig{}, 10 * time.Minute, 5 * time.Minute},
		{"in process", ClientConfig{Redis: local}, 10 * time.Minute, 0},
		{"set", ClientConfig{Redis: local, Timeout: 2500 * time.Millisecond, Retention: time.Hour}, 2 * time.Second, time.Hour},
		{"too short", ClientConfig{Timeout: time.Millisecond, Retention: -1}, time.Second, 0},
	} {
		if got := tt.cfg.withDefaults(); got.Timeout != tt.timeout || got.Retention != tt.retention {
			t.Errorf("%s: timeout %v, retention %v", tt.name, got.Timeout, got.Retention)
		}
	}
}
