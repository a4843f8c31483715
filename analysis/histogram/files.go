package histogram

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// report is the content of bytes.json.
type report struct {
	Size      uint64      `json:"size"`
	Entropy   float64     `json:"entropy"` // bits per byte, nine decimals
	Classes   Classes     `json:"classes"`
	Histogram [256]uint64 `json:"histogram"`
}

// Files implements part of [analysis.Summary]: bytes.json with the size, the
// entropy in bits per byte, the classes and the counts.
func (s *Summary) Files() []analysis.File {
	return []analysis.File{{Name: "bytes.json", Write: s.writeJSON}}
}

func (s *Summary) writeJSON(_ context.Context, w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	rounded := math.Round(s.Entropy()*1e9) / 1e9
	return e.Encode(report{s.length, rounded, s.Classes(), s.counts})
}

// CellsHeader implements part of [analysis.Celled].
func (s *Summary) CellsHeader() string { return "offset,length,entropy,mean,nul,ff,printable,other" }

// AppendCells implements part of [analysis.Celled]. The cells of the first and
// the last line are cut to r. Entropy is in bits per byte; the classes are
// numbers of bytes.
func (s *Summary) AppendCells(dst []byte, level int, r job.Range) ([]byte, error) {
	if uint64(r.Length) != s.length {
		return nil, fmt.Errorf("cells of %s: the summary describes %d bytes", r, s.length)
	}
	if s.length == 0 {
		return dst, nil
	}
	row, err := s.row(level)
	if err != nil {
		return nil, err
	}
	t := job.Tree{Region: r}
	if t.Width(level) != int64(len(row)) {
		return nil, fmt.Errorf("cells of %s at level %d: the summary has %d", r, level, len(row))
	}
	i := 0
	for n := range t.Row(level) {
		dst = row[i].appendCSV(dst, t.Range(n))
		i++
	}
	return dst, nil
}

// row returns the cells of a level.
func (s *Summary) row(level int) ([]cell, error) {
	if level == s.level {
		return []cell{cellOf(&s.counts, s.length)}, nil
	}
	all := s.rows()
	i := len(all) - s.level + level
	if level < 0 || i < 0 || i >= len(all) {
		return nil, fmt.Errorf("no cells of level %d in a summary of level %d", level, s.level)
	}
	return all[i], nil
}
