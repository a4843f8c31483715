package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
)

func newVerifyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "read every object of a job again and check it", ArgsUsage: "JOB",
		Description: `Checks the facts, the chunks and manifest of a stored input (SHA-256), and every
summary: its checksum, and its key, computed anew from the input up to the root.
What is wrong is named, a line each; then the exit code is 1.`,
		Flags: []cli.Flag{storeFlag(), jsonFlag()},
		Action: func(c *cli.Context) error {
			ids, err := jobArgs(c)
			if err != nil {
				return err
			}
			return e.verify(c.Context, c, ids)
		},
	}
}

func (e *env) verify(ctx context.Context, c *cli.Context, ids []job.ID) error {
	store, err := e.openStore(ctx, c)
	if err != nil {
		return err
	}
	g := e.storeEngine(store)
	for _, id := range ids {
		v := jobs.NewVerifier(g.opener, func(problem error) error {
			if c.Bool("json") {
				return e.lines().write(map[string]string{"job": string(id), "problem": problem.Error()})
			}
			_, err := fmt.Fprintf(e.stdout, "%s\n", printable(problem.Error()))
			return err
		})
		if err := v.Job(ctx, id); err != nil {
			return err
		}
		if err := e.tellVerified(c, id, v); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) tellVerified(c *cli.Context, id job.ID, v *jobs.Verifier) error {
	if v.Problems > 0 {
		return withHint(errors.New(plural(v.Problems, "problem")+" in job "+string(id)),
			"`binglide get JOB --out DIR` computes damaged summaries again; `binglide put --verify FILE` sends damaged chunks again")
	}
	if c.Bool("json") {
		return e.lines().write(map[string]any{"job": id, "objects": v.Objects, "problems": 0})
	}
	_, err := fmt.Fprintf(e.stdout, "job %s: %d objects are whole\n", id, v.Objects)
	return err
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
