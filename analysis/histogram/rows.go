package histogram

import (
	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// rows holds the finished cells of the levels below a node, row 0 being the
// finest kept.
type rows [][]cell

// builder makes the rows of all levels below a node from the cells of level 0,
// with one running histogram for each level.
type builder struct {
	end   int64 // offset behind the bytes seen
	open  []level
	cells rows
}

// level is a cell of a level whose end has not been seen.
type level struct {
	counts [256]uint64
	n      uint64
}

func (l *level) add(o *level) {
	for v, c := range &o.counts {
		l.counts[v] += c
	}
	l.n += o.n
}

// newBuilder returns a builder of the given number of rows.
func newBuilder(offset int64, levels int) *builder {
	return &builder{end: offset, open: make([]level, levels), cells: make(rows, levels)}
}

// add extends the rows by the cells of a piece.
func (b *builder) add(p *analysis.Piece) {
	rest := int64(len(p.Data))
	if len(b.open) == 0 {
		b.end += rest
		return
	}
	cells := p.Cells()
	for i := range cells {
		n := min(rest, job.CellSize-b.end%job.CellSize)
		b.addCell(&cells[i], uint64(n))
		rest -= n
	}
}

// addCell extends the rows by n bytes, which lie in one cell of level 0.
func (b *builder) addCell(h *analysis.Histogram, n uint64) {
	b.end += int64(n)
	ends := b.end%job.CellSize == 0
	if ends && b.open[0].n == 0 && len(b.open) > 1 {
		b.cells[0] = append(b.cells[0], smallCellOf(h, n, &b.open[1].counts))
		b.open[1].n += n
		b.close(1)
		return
	}
	for v, c := range h {
		b.open[0].counts[v] += uint64(c)
	}
	b.open[0].n += n
	b.close(0)
}

// close finishes the cells that end at b.end, from level k up.
func (b *builder) close(k int) {
	for ; k < len(b.open) && b.end%job.LevelSize(k) == 0; k++ {
		l := &b.open[k]
		b.cells[k] = append(b.cells[k], cellOf(&l.counts, l.n))
		if k+1 < len(b.open) {
			b.open[k+1].add(l)
		}
		*l = level{}
	}
}

// rows returns the rows with the open cells at their ends.
func (b *builder) rows() rows {
	all := make(rows, len(b.cells))
	var tail level
	for k := range all {
		all[k] = b.cells[k][:len(b.cells[k]):len(b.cells[k])]
		tail.add(&b.open[k])
		if tail.n > 0 {
			all[k] = append(all[k], cellOf(&tail.counts, tail.n))
		}
	}
	return all
}
