package report_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// toy sums the bytes of every cell it has.
type toy struct {
	level int
	merge bool
	sums  map[job.Node]uint64
	total uint64
}

func newToy(level int) *toy { return &toy{level: level, sums: make(map[job.Node]uint64)} }

func (s *toy) Write(p *analysis.Piece) error {
	for n := range (job.Tree{Region: job.Range{Offset: p.Offset, Length: int64(len(p.Data))}}).Row(0) {
		r := (job.Range{Offset: p.Offset, Length: int64(len(p.Data))}).Intersect(n.Cell())
		var sum uint64
		for _, b := range p.Data[r.Offset-p.Offset : r.End()-p.Offset] {
			sum += uint64(b)
		}
		s.total += sum
		for ; n.Level <= s.level; n = n.Parent() {
			s.sums[n] += sum
		}
	}
	return nil
}

// Merge keeps the cells of the summary's level and the two below.
func (s *toy) Merge(next analysis.Summary) error {
	o := next.(*toy)
	for n, sum := range o.sums {
		if n.Level >= s.level-2 {
			s.sums[n] += sum
		}
		if n.Level == o.level && o.level < s.level {
			s.sums[n.Parent()] += sum
		}
	}
	s.merge = true
	s.total += o.total
	return nil
}

func (s *toy) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return nil, errors.New("not stored")
}

func (s *toy) Files() []analysis.File {
	return []analysis.File{{Name: "toy.json", Write: func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, "{\n  \"total\": %d\n}\n", s.total)
		return err
	}}}
}

func (s *toy) CellsHeader() string { return "offset,length,sum" }

func (s *toy) AppendCells(dst []byte, level int, r job.Range) ([]byte, error) {
	if level > s.level || s.merge && level < s.level-2 {
		return nil, fmt.Errorf("a summary of level %d (merged: %t) has no cells of level %d", s.level, s.merge, level)
	}
	for n := range (job.Tree{Region: r}).Row(level) {
		c := r.Intersect(n.Cell())
		dst = fmt.Appendf(dst, "%d,%d,%d\n", c.Offset, c.Length, s.sums[n])
	}
	return dst, nil
}

// lister has a file that is no JSON and no cells.
type lister struct{ total uint64 }

func (s *lister) Write(p *analysis.Piece) error {
	s.total += uint64(len(p.Data))
	return nil
}

func (s *lister) Merge(next analysis.Summary) error {
	s.total += next.(*lister).total
	return nil
}

func (s *lister) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return nil, errors.New("not stored")
}

func (s *lister) Files() []analysis.File {
	return []analysis.File{{Name: "list.tsv", Write: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, strconv.FormatUint(s.total, 10)+"\n")
		return err
	}}}
}

// source makes summaries from bytes in memory.
type source struct {
	spec  *job.Spec
	data  []byte // the whole input
	reads atomic.Int64
	fail  job.Node // the node that cannot be read, if failing
	err   error
	swap  analysis.Summary // given instead of any other, if set
}

func (s *source) Summary(ctx context.Context, index int, n job.Node) (analysis.Summary, error) {
	s.reads.Add(1)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case s.err != nil && n == s.fail:
		return nil, s.err
	case s.swap != nil:
		return s.swap, nil
	}
	return s.make(index, n)
}

func (s *source) make(index int, n job.Node) (analysis.Summary, error) {
	t := s.spec.Tree()
	var sum analysis.Summary = &lister{}
	if s.spec.Analyses[index].Name == "toy" {
		sum = newToy(n.Level)
	}
	if t.IsLeaf(n) {
		r := t.Range(n)
		p := &analysis.Piece{Data: s.data[r.Offset:r.End()], Offset: r.Offset}
		return sum, sum.Write(p)
	}
	for c := range t.Children(n) {
		part, err := s.make(index, c)
		if err != nil {
			return nil, err
		}
		if err := sum.Merge(part); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// newSource returns the source of a job over the region of n bytes in which
// every 4 KiB differ.
func newSource(n int64, r job.Range, chunkLevel int, names ...string) *source {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i>>12) ^ byte(i>>4)
	}
	spec := &job.Spec{
		ID:         "abcdefgh23456723",
		Input:      job.Input{Name: "a<b>.bin", Size: n, File: &job.File{Path: "/in/a<b>.bin"}},
		Region:     r,
		ChunkLevel: chunkLevel,
		Created:    1_795_000_000_000_000_000,
	}
	for _, name := range names {
		spec.Analyses = append(spec.Analyses, job.AnalysisID{Name: name, Version: 1})
	}
	return &source{spec: spec, data: data}
}

// oracle lists the cells of a level in one pass.
func (s *source) oracle(level int) string {
	sums := make(map[int64]int)
	first := make(map[int64]int64)
	length := make(map[int64]int64)
	size := job.LevelSize(level)
	for at := s.spec.Region.Offset; at < s.spec.Region.End(); {
		i := at / size
		first[i] = at
		length[i] = min((i+1)*size, s.spec.Region.End()) - at
		for _, b := range s.data[at : at+length[i]] {
			sums[i] += int(b)
		}
		at += length[i]
	}
	b := []byte("offset,length,sum\n")
	for _, i := range slices.Sorted(maps.Keys(first)) {
		b = fmt.Appendf(b, "%d,%d,%d\n", first[i], length[i], sums[i])
	}
	return string(b)
}

func TestToy_Oracle(t *testing.T) {
	t.Parallel()
	s := newSource(100_000, job.Range{Offset: 5000, Length: 90_000}, 1, "toy")
	sum, err := s.make(0, job.Node{Level: 1, Index: 0})
	if err != nil {
		t.Fatal(err)
	}
	got, err := sum.(*toy).AppendCells(nil, 0, job.Range{Offset: 5000, Length: 65536 - 5000})
	if err != nil {
		t.Fatal(err)
	}
	want := s.oracle(0)
	if len(got) == 0 || want[len("offset,length,sum\n"):][:len(got)] != string(got) {
		t.Errorf("cells %q are not the first of %q", got, want)
	}
}
