package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/binglide/binglide/job"
)

// Format is the value of "format" in result.json: how a folder is known to
// hold a result of binglide.
const Format = "binglide/result/1"

// Result is the content of result.json: what was asked, and what is there.
type Result struct {
	Format string `json:"format"`
	Input  Input  `json:"input"`
	// Region is the bytes of the input that were analysed.
	Region job.Range `json:"region"`
	// Analyses are in the order of their names.
	Analyses []job.AnalysisID `json:"analyses"`
	// Levels are all the levels of detail of the region, finest first.
	Levels []Level `json:"levels"`
	// CellsLevel is the level of the cells' files; nil where there are none.
	CellsLevel *int `json:"cells_level,omitempty"`
	// Files are all the other files but SHA256SUMS and job.json, by name.
	Files []File `json:"files"`
}

// Input is what a result says of the bytes analysed.
type Input struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes, of the whole input
}

// Level is one row of cells.
type Level struct {
	Level int   `json:"level"`
	Cell  int64 `json:"cell"`  // bytes
	Cells int64 `json:"cells"` // number of cells that the region touches
}

// File is one file of a result folder.
type File struct {
	Name   string     `json:"name"`
	Size   int64      `json:"size"` // bytes
	SHA256 job.Digest `json:"sha256"`
}

// describe returns what result.json says of a job before any file is written.
func describe(spec *job.Spec) Result {
	byName := func(a, b job.AnalysisID) int { return cmp.Compare(a.Name, b.Name) }
	return Result{
		Format:   Format,
		Input:    Input{spec.Input.Name, spec.Input.Size},
		Region:   spec.Region,
		Analyses: slices.SortedFunc(slices.Values(spec.Analyses), byName),
		Levels:   levels(spec.Region),
		Files:    []File{},
	}
}

// levels lists the levels of a region, whatever the size of chunks. An empty
// region has level 0, without a cell.
func levels(r job.Range) []Level {
	t := job.Tree{Region: r}
	all := make([]Level, 0, job.MaxLevel+1)
	for l := range t.Height() + 1 {
		cells := t.Width(l)
		if r.Length == 0 {
			cells = 0
		}
		all = append(all, Level{l, job.LevelSize(l), cells})
	}
	return all
}

func checkLevel(spec *job.Spec, level int) error {
	if top := spec.Tree().Height(); level < 0 || level > top {
		return fmt.Errorf("%w: level %d: a region of %d bytes has the levels 0 to %d", job.ErrInvalid, level, spec.Region.Length, top)
	}
	return nil
}

// encode writes r as result.json holds it.
func (r Result) encode(w io.Writer) error { return encodeJSON(w, r) }

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
