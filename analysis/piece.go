package analysis

import (
	"slices"

	"github.com/binglide/binglide/job"
)

// PieceSize is the size in bytes that readers cut chunks into: small enough
// for the caches of one core, large enough to spread the cost of a table.
const PieceSize = 1 << 20

// Piece is a run of bytes of an input that the analyses of a job look at
// together. What several of them need is computed once, on first use.
// A Piece is used by one goroutine at a time, and reused by Reset. It holds
// less than 4 GiB.
//
// What its methods return belongs to the piece: it must not be changed, and is
// valid until the next Reset.
type Piece struct {
	Data   []byte
	Offset int64 // of Data[0] in the input

	tables    histogramTables
	cells     []Histogram
	histogram Histogram
	pairs     *Pairs

	hasCells, hasHistogram, hasPairs bool
}

// Histogram is the number of bytes of each value.
type Histogram [256]uint32

// Add adds the counts of o, whose sums must stay below 2^32.
func (h *Histogram) Add(o *Histogram) {
	for v := range h {
		h[v] += o[v]
	}
}

// Pairs is the number of adjacent bytes (first, second) at first<<8 | second.
type Pairs [1 << 16]uint32

// Reset makes p the piece with the given bytes, keeping its tables for reuse.
func (p *Piece) Reset(data []byte, offset int64) {
	p.Data, p.Offset = data, offset
	p.hasCells, p.hasHistogram, p.hasPairs = false, false, false
}

// Cells returns the histograms of the cells of level 0 of the input's grid
// that the piece touches, from left to right. The first and the last count
// only the part of the cell that lies in the piece. An empty piece has none.
func (p *Piece) Cells() []Histogram {
	if p.hasCells {
		return p.cells
	}
	p.hasCells = true
	in := int(p.Offset % job.CellSize)
	n := (in + len(p.Data) + job.CellSize - 1) / job.CellSize
	if len(p.Data) == 0 {
		n = 0
	}
	p.cells = slices.Grow(p.cells[:0], n)[:n]
	rest, room := p.Data, job.CellSize-in
	for i := range p.cells {
		size := min(len(rest), room)
		p.tables.count(&p.cells[i], rest[:size])
		rest, room = rest[size:], job.CellSize
	}
	return p.cells
}

// Histogram returns the histogram of the piece.
func (p *Piece) Histogram() *Histogram {
	if p.hasHistogram {
		return &p.histogram
	}
	p.hasHistogram = true
	p.histogram = Histogram{}
	cells := p.Cells()
	for i := range cells {
		p.histogram.Add(&cells[i])
	}
	return &p.histogram
}

// Pairs returns the pairs of adjacent bytes inside the piece, of which there is
// one less than bytes.
func (p *Piece) Pairs() *Pairs {
	if p.hasPairs {
		return p.pairs
	}
	p.hasPairs = true
	if p.pairs == nil {
		p.pairs = new(Pairs)
	} else {
		clear(p.pairs[:])
	}
	p.pairs.count(p.Data)
	return p.pairs
}
