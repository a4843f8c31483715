package queue

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Embedded starts a Redis inside this process. It has no address: connections
// are pipes in memory, so nothing outside the process can reach it. It ends,
// and forgets everything, when ctx ends or stop is called; stop returns once it
// has ended.
func Embedded(ctx context.Context) (r Redis, stop func(), err error) {
	m := miniredis.NewMiniRedis()
	conn, err := m.Dial() // starts it without a listener
	if err != nil {
		return Redis{}, nil, fmt.Errorf("start the in-process queue: %w", err)
	}
	conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer m.Close()
		runClock(ctx, m)
	})
	dial := func() (net.Conn, error) {
		if ctx.Err() != nil { // or it would start again, empty
			return nil, fmt.Errorf("%w: the in-process queue has ended", ErrUnreachable)
		}
		return m.Dial()
	}
	return Redis{dial: dial}, func() { cancel(); wg.Wait() }, nil
}

// runClock moves the clock by which keys expire, which does not move by itself.
func runClock(ctx context.Context, m *miniredis.Miniredis) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.FastForward(time.Second)
		}
	}
}
