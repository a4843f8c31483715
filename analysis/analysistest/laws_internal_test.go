package analysistest

import (
	"testing"

	"github.com/binglide/binglide/analysis"
)

// Broken returns the laws that a breaks, for the tests of the laws themselves.
func Broken(t *testing.T, a analysis.Analysis, gen Generator) []string {
	var names []string
	for _, l := range laws {
		for i := range uint64(l.rounds) {
			c := newChecker(t.Context(), a, i)
			c.gen = gen
			if l.check(c) != nil {
				names = append(names, l.name)
				break
			}
		}
	}
	return names
}
