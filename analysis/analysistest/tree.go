package analysistest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// treeChunk is the level of the chunks of the tree law.
const treeChunk = 1

// tree checks that merging the tree of a job, every node stored and loaded,
// equals the summary of the whole.
func (c *checker) tree() error {
	data := c.gen(c.r, 200_000+c.r.IntN(1<<20))
	off := c.offset()
	r := job.Range{Offset: off, Length: int64(len(data))}
	t := job.Tree{Region: r, ChunkLevel: treeChunk}
	root, err := c.node(t, t.Root(), data)
	if err != nil {
		return err
	}
	level := t.Root().Level
	whole, err := write(c.a, level, off, data)
	if err != nil {
		return err
	}
	if err := c.equal(root, whole); err != nil {
		return label("root", err)
	}
	return c.equalCells(root, whole, r, max(0, level-2))
}

func (c *checker) node(t job.Tree, n job.Node, data []byte) (analysis.Summary, error) {
	r := t.Range(n)
	if t.IsLeaf(n) {
		at := r.Offset - t.Region.Offset
		s, err := write(c.a, n.Level, r.Offset, data[at:at+r.Length])
		if err != nil {
			return nil, err
		}
		return c.reload(s)
	}
	s := c.a.New(r.Offset, n.Level)
	for child := range t.Children(n) {
		part, err := c.node(t, child, data)
		if err != nil {
			return nil, err
		}
		if err := s.Merge(part); err != nil {
			return nil, fmt.Errorf("merge %s into %s: %w", child, n, err)
		}
	}
	return c.reload(s)
}

// equalCells compares the cells of all levels from the given one up to that of
// the whole, if there are cells.
func (c *checker) equalCells(got, want analysis.Summary, r job.Range, from int) error {
	w, ok := want.(analysis.Celled)
	if !ok {
		return nil
	}
	g, ok := got.(analysis.Celled)
	if !ok {
		return fmt.Errorf("%T has no cells", got)
	}
	top := max(wholeLevel, (job.Tree{Region: r, ChunkLevel: treeChunk}).Root().Level)
	for level := from; level <= top; level++ {
		wb, err := w.AppendCells(nil, level, r)
		if err != nil {
			return fmt.Errorf("cells of level %d: %w", level, err)
		}
		gb, err := g.AppendCells(nil, level, r)
		if err != nil {
			return fmt.Errorf("merged: cells of level %d: %w", level, err)
		}
		if !bytes.Equal(gb, wb) {
			return fmt.Errorf("cells of level %d differ: %q, not %q", level, clip(gb), clip(wb))
		}
	}
	return nil
}

func split(data []byte, cuts []int) [][]byte {
	cuts = slices.Sorted(slices.Values(cuts))
	parts, from := make([][]byte, 0, len(cuts)+1), 0
	for _, cut := range cuts {
		parts = append(parts, data[from:cut])
		from = cut
	}
	return append(parts, data[from:])
}

func label(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func clip(b []byte) []byte { return b[:min(len(b), 200)] }

// broken is the summary of a string that could not be written.
type broken struct{ err error }

func (b broken) Write(*analysis.Piece) error  { return b.err }
func (b broken) Merge(analysis.Summary) error { return b.err }
func (b broken) Files() []analysis.File {
	return []analysis.File{{Name: "error", Write: func(context.Context, io.Writer) error { return b.err }}}
}

func (b broken) Encode(context.Context, analysis.Blobs) ([]byte, error) { return nil, b.err }
