package report

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// readAhead is how many summaries are read while one is written.
const readAhead = 4

// cells writes the lines of all cells of the level, holding no more than a few
// summaries at a time.
func (w *writer) cells(ctx context.Context, to io.Writer, index int, header string) error {
	if _, err := io.WriteString(to, strings.TrimSuffix(header, "\n")+"\n"); err != nil {
		return err
	}
	t := w.spec.Tree()
	if t.Region.Length == 0 {
		return nil
	}
	var line []byte
	for n, f := range w.summaries(ctx, index, t.Row(cellsFrom(t, w.level))) {
		if f.err != nil {
			return fmt.Errorf("read node %s: %w", n, f.err)
		}
		c, ok := f.summary.(analysis.Celled)
		if !ok {
			return fmt.Errorf("read node %s: a %T has no cells", n, f.summary)
		}
		var err error
		if line, err = c.AppendCells(line[:0], w.level, t.Range(n)); err != nil {
			return fmt.Errorf("list the cells of node %s: %w", n, err)
		}
		if _, err := to.Write(line); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// cellsFrom returns the level of the nodes whose summaries have the cells of a
// level: chunks have all cells up to their own, merged nodes those of their own
// level and the two below.
func cellsFrom(t job.Tree, level int) int {
	if level <= t.ChunkLevel {
		return t.ChunkLevel
	}
	return min(level+2, t.Root().Level)
}

type fetched struct {
	summary analysis.Summary
	err     error
}

// summaries yields the summaries of nodes in their order, reading ahead. It
// ends early after an error and when ctx does.
func (w *writer) summaries(ctx context.Context, index int, nodes iter.Seq[job.Node]) iter.Seq2[job.Node, fetched] {
	type pending struct {
		node job.Node
		done chan fetched
	}
	return func(yield func(job.Node, fetched) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		queue := make(chan pending, readAhead-1)
		go func() {
			defer close(queue)
			for n := range nodes {
				p := pending{n, make(chan fetched, 1)}
				select {
				case queue <- p:
				case <-ctx.Done():
					return
				}
				go func() {
					s, err := w.src.Summary(ctx, index, n)
					p.done <- fetched{s, err}
				}()
			}
		}()
		for p := range queue {
			if f := <-p.done; !yield(p.node, f) || f.err != nil {
				return
			}
		}
	}
}
