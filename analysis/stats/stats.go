// Package stats computes what the program ent prints of a file: chi-square,
// mean, serial correlation and an estimate of pi. The definitions are those of
// its "Pseudorandom Number Sequence Test Program" by John Walker.
package stats

import (
	"fmt"
	"math/bits"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Analysis sums up what the statistics of a string are computed from.
type Analysis struct{}

// ID implements part of [analysis.Analysis].
func (Analysis) ID() job.AnalysisID { return job.AnalysisID{Name: "stats", Version: 1} }

// New implements part of [analysis.Analysis].
func (Analysis) New(int64, int) analysis.Summary { return new(Summary) }

// edge is the number of bytes kept of either end: one less than a group, so
// that every group across a cut lies in the edges on both sides of it.
const edge = groupSize - 1

// Summary is sums over a string, and its edges.
//
// Which bytes make a group of six depends on where the string starts. So that
// a summary can follow any other, groups are counted for all six alignments:
// those at the positions a, a+6, a+12, … of the string, for a = 0 to 5.
type Summary struct {
	counts   [256]uint64
	length   uint64
	products uint128           // Σ b[i]·b[i+1] inside the string
	inside   [groupSize]uint64 // groups inside the circle, by alignment
	head     []byte            // the first min(length, edge) bytes
	tail     []byte            // the last min(length, edge) bytes
}

// Write implements part of [analysis.Summary].
func (s *Summary) Write(p *analysis.Piece) error {
	if len(p.Data) == 0 {
		return nil
	}
	n := min(len(p.Data), edge)
	part := Summary{
		length:   uint64(len(p.Data)),
		products: uint128{lo: sumProducts(p.Pairs())},
		inside:   countInside(p.Data),
		head:     p.Data[:n],
		tail:     p.Data[len(p.Data)-n:],
	}
	for v, c := range p.Histogram() {
		part.counts[v] = uint64(c)
	}
	s.join(&part)
	return nil
}

// Merge implements part of [analysis.Summary].
func (s *Summary) Merge(next analysis.Summary) error {
	o, ok := next.(*Summary)
	if !ok {
		return fmt.Errorf("merge a %T into statistics", next)
	}
	if o.length > 0 {
		s.join(o)
	}
	return nil
}

// join extends the string by that of o, which is not empty. It keeps no bytes
// of o.
func (s *Summary) join(o *Summary) {
	if s.length > 0 {
		product := uint64(s.tail[len(s.tail)-1]) * uint64(o.head[0])
		s.products = s.products.plus(uint128{lo: product})
		s.joinGroups(o)
	}
	s.products = s.products.plus(o.products)
	for v, c := range &o.counts {
		s.counts[v] += c
	}
	for a, n := range o.inside {
		s.inside[(s.length+uint64(a))%groupSize] += n
	}
	s.head = append(s.head, o.head[:min(len(o.head), edge-len(s.head))]...)
	s.tail = append(s.tail, o.tail...)
	s.tail = append([]byte(nil), s.tail[max(0, len(s.tail)-edge):]...)
	s.length += o.length
}

// joinGroups counts the groups across the cut between s and o.
func (s *Summary) joinGroups(o *Summary) {
	b := append(append(make([]byte, 0, 2*edge), s.tail...), o.head...)
	first := s.length - uint64(len(s.tail))
	for i := 0; i+groupSize <= len(b); i++ {
		if isInside(b[i:]) {
			s.inside[(first+uint64(i))%groupSize]++
		}
	}
}

// groups returns the number of groups of one alignment in a string of n bytes.
func groups(n, alignment uint64) uint64 {
	if n < alignment {
		return 0
	}
	return (n - alignment) / groupSize
}

// sumProducts returns Σ first·second over the pairs: less than 2^16 for each of
// less than 2^32 pairs.
func sumProducts(pairs *analysis.Pairs) (sum uint64) {
	for first := range 256 {
		var seconds uint64
		for second, c := range pairs[first<<8 : first<<8+256] {
			seconds += uint64(second) * uint64(c)
		}
		sum += uint64(first) * seconds
	}
	return sum
}

// uint128 is large enough for Σ b[i]·b[i+1] over any input: at most 65025·2^60.
type uint128 struct{ hi, lo uint64 }

func (a uint128) plus(b uint128) uint128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return uint128{a.hi + b.hi + carry, lo}
}
