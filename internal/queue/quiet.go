package queue

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Quiet ends what the Redis client writes to standard error on its own, for the
// whole process. Its errors still come back from every call. It is called once,
// before the first client is made.
func Quiet() { redis.SetLogger(silent{}) }

type silent struct{}

// Printf implements the client's logger.
func (silent) Printf(context.Context, string, ...any) {}
