package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/queue"
)

// newRoleCommands returns the commands that play a part of the cluster until
// they are told to stop.
func newRoleCommands(e *env) []*cli.Command {
	return []*cli.Command{
		newRoleCommand(e, "scheduler", "plan jobs and keep them going", schedulerRole),
		newRoleCommand(e, "mapper", "analyse chunks", mapperRole),
		newRoleCommand(e, "reducer", "merge results", reducerRole),
		newRoleCommand(e, "worker", "be scheduler, mapper and reducer at once", schedulerRole, mapperRole, reducerRole),
	}
}

func newRoleCommand(e *env, name, usage string, roles ...role) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage + ", until interrupted", ArgsUsage: " ",
		Description: "Any number may run around one Redis and one store; any may die at any time.",
		Flags:       clusterFlags(workersFlag(), logLevelFlag()),
		Action: e.withCluster(func(ctx context.Context, c *cli.Context, g *engine) error {
			if c.NArg() > 0 {
				return usagef("%s: unexpected argument %q", name, c.Args().First())
			}
			workers, err := e.intSetting(c, "workers", 1024, runtime.GOMAXPROCS(0))
			if err != nil {
				return err
			}
			g.log.InfoContext(ctx, "serving", "roles", roles, "workers", workers, "redis", g.redis.String(), "store", g.store.url)
			err = g.serve(ctx, workers, roles...)
			g.log.InfoContext(context.WithoutCancel(ctx), "stopped")
			return err
		}),
	}
}

func logLevelFlag() cli.Flag {
	return settingFlag("log_level", "info", "`LEVEL` of the log: debug, info, warn or error")
}

func newHealthCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "health", Usage: "check that Redis and the store answer", ArgsUsage: " ", Hidden: true,
		Flags: clusterFlags(jsonFlag()),
		Action: e.withCluster(func(ctx context.Context, c *cli.Context, g *engine) error {
			depths, err := g.tasks.Depths(ctx)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.lines().write(map[string][]queue.Depth{"queues": depths})
			}
			_, err = fmt.Fprintln(e.stdout, "ok")
			return err
		}),
	}
}
