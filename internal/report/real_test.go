package report_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/internal/report"
	"github.com/binglide/binglide/job"
)

// builtIn makes summaries of the analyses of binglide.
type builtIn struct {
	*source
	analyses []analysis.Analysis
}

func (s builtIn) Summary(_ context.Context, index int, n job.Node) (analysis.Summary, error) {
	t := s.spec.Tree()
	r := t.Range(n)
	sum := s.analyses[index].New(r.Offset, n.Level)
	if t.IsLeaf(n) {
		return sum, sum.Write(&analysis.Piece{Data: s.data[r.Offset:r.End()], Offset: r.Offset})
	}
	for c := range t.Children(n) {
		part, err := s.Summary(context.Background(), index, c)
		if err != nil {
			return nil, err
		}
		if err := sum.Merge(part); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func TestWrite_BuiltIn(t *testing.T) {
	t.Parallel()
	all := []analysis.Analysis{histogram.Analysis{}, digram.Analysis{}, stats.Analysis{}}
	for name, r := range regions {
		for _, level := range []int{0, (job.Tree{Region: r}).Height()} {
			t.Run(fmt.Sprintf("%s/%d", name, level), func(t *testing.T) {
				t.Parallel()
				var want map[string]string
				for chunk := 1; chunk <= 3; chunk++ {
					s := builtIn{newSource(inputSize, r, chunk), all}
					for _, a := range all {
						s.spec.Analyses = append(s.spec.Analyses, a.ID())
					}
					dir := filepath.Join(t.TempDir(), "out")
					res, err := report.Write(t.Context(), dir, s.spec, s, report.Options{Level: level})
					if err != nil {
						t.Fatal(err)
					}
					got := read(t, dir)
					if rows := strings.Count(got["bytes.cells.csv"], "\n") - 1; int64(rows) != res.Levels[level].Cells {
						t.Errorf("chunk level %d: %d cells, result.json has %d", chunk, rows, res.Levels[level].Cells)
					}
					if want != nil && !maps.Equal(got, want) {
						t.Errorf("chunk level %d: the folder differs from that of level 1", chunk)
					}
					want = got
				}
			})
		}
	}
}
