// Package digram counts pairs of neighbouring bytes.
package digram

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Analysis counts the pairs (b[i], b[i+1]) of a string, for every i.
type Analysis struct{}

// ID implements part of [analysis.Analysis].
func (Analysis) ID() job.AnalysisID { return job.AnalysisID{Name: "digram", Version: 1} }

// New implements part of [analysis.Analysis].
func (Analysis) New(int64, int) analysis.Summary { return new(Summary) }

// Summary is the number of each pair in a string, and the string's edges, from
// which Merge makes the pair across the cut.
type Summary struct {
	counts      [1 << 16]uint64 // of (first, second), at first<<8 | second
	length      uint64
	first, last byte // of the string, if length > 0
}

// Pair is one pair and how often it occurs.
type Pair struct {
	First, Second byte
	Count         uint64
}

// Write implements part of [analysis.Summary].
func (s *Summary) Write(p *analysis.Piece) error {
	n := len(p.Data)
	if n == 0 {
		return nil
	}
	s.join(p.Data[0], p.Data[n-1], uint64(n))
	for i, c := range p.Pairs() {
		s.counts[i] += uint64(c)
	}
	return nil
}

// Merge implements part of [analysis.Summary].
func (s *Summary) Merge(next analysis.Summary) error {
	o, ok := next.(*Summary)
	if !ok {
		return fmt.Errorf("merge a %T into digrams", next)
	}
	if o.length == 0 {
		return nil
	}
	s.join(o.first, o.last, o.length)
	for i, c := range &o.counts {
		s.counts[i] += c
	}
	return nil
}

// join extends the string by n bytes with the given edges, counting the pair
// across the cut.
func (s *Summary) join(first, last byte, n uint64) {
	if s.length == 0 {
		s.first = first
	} else {
		s.counts[int(s.last)<<8|int(first)]++
	}
	s.last = last
	s.length += n
}

// Count returns the number of a pair.
func (s *Summary) Count(first, second byte) uint64 { return s.counts[int(first)<<8|int(second)] }

// Top returns the n most frequent pairs, or fewer where there are fewer
// different ones: by falling count, pairs of equal count in the order of bytes.
func (s *Summary) Top(n int) []Pair {
	pairs := s.pairs()
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(b.Count, a.Count) })
	return pairs[:min(n, len(pairs))]
}

// pairs returns the pairs that occur, in the order of bytes.
func (s *Summary) pairs() []Pair {
	var pairs []Pair
	for i, c := range &s.counts {
		if c > 0 {
			pairs = append(pairs, Pair{byte(i >> 8), byte(i), c})
		}
	}
	return pairs
}

// Files implements part of [analysis.Summary]: digram.csv, one line for each
// pair that occurs, in the order of bytes.
func (s *Summary) Files() []analysis.File {
	return []analysis.File{{Name: "digram.csv", Write: s.writeCSV}}
}

func (s *Summary) writeCSV(_ context.Context, w io.Writer) error {
	b := []byte("first,second,count\n")
	for _, p := range s.pairs() {
		b = strconv.AppendUint(b, uint64(p.First), 10)
		b = append(b, ',')
		b = strconv.AppendUint(b, uint64(p.Second), 10)
		b = append(b, ',')
		b = strconv.AppendUint(b, p.Count, 10)
		b = append(b, '\n')
	}
	_, err := w.Write(b)
	return err
}
