package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/analysis/words"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/report"
	"github.com/binglide/binglide/job"
)

// follow shows a job until it is final and returns its last status. A job that
// failed or was cancelled is an error.
func (e *env) follow(ctx context.Context, g *engine, id job.ID, asJSON bool) (st job.Status, err error) {
	var p *progress
	for st, err = range g.client.Watch(ctx, id) {
		if err != nil {
			break
		}
		if asJSON {
			if err = e.lines().write(newReport(st)); err != nil {
				break
			}
			continue
		}
		if p == nil {
			p = e.newProgress(st.Spec.Input.Name)
			defer p.close()
		}
		p.update(st.Progress)
	}
	if err != nil {
		return st, err
	}
	return st, outcome(st)
}

// outcome returns why a final job has no result, or nil if it has one.
func outcome(st job.Status) error {
	switch st.State {
	case job.StateFailed:
		return &failedError{st.Spec.ID, st.Failed}
	case job.StateCancelled:
		return fmt.Errorf("%w: %s", job.ErrCancelled, st.Spec.ID)
	}
	return nil
}

// failedError is the failure of a job.
type failedError struct {
	id     job.ID
	failed *job.Failed
}

// Error implements error.
func (f *failedError) Error() string {
	return fmt.Sprintf("job %s failed at bytes %s: %s", f.id, f.failed.Range, strings.TrimPrefix(f.failed.Error, "job "+string(f.id)+" "))
}

// jobReport is one line of NDJSON about a job.
type jobReport struct {
	Job     job.ID                     `json:"job"`
	Input   string                     `json:"input"`
	State   job.State                  `json:"state"`
	Final   bool                       `json:"final"`
	Chunks  job.Progress               `json:"progress"`
	Error   string                     `json:"error,omitempty"`
	Results map[string]json.RawMessage `json:"results,omitempty"`
	Elapsed int64                      `json:"elapsed_ms,omitempty"`
}

// newReport returns the line about a status. That of a job that is done is not
// final: the line with its results is.
func newReport(st job.Status) jobReport {
	r := jobReport{Job: st.Spec.ID, Input: st.Spec.Input.Name, State: st.State, Chunks: st.Progress}
	if st.Failed != nil {
		r.Error = st.Failed.Error
	}
	r.Final = st.State.Final() && st.State != job.StateDone
	return r
}

// answer tells the results of a job that is done.
type answer struct {
	*env
	job     *jobs.Job
	status  job.Status
	store   string // URL
	out     string // result folder; "" for none
	level   int    // of the cells in it
	elapsed time.Duration
}

// tell writes the result folder, if one is asked for, and then the results as
// one line of JSON or for a person.
func (a *answer) tell(ctx context.Context, asJSON bool) error {
	if err := a.write(ctx); err != nil {
		return err
	}
	roots, err := a.roots(ctx)
	if err != nil {
		return err
	}
	if !asJSON {
		return a.summarise(ctx, roots)
	}
	line := newReport(a.status)
	line.Final = true
	line.Elapsed = a.elapsed.Milliseconds()
	if line.Results, err = report.Results(ctx, a.job.Spec, roots); err != nil {
		return err
	}
	return a.lines().write(line)
}

// write makes the result folder.
func (a *answer) write(ctx context.Context) error {
	if a.out == "" {
		return nil
	}
	if _, err := report.Write(ctx, a.out, a.job.Spec, a.source(), report.Options{Level: a.level}); err != nil {
		return err
	}
	return report.WriteJob(a.out, report.NewJobFile(a.job.Spec, a.status.Done, report.Run{Store: a.store, Version: a.version}))
}

// source gives the summaries, and mends those that were damaged since the job
// was done.
func (a *answer) source() report.Source {
	return &healer{a.job, func(n job.Node, cause error) {
		a.warnf("computing node %s of job %s again: %v", n, a.job.Spec.ID, cause)
	}}
}

func (a *answer) roots(ctx context.Context) ([]analysis.Summary, error) {
	roots := make([]analysis.Summary, len(a.job.Analyses))
	for i := range roots {
		var err error
		if roots[i], err = a.source().Summary(ctx, i, a.job.Tree.Root()); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

func (a *answer) summarise(ctx context.Context, roots []analysis.Summary) error {
	s := &summary{
		Input: a.job.Spec.Input, Region: a.job.Spec.Region,
		ChunksTotal: a.status.Done.ChunksTotal, ChunksMapped: a.status.Done.ChunksMapped,
		Elapsed: a.elapsed, Out: a.out, Store: a.store, Private: a.job.Spec.Private,
	}
	for _, root := range roots {
		if err := s.fill(ctx, root); err != nil {
			return err
		}
	}
	_, err := io.WriteString(a.stdout, s.render(a.coloured(a.stdout)))
	return err
}

// fill takes from a root summary what people are told.
func (s *summary) fill(ctx context.Context, root analysis.Summary) error {
	switch root := root.(type) {
	case *histogram.Summary:
		counts := root.Counts()
		s.Counts = &counts
	case *digram.Summary:
		s.Pairs = root.Top(topPairs)
	case *stats.Summary:
		values := root.Values()
		s.Stats = &values
	case *words.Summary:
		top, _, err := root.Top(ctx, 10)
		if err != nil {
			return err
		}
		for _, w := range top {
			s.Words = append(s.Words, wordCount{w.Word, w.Count})
		}
	}
	return nil
}
