package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/job"
)

// ServerConfig configures a [Server].
type ServerConfig struct {
	Redis Redis
	// Handlers serve the kinds of tasks they are under; only their queues are
	// polled. At least one is needed.
	Handlers map[Kind]Handler
	// Concurrency is the number of handlers that run at once.
	// Defaults to the number of CPUs.
	Concurrency int
	// CheckInterval is how often empty queues are looked at; half of it is the
	// mean time an idle server takes to notice a task. Defaults to 20 ms.
	CheckInterval time.Duration
	// ShutdownTimeout bounds the end of Run. Defaults to 2 s.
	ShutdownTimeout time.Duration
	// MaxRetry is the number of further tries after the first; negative: none.
	// Defaults to 5.
	MaxRetry int
	// Bind, if not nil, derives the context that a handler gets, so that
	// another party can end it; a cause of job.ErrCancelled revokes the task.
	// The function it returns frees what the context holds.
	Bind func(context.Context, Task) (context.Context, context.CancelFunc)
	// OnGiveUp, if not nil, records the failure of a task that will not be
	// tried again. It is called before the task is archived and, as tasks are,
	// at least once. An error, or 10 s without an answer, is met with a second
	// and third call; then the task itself is tried again later.
	OnGiveUp func(context.Context, Task, error) error
	// Logger defaults to none.
	Logger *slog.Logger
}

func (c ServerConfig) withDefaults() ServerConfig {
	c.Concurrency = max(0, c.Concurrency)
	c.Concurrency = cmp.Or(c.Concurrency, runtime.NumCPU())
	c.CheckInterval = cmp.Or(c.CheckInterval, 20*time.Millisecond)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 2*time.Second)
	c.MaxRetry = max(0, cmp.Or(c.MaxRetry, 5))
	if c.Bind == nil {
		c.Bind = func(ctx context.Context, _ Task) (context.Context, context.CancelFunc) { return ctx, func() {} }
	}
	if c.OnGiveUp == nil {
		c.OnGiveUp = func(context.Context, Task, error) error { return nil }
	}
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	return c
}

func (c ServerConfig) validate() error {
	if len(c.Handlers) == 0 {
		return fmt.Errorf("%w: queue server without handlers", job.ErrInvalid)
	}
	for k, h := range c.Handlers {
		if queues[k] == "" || h == nil {
			return fmt.Errorf("%w: queue server: no queue or no handler for kind %q", job.ErrInvalid, k)
		}
	}
	return nil
}

// Server runs the tasks of some kinds. Where two kinds need each their own
// concurrency, two servers run in one process.
type Server struct {
	cfg    ServerConfig
	redis  *redis.Client
	outage *outage
	// slots holds a value per handler that runs. The library has its own count,
	// but frees a place at a task's deadline even if the handler runs on.
	slots chan struct{}
	// stopping ends, with the cause ErrStopping, when Run is asked to end.
	stopping context.Context
	stop     context.CancelCauseFunc
	// gone is closed when the library has let go of all tasks.
	gone chan struct{}
}

// NewServer returns a server, or job.ErrInvalid. It does not connect yet.
func NewServer(cfg ServerConfig) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:    cfg,
		outage: &outage{log: cfg.Logger, redis: cfg.Redis},
		slots:  make(chan struct{}, cfg.Concurrency),
		gone:   make(chan struct{}),
	}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	return s, nil
}

// Run serves until ctx ends, then within ShutdownTimeout ends the handlers'
// contexts with the cause ErrStopping, hands unfinished tasks back to the heads
// of their queues, and returns nil. It returns an error at once if Redis cannot
// be reached; an outage later is waited out. Run is called once.
func (s *Server) Run(ctx context.Context) error {
	if err := Ping(ctx, s.cfg.Redis); err != nil {
		return err
	}
	s.redis = redis.NewClient(s.cfg.Redis.Options())
	s.redis.AddHook(brake{s.stopping.Done()})
	lib := asynq.NewServerFromRedisClient(s.redis, s.libraryConfig())
	err := register(ctx, s.redis)
	if err == nil {
		err = lib.Start(asynq.HandlerFunc(s.process))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("start serving %s: %w", s.cfg.Redis, err), s.redis.Close())
	}
	<-ctx.Done()
	return s.shutdown(lib)
}

func (s *Server) libraryConfig() asynq.Config {
	return asynq.Config{
		Concurrency:              s.cfg.Concurrency,
		Queues:                   weights(s.cfg.Handlers),
		TaskCheckInterval:        s.cfg.CheckInterval,
		DelayedTaskCheckInterval: max(s.cfg.CheckInterval, minDelay),
		RetryDelayFunc:           retryDelay,
		IsFailure:                countsAsTry,
		ShutdownTimeout:          time.Millisecond, // we wait ourselves
		Logger:                   libraryLog{s.cfg.Logger, s.outage},
		LogLevel:                 asynq.InfoLevel,
		HealthCheckFunc:          s.checkHealth,
		HealthCheckInterval:      registerEvery,
	}
}

func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if o, ok := errors.AsType[*outcome](err); ok && o.verdict == Requeue {
		return o.after
	}
	return delay(n)
}

func (s *Server) checkHealth(err error) {
	if err == nil {
		err = register(s.stopping, s.redis)
	}
	if err != nil && s.stopping.Err() == nil {
		s.outage.fail(err.Error())
		return
	}
	s.outage.pass()
}

// shutdown ends the handlers first and the library second: when it ends it puts
// the tasks still running at the heads of their queues at once, without
// counting a try, whereas tasks returned with an error would wait.
func (s *Server) shutdown(lib *asynq.Server) error {
	defer close(s.gone)
	s.stop(ErrStopping)
	ended := make(chan error, 1)
	go func() {
		lib.Stop()
		s.drain(s.cfg.ShutdownTimeout * 3 / 4)
		lib.Shutdown()
		ended <- s.redis.Close()
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(s.cfg.ShutdownTimeout):
		return fmt.Errorf("%w: its tasks could not be handed back to %s within %v; they come back within minutes",
			ErrUnreachable, s.cfg.Redis, s.cfg.ShutdownTimeout)
	}
}

// drain waits until no handler runs, but not longer than d.
func (s *Server) drain(d time.Duration) {
	late := time.After(d)
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-late:
			return
		}
	}
}
