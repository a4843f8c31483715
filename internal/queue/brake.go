package queue

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// brakePause is how long a server's command that failed keeps its caller.
const brakePause = 200 * time.Millisecond

// brake delays the return of failed commands. The library asks for the next
// task at once after an error, and would keep a CPU and Redis busy as long as,
// say, Redis is out of memory. It implements [redis.Hook].
type brake struct{ released <-chan struct{} }

// DialHook implements part of [redis.Hook].
func (b brake) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements part of [redis.Hook].
func (b brake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT") {
			b.pause(ctx)
		}
		return err
	}
}

// ProcessPipelineHook implements part of [redis.Hook].
func (b brake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return next(ctx, cmds) }
}

func (b brake) pause(ctx context.Context) {
	t := time.NewTimer(brakePause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.released:
	case <-ctx.Done():
	}
}
