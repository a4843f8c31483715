package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
)

func newGetCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "print the results of a job that is done, and write its result folder", ArgsUsage: "JOB",
		Description: `Only the store is needed; no process of the cluster has to run.

   binglide get JOB --out result`,
		Flags: []cli.Flag{storeFlag(), jsonFlag(), outFlag(), levelFlag()},
		Action: func(c *cli.Context) error {
			ids, err := jobArgs(c)
			if err != nil {
				return err
			}
			if len(ids) > 1 {
				return usagef("get: want one job id")
			}
			return e.get(c.Context, c, ids[0])
		},
	}
}

func (e *env) get(ctx context.Context, c *cli.Context, id job.ID) error {
	store, err := e.openStore(ctx, c)
	if err != nil {
		return err
	}
	g := e.storeEngine(store)
	st, err := g.facts.Status(ctx, id)
	if err != nil {
		return err
	}
	if err := outcome(st); err != nil {
		return err
	}
	if st.State != job.StateDone {
		return withHint(fmt.Errorf("job %s is still %s", id, st.State), "`binglide wait "+string(id)+"` waits for its end")
	}
	return e.tellJob(ctx, g, st, &answer{out: c.String("out"), level: c.Int("level")}, c.Bool("json"))
}

// storeEngine is as much of an engine as a store alone allows: facts and results.
func (e *env) storeEngine(store *openedStore) *engine {
	facts := jobs.NewFacts(store)
	return &engine{store: store, facts: facts, opener: &jobs.Opener{Facts: facts, Registry: builtin(), Sources: e.sources(store)}}
}
