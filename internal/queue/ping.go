package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrUnreachable means that no Redis answered at the address. It may later.
var ErrUnreachable = errors.New("redis unreachable")

// pingTimeout bounds [Ping].
const pingTimeout = 5 * time.Second

// Ping checks within 5 s that the server answers and lets us in. The error
// names the address, what was tried and what to do, and is ErrUnreachable if
// nobody answered.
func Ping(ctx context.Context, r Redis) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	c := redis.NewClient(r.Options())
	defer c.Close()
	start := time.Now()
	if err := c.Ping(ctx).Err(); err != nil {
		return pingError(r, err, time.Since(start))
	}
	return nil
}

func pingError(r Redis, err error, took time.Duration) error {
	took = took.Round(time.Millisecond)
	if mend := refusal(r, err.Error()); mend != "" {
		return fmt.Errorf("redis at %s refused PING: %w; %s", r.Addr(), err, mend)
	}
	if _, ok := errors.AsType[net.Error](err); ok || isTimeout(err) {
		return fmt.Errorf("%w: PING to %s, gave up after %v: %w; %s", ErrUnreachable, r, took, err, unreachableMend)
	}
	return fmt.Errorf("PING to %s: %w", r, err)
}

const unreachableMend = "start Redis there, or name another with BINGLIDE_REDIS=redis://host:6379/0"

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "i/o timeout")
}

// refusal returns what to do about an answer that turns us away, or "".
func refusal(r Redis, answer string) string {
	has := func(s string) bool { return strings.Contains(answer, s) }
	switch {
	case has("NOAUTH"):
		return "set BINGLIDE_REDIS_PASSWORD or BINGLIDE_REDIS_PASSWORD_FILE"
	case has("WRONGPASS"), has("invalid password"), has("invalid username-password"):
		return "wrong user or password: check the URL's user and BINGLIDE_REDIS_PASSWORD"
	case has("NOPERM"):
		return "the user lacks permissions: grant it all commands and keys"
	case has("DB index"), has("invalid DB"):
		return fmt.Sprintf("the server has no database %d: use another number in the URL", r.db)
	case has("x509:"), has("tls:"):
		return "check the certificate: ?ca=FILE names a private CA; redis:// speaks without TLS"
	case has("LOADING"):
		return "it is still loading its data: try again in a moment"
	}
	return ""
}
