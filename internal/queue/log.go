package queue

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// libraryLog passes the library's messages on. What they say of tasks is logged
// by the server already, so they are kept for debugging; its errors tell that
// Redis fails it.
type libraryLog struct {
	log    *slog.Logger
	outage *outage
}

func (l libraryLog) Debug(args ...any) { l.log.Debug("queue library", "text", fmt.Sprint(args...)) }
func (l libraryLog) Info(args ...any)  { l.Debug(args...) }
func (l libraryLog) Warn(args ...any)  { l.Debug(args...) }
func (l libraryLog) Fatal(args ...any) { l.Error(args...) }

func (l libraryLog) Error(args ...any) {
	text := fmt.Sprint(args...)
	if strings.Contains(text, "NOT FOUND") {
		l.Debug(text) // one task is no longer where it was, as after a loss of data
		return
	}
	l.outage.fail(text)
}

// calm is how long the library must have been silent for an outage to be over.
// While it lasts the library complains every three seconds.
const calm = 4 * time.Second

// outage logs the beginning and the end of each Redis outage once.
type outage struct {
	log   *slog.Logger
	redis Redis

	mu   sync.Mutex
	down bool
	last time.Time // of the last failure
}

func (o *outage) fail(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
	if !o.down {
		o.down = true
		o.log.Error("redis does not serve the queue", "redis", o.redis.String(), "err", text)
	}
}

func (o *outage) pass() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down && time.Since(o.last) > calm {
		o.down = false
		o.log.Info("redis serves the queue again", "redis", o.redis.String())
	}
}
