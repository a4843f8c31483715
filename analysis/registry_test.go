package analysis_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/job"
)

func builtin() *analysis.Registry {
	return analysis.NewRegistry(stats.Analysis{}, histogram.Analysis{}, digram.Analysis{})
}

func TestRegistry_Names(t *testing.T) {
	t.Parallel()
	if got, want := builtin().Names(), []string{"bytes", "digram", "stats"}; !slices.Equal(got, want) {
		t.Errorf("Names = %q, want %q", got, want)
	}
	if got := analysis.NewRegistry().Names(); len(got) != 0 {
		t.Errorf("Names of none = %q", got)
	}
}

func TestRegistry_Named(t *testing.T) {
	t.Parallel()
	a, err := builtin().Named("digram")
	if err != nil || a.ID().Name != "digram" {
		t.Errorf("Named(digram) = %v, %v", a, err)
	}
	_, err = builtin().Named("entropy")
	if !errors.Is(err, job.ErrUnknownAnalysis) || !strings.Contains(err.Error(), "have bytes, digram, stats") {
		t.Errorf("Named(entropy): %v; want ErrUnknownAnalysis with the names there are", err)
	}
}

func TestRegistry_Lookup(t *testing.T) {
	t.Parallel()
	id := stats.Analysis{}.ID()
	for name, c := range map[string]struct {
		id   job.AnalysisID
		want error
	}{
		"same":             {id, nil},
		"unknown":          {job.AnalysisID{Name: "entropy", Version: 1}, job.ErrUnknownAnalysis},
		"other version":    {job.AnalysisID{Name: id.Name, Version: id.Version + 1}, job.ErrUnknownAnalysis},
		"other parameters": {job.AnalysisID{Name: id.Name, Version: id.Version, Params: "x"}, job.ErrUnknownAnalysis},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := builtin().Lookup(c.id)
			if !errors.Is(err, c.want) || (err == nil) != (a != nil) {
				t.Errorf("Lookup(%s) = %v, %v; want %v", c.id, a, err, c.want)
			}
		})
	}
}

func TestNewRegistry_SameName(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("two analyses of one name: no panic")
		}
	}()
	analysis.NewRegistry(stats.Analysis{}, stats.Analysis{})
}

func TestLaws_Example(t *testing.T) {
	t.Parallel()
	analysistest.Laws(t, newlines{}, analysistest.Text)
}
