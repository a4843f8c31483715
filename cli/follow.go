package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/job"
)

func newStatusCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "print where a job stands", ArgsUsage: "JOB",
		Flags: clusterFlags(jsonFlag()),
		Action: e.withJob(func(ctx context.Context, c *cli.Context, g *engine, id job.ID) error {
			st, err := g.client.Status(ctx, id)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.lines().write(newReport(st))
			}
			return e.printStatus(st)
		}),
	}
}

// printStatus tells a person where a job stands.
func (e *env) printStatus(st job.Status) error {
	p := st.Progress
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "job\t%s\n", st.Spec.ID)
	fmt.Fprintf(w, "state\t%s\n", st.State)
	fmt.Fprintf(w, "input\t%s (%s)\n", printable(st.Spec.Input.Name), formatSize(st.Spec.Input.Size))
	fmt.Fprintf(w, "bytes\t%s of %s, %d %%\n", formatSize(p.BytesDone), formatSize(p.BytesTotal), percent(p))
	fmt.Fprintf(w, "chunks\t%d of %d, %d of them mapped\n", p.ChunksDone, p.ChunksTotal, p.ChunksMapped)
	fmt.Fprintf(w, "submitted\t%s\n", time.Unix(0, st.Spec.Created).UTC().Format(time.RFC3339))
	if st.Failed != nil {
		fmt.Fprintf(w, "error\tbytes %s: %s\n", st.Failed.Range, printable(st.Failed.Error))
	}
	return w.Flush()
}

func newWatchCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "watch", Usage: "show a job's progress until it ends, and then its results", ArgsUsage: "JOB",
		Flags: clusterFlags(jsonFlag()),
		Action: e.withJob(func(ctx context.Context, c *cli.Context, g *engine, id job.ID) error {
			st, err := e.follow(ctx, g, id, c.Bool("json"))
			if err != nil {
				return err
			}
			return e.tellJob(ctx, g, st, &answer{}, c.Bool("json"))
		}),
	}
}

// tellJob tells the results of a job of the cluster.
func (e *env) tellJob(ctx context.Context, g *engine, st job.Status, a *answer, asJSON bool) error {
	j, err := g.opener.OpenSpec(&st.Spec)
	if err != nil {
		return err
	}
	defer j.Close()
	a.env, a.job, a.status, a.store = e, j, st, g.store.url
	a.elapsed = time.Duration(st.Done.At - st.Spec.Created)
	return a.tell(ctx, asJSON)
}

func newWaitCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "wait", Usage: "wait for jobs to end; the exit code tells how", ArgsUsage: "JOB…",
		Flags: clusterFlags(&cli.DurationFlag{Name: "timeout", Usage: "give up after this `TIME`, such as 90s; 0: never"}),
		Action: func(c *cli.Context) error {
			ids, err := jobArgs(c)
			if err != nil {
				return err
			}
			return e.withCluster(func(ctx context.Context, c *cli.Context, g *engine) error {
				return e.wait(ctx, g, ids, c.Duration("timeout"))
			})(c)
		},
	}
}

func jobArgs(c *cli.Context) ([]job.ID, error) {
	var ids []job.ID
	for _, arg := range c.Args().Slice() {
		id, err := job.ParseID(arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, usagef("%s: want job ids, as `binglide ls` lists them", c.Command.Name)
	}
	return ids, nil
}

func (e *env) wait(ctx context.Context, g *engine, ids []job.ID, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not at its end after %s", timeout))
		defer cancel()
	}
	for _, id := range ids {
		var last job.Status
		for st, err := range g.client.Watch(ctx, id) {
			if err != nil {
				return fmt.Errorf("wait for job %s: %w", id, err)
			}
			last = st
		}
		if err := outcome(last); err != nil {
			return err
		}
	}
	return nil
}

func newLsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list the jobs of the store, by age", ArgsUsage: " ",
		Flags:  []cli.Flag{storeFlag(), jsonFlag()},
		Action: func(c *cli.Context) error { return e.ls(c.Context, c) },
	}
}

func newCancelCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "cancel", Usage: "stop a job; what is finished is kept", ArgsUsage: "JOB",
		Flags: clusterFlags(),
		Action: e.withJob(func(ctx context.Context, _ *cli.Context, g *engine, id job.ID) error {
			if err := g.client.Cancel(ctx, id); err != nil {
				return err
			}
			st, err := g.facts.Status(ctx, id)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "job %s is %s\n", id, st.State)
			return err
		}),
	}
}
