package histogram

import (
	"strconv"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// cell is what is kept of one cell of a level. Cells are not merged: those of
// a coarser level are made from its histograms.
type cell struct {
	entropy            uint64 // millionths of a bit per byte
	sum                uint64 // of all bytes
	nul, ff, printable uint64 // bytes of these classes
}

// cellOf describes the cell whose n bytes have the given counts.
func cellOf(counts *[256]uint64, n uint64) cell {
	c := cell{nul: counts[0x00], ff: counts[0xff], entropy: micro(entropy(counts, n), 1<<fraction)}
	for v, count := range counts {
		c.sum += uint64(v) * count
		if isPrintable(v) {
			c.printable += count
		}
	}
	return c
}

// smallCellOf is cellOf for at most tabled bytes. It also adds h to sum.
func smallCellOf(h *analysis.Histogram, n uint64, sum *[256]uint64) cell {
	c := cell{nul: uint64(h[0x00]), ff: uint64(h[0xff])}
	var plog uint64
	for v, count := range h {
		plog += plogs[count%uint32(len(plogs))]
		c.sum += uint64(v) * uint64(count)
		sum[v] += uint64(count)
	}
	for _, count := range h['\t' : '\r'+1] {
		c.printable += uint64(count)
	}
	for _, count := range h[' ' : '~'+1] {
		c.printable += uint64(count)
	}
	c.entropy = micro(entropyOf(0, plog, n), 1<<fraction)
	return c
}

// isPrintable reports whether v is printable ASCII or white space: tab, line
// feed, vertical tab, form feed, carriage return, or 0x20 to 0x7e.
func isPrintable(v int) bool { return v >= '\t' && v <= '\r' || v >= ' ' && v <= '~' }

// appendCSV appends the line of the cell, which lies at r.
func (c *cell) appendCSV(dst []byte, r job.Range) []byte {
	n := uint64(r.Length)
	dst = strconv.AppendInt(dst, r.Offset, 10)
	dst = strconv.AppendUint(append(dst, ','), n, 10)
	dst = appendMicro(append(dst, ','), c.entropy)
	dst = appendMicro(append(dst, ','), micro(c.sum, n))
	for _, count := range [...]uint64{c.nul, c.ff, c.printable, n - c.nul - c.ff - c.printable} {
		dst = strconv.AppendUint(append(dst, ','), count, 10)
	}
	return append(dst, '\n')
}
