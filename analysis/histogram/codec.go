package histogram

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// Encode implements part of [analysis.Summary]. The format:
//
//	uvarint        level of the node
//	256 × uvarint  bytes of each value; their sum is the length
//	uvarint        number of rows of cells, 0 where there are none
//	for each row, from the finest to that one level below the node:
//	  uvarint      number of cells
//	  for each cell:
//	    uvarint    entropy, in millionths of a bit per byte
//	    uvarint    sum of the bytes
//	    uvarint    number of 0x00, of 0xff, and of printable bytes (three)
//
// Nothing tells where the string lies: equal bytes may be at several places of
// an input, and share one summary.
func (s *Summary) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(s.level))
	for _, c := range s.counts {
		b = binary.AppendUvarint(b, c)
	}
	all := s.rows()
	b = binary.AppendUvarint(b, uint64(len(all)))
	for _, row := range all {
		b = binary.AppendUvarint(b, uint64(len(row)))
		for _, c := range row {
			for _, v := range [...]uint64{c.entropy, c.sum, c.nul, c.ff, c.printable} {
				b = binary.AppendUvarint(b, v)
			}
		}
	}
	return b, nil
}

// Decode implements part of [analysis.Analysis].
func (Analysis) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	r, s := wire.NewReader(b), &Summary{offset: unknown}
	s.level = int(r.UvarintMax(job.MaxLevel))
	size := uint64(job.LevelSize(job.MaxLevel))
	for v := range s.counts {
		s.counts[v] = r.UvarintMax(size)
		s.length += s.counts[v]
		r.Check(s.length <= size)
	}
	s.decodeRows(r)
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("decode byte counts: %w", err)
	}
	return s, nil
}

func (s *Summary) decodeRows(r *wire.Reader) {
	n := int(r.UvarintMax(uint64(s.level)))
	r.Check(n == 0 || s.length > 0 && (n == s.level || n == rowsBelow))
	switch {
	case s.length == 0:
		return
	case n < min(s.level, 1):
		s.made = bare
		return
	}
	s.made = fixed
	whole := cellOf(&s.counts, s.length)
	for range n {
		row := decodeRow(r)
		r.Check(addsUpTo(row, &whole))
		s.cells = append(s.cells, row)
	}
}

func decodeRow(r *wire.Reader) []cell {
	const fields = 5
	n := r.UvarintMax(uint64(r.Len() / fields))
	row := make([]cell, n)
	for i := range row {
		row[i] = cell{
			entropy: r.UvarintMax(8e6), sum: r.Uvarint(),
			nul: r.Uvarint(), ff: r.Uvarint(), printable: r.Uvarint(),
		}
	}
	return row
}

// addsUpTo reports whether the row is one of the string that whole describes,
// as far as sums tell.
func addsUpTo(row []cell, whole *cell) bool {
	sum := cell{entropy: whole.entropy}
	for _, c := range row {
		sum.sum += c.sum
		sum.nul += c.nul
		sum.ff += c.ff
		sum.printable += c.printable
	}
	return sum == *whole
}
