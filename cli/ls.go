package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
)

func (e *env) ls(ctx context.Context, c *cli.Context) error {
	store, err := e.openStore(ctx, c)
	if err != nil {
		return err
	}
	all, err := statuses(ctx, jobs.NewFacts(store))
	if err != nil {
		return err
	}
	if c.Bool("json") {
		for _, st := range all {
			if err := e.lines().write(newReport(st)); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "JOB\tSTATE\tSUBMITTED\tSIZE\tINPUT")
	for _, st := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", st.Spec.ID, st.State,
			time.Unix(0, st.Spec.Created).UTC().Format(time.DateTime), formatSize(st.Spec.Region.Length), printable(st.Spec.Input.Name))
	}
	return w.Flush()
}

// statuses returns the status of every job of a store, oldest first.
func statuses(ctx context.Context, facts *jobs.Facts) ([]job.Status, error) {
	var all []job.Status
	for id, err := range facts.All(ctx) {
		if err != nil {
			return nil, err
		}
		st, err := facts.Status(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b job.Status) int {
		return cmp.Or(cmp.Compare(a.Spec.Created, b.Spec.Created), cmp.Compare(a.Spec.ID, b.Spec.ID))
	})
	return all, nil
}
