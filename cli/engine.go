package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/analysis/words"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/scheduler"
	"github.com/binglide/binglide/storage"
)

// builtin returns the analyses that binglide has.
func builtin() *analysis.Registry {
	return analysis.NewRegistry(histogram.Analysis{}, digram.Analysis{}, stats.Analysis{}, words.Analysis{})
}

// engine is the parts of binglide, joined around one store and one Redis.
type engine struct {
	store   *openedStore
	redis   queue.Redis
	facts   *jobs.Facts
	opener  *jobs.Opener
	jobs    *jobs.Cache
	board   *coord.Redis
	tasks   *queue.Client
	commit  *coord.Committer
	cancels *coord.Cancels
	client  *scheduler.Client
	log     *slog.Logger
	local   bool // everything is in this process
	// full gets an error of the store having no room where local is set: then
	// not even the job's failure can be stored, and whoever waits must be told.
	full chan error
}

// newEngine joins the parts. Nothing runs yet, and Redis is not asked.
func (e *env) newEngine(store *openedStore, r queue.Redis, log *slog.Logger) *engine {
	g := &engine{store: store, redis: r, log: log, local: r.InProcess(), full: make(chan error, 1)}
	g.facts = jobs.NewFacts(store)
	g.opener = &jobs.Opener{Facts: g.facts, Registry: builtin(), Sources: e.sources(store)}
	g.jobs = jobs.NewCache(g.opener)
	g.board = coord.Dial(r)
	g.tasks = queue.NewClient(queue.ClientConfig{Redis: r})
	g.commit = &coord.Committer{Facts: g.facts, Board: g.board, Queue: g.tasks, Log: log}
	g.cancels = coord.NewCancels(g.facts, g.board, log)
	g.client = &scheduler.Client{Facts: g.facts, Board: g.board, Queue: g.tasks, Local: g.local}
	return g
}

// sources says where the bytes of inputs are.
func (e *env) sources(store *openedStore) input.Sources {
	return input.Sources{Store: store, Objects: func(ctx context.Context, endpoint string) (input.ObjectReader, error) {
		return e.objectReader(ctx, store, endpoint)
	}}
}

func (g *engine) close() error { return errors.Join(g.tasks.Close(), g.board.Close()) }

// role is a part that a process can play.
type role string

const (
	schedulerRole role = "scheduler"
	mapperRole    role = "mapper"
	reducerRole   role = "reducer"
)

// serve plays the roles until ctx ends, with the given number of tasks of each
// at a time. It returns nil when it was asked to end.
func (g *engine) serve(ctx context.Context, workers int, roles ...role) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { g.cancels.Run(ctx); return nil })
	for _, r := range roles {
		conf := g.serverConfig(workers)
		switch r {
		case schedulerRole:
			s := g.scheduler()
			group.Go(func() error { s.Run(ctx); return nil })
			conf.Handlers = map[queue.Kind]queue.Handler{queue.PlanJob: s.Handle}
		case mapperRole:
			m := &mapper.Mapper{Jobs: g.jobs, Commit: g.commit}
			conf.Handlers = map[queue.Kind]queue.Handler{queue.MapChunk: g.board.Marking(m.Handle)}
		case reducerRole:
			m := &reducer.Reducer{Jobs: g.jobs, Commit: g.commit}
			conf.Handlers = map[queue.Kind]queue.Handler{queue.ReduceNode: g.board.Marking(m.Handle)}
		}
		for kind, h := range conf.Handlers {
			conf.Handlers[kind] = g.noticing(h)
		}
		server, err := queue.NewServer(conf)
		if err != nil {
			return fmt.Errorf("set up %s: %w", r, err)
		}
		group.Go(func() error { return server.Run(ctx) })
	}
	return group.Wait()
}

func (g *engine) scheduler() *scheduler.Server {
	return scheduler.NewServer(scheduler.Config{
		Facts: g.facts, Jobs: g.jobs, Board: g.board, Commit: g.commit,
		Queue: g.tasks, Log: g.log, Local: g.local,
	})
}

// noticing is a handler that tells when the store of this process is full.
func (g *engine) noticing(h queue.Handler) queue.Handler {
	if !g.local {
		return h
	}
	return func(ctx context.Context, t queue.Task) (queue.Result, error) {
		result, err := h(ctx, t)
		if errors.Is(err, storage.ErrFull) {
			select {
			case g.full <- err:
			default: // one is enough
			}
		}
		return result, err
	}
}

// unlessFull returns a context that also ends when the store is full, with
// that as its cause.
func (g *engine) unlessFull(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-g.full:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// maxRetry lets a task outlive a minute without store.
const maxRetry = 8

func (g *engine) serverConfig(workers int) queue.ServerConfig {
	return queue.ServerConfig{
		Redis: g.redis, Concurrency: workers, Logger: g.log,
		CheckInterval: g.checkInterval(), MaxRetry: maxRetry, OnGiveUp: g.commit.GiveUp,
		Bind: func(ctx context.Context, t queue.Task) (context.Context, context.CancelFunc) {
			return g.cancels.Guard(ctx, t.Job)
		},
	}
}

// checkInterval is short where asking costs no more than a function call.
func (g *engine) checkInterval() time.Duration {
	if g.local {
		return 2 * time.Millisecond
	}
	return 20 * time.Millisecond
}

// embedded starts an engine with everything in this process around a store.
// The stop function ends it and waits for it.
func (e *env) embedded(ctx context.Context, store *openedStore, workers int) (g *engine, stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r, stopRedis, err := queue.Embedded(ctx)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start the queue in this process: %w", err)
	}
	g = e.newEngine(store, r, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- g.serve(ctx, workers, schedulerRole, mapperRole, reducerRole) }()
	return g, func() error {
		cancel()
		err := errors.Join(<-served, g.close())
		stopRedis()
		return err
	}, nil
}
