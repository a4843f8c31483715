package queue

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Bounds on every talk with Redis. A command is tried three times in all.
const (
	dialTimeout = 2 * time.Second
	ioTimeout   = 3 * time.Second
	poolSize    = 32
)

// Redis says how to reach one Redis server. Its zero value reaches none; see
// [ParseRedis] and [Embedded]. It is safe to copy and to print: no form of it
// shows the password.
type Redis struct {
	addr     string
	user     string
	password *string // behind a pointer, which no printing follows
	db       int
	tls      *tls.Config
	dial     func() (net.Conn, error) // set: in this process
}

// Addr returns the server's host:port, or "(in process)".
func (r Redis) Addr() string {
	if r.InProcess() {
		return "(in process)"
	}
	return r.addr
}

// InProcess reports whether the server lives and dies with this process.
func (r Redis) InProcess() bool { return r.dial != nil }

// String returns the URL without the password.
func (r Redis) String() string {
	if r.InProcess() {
		return "redis " + r.Addr()
	}
	scheme, user := "redis", ""
	if r.tls != nil {
		scheme = "rediss"
	}
	if r.user != "" {
		user = r.user + "@"
	}
	return fmt.Sprintf("%s://%s%s/%d", scheme, user, r.addr, r.db)
}

// GoString implements [fmt.GoStringer], so that %#v hides the password too.
func (r Redis) GoString() string { return "queue.Redis(" + r.String() + ")" }

func (r Redis) secret() string {
	if r.password == nil {
		return ""
	}
	return *r.password
}

// Options returns what a Redis client needs, with bounded timeouts. Each call
// returns a fresh value, which the caller may change.
func (r Redis) Options() *redis.Options {
	o := &redis.Options{
		Addr: r.addr, Username: r.user, Password: r.secret(), DB: r.db, TLSConfig: r.tls,
		DialTimeout: dialTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
		DialerRetries: 1, MaxRetries: 2, PoolSize: poolSize, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if r.dial != nil {
		o.Addr, o.DisableIdentity = "in-process", true
		o.Dialer = func(context.Context, string, string) (net.Conn, error) { return r.dial() }
	}
	return o
}

// MakeRedisClient makes r a connection option of the queue's library and of
// its dashboard. It returns a *redis.Client that the caller closes.
func (r Redis) MakeRedisClient() any { return redis.NewClient(r.Options()) }
