// Package histogram counts the bytes of each value, and describes every cell of
// every level by its entropy, mean and byte classes. It is the analysis that
// users know as "bytes".
package histogram

import (
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Analysis makes byte histograms.
type Analysis struct{}

// ID implements part of [analysis.Analysis].
func (Analysis) ID() job.AnalysisID { return job.AnalysisID{Name: "bytes", Version: 1} }

// New implements part of [analysis.Analysis].
func (Analysis) New(offset int64, level int) analysis.Summary {
	return &Summary{offset: offset, level: level}
}

// rowsBelow is the number of levels below its own of which a merged node has
// the cells.
const rowsBelow = 2

// Summary is the histogram of a string, and the cells under the node that it
// makes up. Cells are there for a summary made by Write alone, and for one made
// by merging the children of a node into an empty summary. Merging in any other
// way keeps the histogram and drops the cells below the node's own level: cells
// that were cut cannot be joined.
type Summary struct {
	counts [256]uint64
	length uint64
	level  int
	offset int64 // of the string in the input, or unknown

	made    making
	builder *builder // of the cells, while made is written
	cells   rows     // of the levels up to level-1, otherwise
}

// making is how a summary came to be.
type making int

const (
	empty   making = iota
	written        // by Write alone
	merged         // of the children of a node
	fixed          // read by Decode: has cells, and cannot get more
	bare           // in another way: has no cells but its own
)

// unknown is the offset of a summary read by Decode, which may be used at any.
const unknown = -1

// Write implements part of [analysis.Summary]. The piece must begin where the
// string ends.
func (s *Summary) Write(p *analysis.Piece) error {
	if len(p.Data) == 0 {
		return nil
	}
	if end := s.offset + int64(s.length); s.offset != unknown && p.Offset != end {
		return fmt.Errorf("write a piece at %d to a summary that ends at %d", p.Offset, end)
	}
	if s.made == empty && s.offset != unknown {
		s.made, s.builder = written, newBuilder(s.offset, s.level)
	}
	if s.made == written {
		s.builder.add(p)
	} else {
		s.drop()
	}
	for v, c := range p.Histogram() {
		s.counts[v] += uint64(c)
	}
	s.length += uint64(len(p.Data))
	return nil
}

// drop gives up the cells.
func (s *Summary) drop() { s.made, s.builder, s.cells = bare, nil, nil }

// Merge implements part of [analysis.Summary].
func (s *Summary) Merge(next analysis.Summary) error {
	o, ok := next.(*Summary)
	switch {
	case !ok:
		return fmt.Errorf("merge a %T into byte counts", next)
	case o.length == 0:
		return nil
	case s.length == 0 && s.level == o.level:
		offset := s.offset
		*s = *o
		if s.offset == unknown {
			s.offset = offset
		}
		return nil
	case s.isParent(o):
		s.adopt(o)
	default:
		s.drop()
	}
	for v, c := range &o.counts {
		s.counts[v] += c
	}
	s.length += o.length
	return nil
}

// isParent reports whether s is a node under which o is the next child.
func (s *Summary) isParent(o *Summary) bool {
	if s.made != empty && s.made != merged || o.made == bare || s.offset == unknown || o.level != s.level-1 {
		return false
	}
	size := uint64(job.LevelSize(o.level))
	at := uint64(s.offset) + s.length
	return (s.length == 0 || at%size == 0) && o.length <= size-at%size
}

// adopt appends the cells of the child o: its own, and those one level below.
func (s *Summary) adopt(o *Summary) {
	if s.made == empty {
		s.made, s.cells = merged, make(rows, min(s.level, rowsBelow))
	}
	top := len(s.cells) - 1
	s.cells[top] = append(s.cells[top], cellOf(&o.counts, o.length))
	if top > 0 {
		below := o.rows()
		s.cells[0] = append(s.cells[0], below[len(below)-1]...)
	}
}

// rows returns the rows of cells below the node's own level, the last of which
// is one level below.
func (s *Summary) rows() rows {
	if s.made == written {
		return s.builder.rows()
	}
	return s.cells
}

// Counts returns the number of bytes of each value.
func (s *Summary) Counts() [256]uint64 { return s.counts }

// Length returns the number of bytes.
func (s *Summary) Length() uint64 { return s.length }

// Entropy returns the Shannon entropy of the counts in bits per byte, to 10^-11;
// 0 for the empty string.
func (s *Summary) Entropy() float64 {
	return float64(entropy(&s.counts, s.length)) / (1 << fraction)
}

// Classes is the number of bytes of each class. Every byte is in one.
type Classes struct {
	Nul       uint64 `json:"nul"`       // 0x00
	FF        uint64 `json:"ff"`        // 0xff
	Printable uint64 `json:"printable"` // ASCII 0x20 to 0x7e, and \t \n \v \f \r
	Other     uint64 `json:"other"`
}

// Classes returns the number of bytes of each class.
func (s *Summary) Classes() Classes {
	c := Classes{Nul: s.counts[0x00], FF: s.counts[0xff]}
	for v, n := range s.counts {
		if isPrintable(v) {
			c.Printable += n
		}
	}
	c.Other = s.length - c.Nul - c.FF - c.Printable
	return c
}
