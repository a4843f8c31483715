package cli

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// clusterFlags are the flags that say where the cluster is.
func clusterFlags(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{storeFlag(), redisFlag()}, more...)
}

// cluster joins this process to the store and the Redis that are set, and
// checks that both answer.
func (e *env) cluster(c *cli.Context) (*engine, error) {
	ctx := c.Context
	r, err := e.clusterRedis(c)
	if err != nil {
		return nil, err
	}
	store, err := e.openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := queue.Ping(ctx, r); err != nil {
		return nil, err
	}
	log, err := e.logger(c)
	if err != nil {
		return nil, err
	}
	return e.newEngine(store, r, log), nil
}

func (e *env) clusterRedis(c *cli.Context) (queue.Redis, error) {
	u, err := e.redisURL(c)
	if err != nil {
		return queue.Redis{}, err
	}
	return queue.ParseRedis(u.String(), e.getenv, false)
}

// withCluster returns the action of a command that needs the cluster.
func (e *env) withCluster(do func(ctx context.Context, c *cli.Context, g *engine) error) cli.ActionFunc {
	return func(c *cli.Context) (err error) {
		g, err := e.cluster(c)
		if err != nil {
			return err
		}
		defer func() { closeAfter(&err, g.close) }()
		return do(c.Context, c, g)
	}
}

// closeAfter reports a failure to close unless there is a worse one.
func closeAfter(err *error, end func() error) {
	if e := end(); *err == nil {
		*err = e
	}
}

// withJob is withCluster for a command whose one argument is a job.
func (e *env) withJob(do func(ctx context.Context, c *cli.Context, g *engine, id job.ID) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.NArg() != 1 {
			return usagef("%s: want one job id, as `binglide ls` lists them", c.Command.Name)
		}
		id, err := job.ParseID(c.Args().First())
		if err != nil {
			return err
		}
		return e.withCluster(func(ctx context.Context, c *cli.Context, g *engine) error {
			return do(ctx, c, g, id)
		})(c)
	}
}

// logger returns a log on standard error.
func (e *env) logger(c *cli.Context) (*slog.Logger, error) {
	v, err := e.setting(c, "log_level")
	if err != nil {
		return nil, err
	}
	level := slog.LevelInfo
	if v.text != "" {
		if err := level.UnmarshalText([]byte(v.text)); err != nil {
			return nil, fmt.Errorf("%w: %s %q: want debug, info, warn or error", job.ErrInvalid, v.origin, v.text)
		}
	}
	return slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: level})), nil
}
