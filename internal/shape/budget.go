package shape

import (
	"cmp"
	"fmt"
	"slices"
)

// Budget is the most that a tree of code may measure.
type Budget struct {
	FunctionMedian, FunctionP90, FunctionMax int // lines
	FileMedian, FileP90                      int // lines
	InterfaceP90                             int // methods
}

// Breaches lists where the tree exceeds the budget, with the largest of what
// is too large. Undocumented exported names, init functions, package variables
// that change and less test than code are breaches of any budget.
func (r *Report) Breaches(b Budget) (all []string) {
	over := func(what string, sizes []Size, share float64, most int) {
		if got := quantile(sizes, share); got > most {
			all = append(all, fmt.Sprintf("%s: %d, want at most %d; largest: %s", what, got, most, largest(sizes)))
		}
	}
	over("median lines of a function", r.Functions, 0.5, b.FunctionMedian)
	over("90% quantile of the lines of a function", r.Functions, 0.9, b.FunctionP90)
	over("lines of the longest function", r.Functions, 1, b.FunctionMax)
	over("median lines of a file", r.Files, 0.5, b.FileMedian)
	over("90% quantile of the lines of a file", r.Files, 0.9, b.FileP90)
	over("90% quantile of the methods of an interface", r.Interfaces, 0.9, b.InterfaceP90)
	if r.TestLines < r.CodeLines {
		all = append(all, fmt.Sprintf("%d lines of test for %d lines of code, want as many", r.TestLines, r.CodeLines))
	}
	for _, list := range []struct {
		what  string
		names []string
	}{
		{"exported without a doc comment", r.Undocumented},
		{"init function", r.Inits},
		{"package variable changed", r.Assigned},
	} {
		for _, n := range list.names {
			all = append(all, list.what+": "+n)
		}
	}
	return all
}

// String tells the figures that budgets are about.
func (r *Report) String() string {
	return fmt.Sprintf("functions: %d, lines %d/%d/%d (median/90%%/longest); files: %d, lines %d/%d; interfaces: %d, methods %d (90%%); %d lines of code, %d of test",
		len(r.Functions), quantile(r.Functions, 0.5), quantile(r.Functions, 0.9), quantile(r.Functions, 1),
		len(r.Files), quantile(r.Files, 0.5), quantile(r.Files, 0.9),
		len(r.Interfaces), quantile(r.Interfaces, 0.9), r.CodeLines, r.TestLines)
}

// quantile returns the size that the given share of sizes does not exceed, and
// 0 for none.
func quantile(sizes []Size, share float64) int {
	if len(sizes) == 0 {
		return 0
	}
	sorted := sortedBySize(sizes)
	return sorted[int(share*float64(len(sorted)-1))].N
}

func largest(sizes []Size) string {
	const shown = 3
	text := ""
	for i, s := range slices.Backward(sortedBySize(sizes)) {
		if i < len(sizes)-shown {
			break
		}
		text += fmt.Sprintf(" %s (%d)", s.Where, s.N)
	}
	return text[1:]
}

func sortedBySize(sizes []Size) []Size {
	return slices.SortedFunc(slices.Values(sizes), func(a, b Size) int { return cmp.Compare(a.N, b.N) })
}
