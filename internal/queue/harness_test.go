package queue

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/testenv"
	"github.com/binglide/binglide/job"
)

// scenarios run in fake time against a Redis in the process, and in real time
// against a real one.
var scenarios = []struct {
	name string
	run  func(t *testing.T, r Redis)
}{
	{"each task runs once", runsOnce},
	{"an error is tried again", retriesErrors},
	{"a permanent error gives up at once", givesUpPermanent},
	{"the last try gives up", givesUpExhausted},
	{"a panic is an error", survivesPanics},
	{"a cancelled job revokes", revokesCancelled},
	{"a bound context revokes", revokesBound},
	{"stopping hands tasks back", handsBack},
	{"stopping does not wait for the deaf", handsBackDeaf},
	{"time runs out", timesOut},
	{"a dead process loses one try", recoversLost},
	{"no try left", givesUpLost},
	{"depths and workers", listsWorkers},
}

func TestServer_InProcess(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { s.run(t, embedded(t)) })
		})
	}
}

func TestServer_Redis(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			flush(t, r)
			s.run(t, r)
		})
	}
}

// testDB is a database that only this package's tests use, and empty.
const testDB = 11

func realRedis(t testing.TB) Redis {
	t.Helper()
	r, err := ParseRedis(testenv.Need(t, testenv.EnvRedis), func(string) string { return "" }, false)
	if err != nil {
		t.Fatal(err)
	}
	r.db = testDB
	return r
}

func embedded(t testing.TB) Redis {
	t.Helper()
	r, stop, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { settle(); stop() })
	return r
}

// settle lets a goroutine of the Redis client end that may sleep for 100 ms
// after its connection is closed. In a bubble that takes no time.
func settle() { time.Sleep(200 * time.Millisecond) }

func dial(t testing.TB, r Redis) *redis.Client {
	t.Helper()
	c := redis.NewClient(r.Options())
	t.Cleanup(func() { c.Close() })
	return c
}

func flush(t testing.TB, r Redis) {
	t.Helper()
	if err := dial(t, r).FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// newTestClient keeps finished tasks, wherever the queue is.
func newTestClient(t testing.TB, r Redis) *Client {
	t.Helper()
	c := NewClient(ClientConfig{Redis: r, Timeout: time.Second, Retention: time.Minute})
	t.Cleanup(func() { c.Close() })
	return c
}

// serve runs a server until the test ends or the returned function is called.
func serve(t testing.TB, cfg ServerConfig) (stop func() error) {
	t.Helper()
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return stop
}

// await receives one value within a bounded time.
func await[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(5 * time.Minute): // of fake time; a real test hangs less
		t.Fatal("nothing came")
	}
	return v
}

// awaitState polls until the queue says s of the task.
func awaitState(t testing.TB, c *Client, task Task, want State) {
	t.Helper()
	var got State
	for range 1000 {
		var err error
		if got, err = c.Queued(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if got == want {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("%s is %s, want %s", task, got, want)
}

func enqueue(t testing.TB, e Enqueuer, ts ...Task) {
	t.Helper()
	if err := e.Enqueue(t.Context(), ts...); err != nil {
		t.Fatal(err)
	}
}

func chunk(i int64) Task {
	return Task{Kind: MapChunk, Job: "abcdefghij234567", Node: job.Node{Level: 3, Index: i}}
}

func only(h Handler) map[Kind]Handler { return map[Kind]Handler{MapChunk: h} }

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func (b *logBuffer) count(s string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), s)
}
