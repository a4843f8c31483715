package job

import (
	"fmt"
	"iter"
	"math/bits"
)

const (
	// CellSize is the size in bytes of a cell of level 0.
	CellSize = 4 << 10
	// FanIn is the number of cells of one level that one cell of the next covers.
	FanIn = 16
	// MaxLevel is the coarsest level; its cells of 2^60 bytes cover any input.
	MaxLevel = 12

	// DefaultChunkLevel is the level of chunks of 16 MiB.
	DefaultChunkLevel = 3
	minChunkLevel     = 1 // 64 KiB
	maxChunkLevel     = 4 // 256 MiB
)

// LevelSize returns the size in bytes of the cells of a level: 4 KiB × 16^level.
func LevelSize(level int) int64 { return CellSize << (4 * level) }

// ChunkLevel returns the level whose cells have the given size, or ErrInvalid
// if chunks of that size are not allowed.
func ChunkLevel(size int64) (int, error) {
	for l := minChunkLevel; l <= maxChunkLevel; l++ {
		if LevelSize(l) == size {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%w: chunk size of %d bytes: use 64KiB, 1MiB, 16MiB or 256MiB", ErrInvalid, size)
}

// Range is the bytes [Offset, Offset+Length) of an input.
type Range struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// End returns the offset of the first byte behind the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// Intersect returns the bytes in both ranges. Where they do not meet it is
// empty and lies at the nearer end of r.
func (r Range) Intersect(o Range) Range {
	lo, hi := max(r.Offset, o.Offset), min(r.End(), o.End())
	if lo > r.End() {
		lo = r.End()
	}
	return Range{lo, max(0, hi-lo)}
}

// String returns the range as first offset, length.
func (r Range) String() string { return fmt.Sprintf("%d+%d", r.Offset, r.Length) }

// Node is one cell of one level, on the grid of the whole input: it covers the
// bytes [Index·LevelSize(Level), (Index+1)·LevelSize(Level)).
type Node struct {
	Level int   `json:"level"`
	Index int64 `json:"index"`
}

// String returns the node as level.index, such as "3.17".
func (n Node) String() string { return fmt.Sprintf("%d.%d", n.Level, n.Index) }

// Parent returns the node one level up that covers n.
func (n Node) Parent() Node { return Node{n.Level + 1, n.Index / FanIn} }

// Cell returns all the bytes of the grid that n covers.
func (n Node) Cell() Range {
	size := LevelSize(n.Level)
	return Range{n.Index * size, size}
}

// Tree is the tree of nodes over a region of an input. Its leaves are chunks;
// a leaf at either end may be cut by the region. An empty region has one empty
// leaf, so every tree has a root.
type Tree struct {
	Region     Range
	ChunkLevel int
}

// Range returns the bytes of the region that n covers.
func (t Tree) Range(n Node) Range { return t.Region.Intersect(n.Cell()) }

// Root returns the lowest node, at the chunk level or above, that covers the region.
func (t Tree) Root() Node {
	n := t.FirstLeaf()
	last := t.lastIndex(t.ChunkLevel)
	for n.Index != last {
		n, last = n.Parent(), last/FanIn
	}
	return n
}

// Height returns the lowest level at which one cell covers the region,
// whatever the chunk size.
func (t Tree) Height() int { return Tree{t.Region, 0}.Root().Level }

// FirstLeaf returns the leftmost chunk.
func (t Tree) FirstLeaf() Node { return Node{t.ChunkLevel, t.Region.Offset / LevelSize(t.ChunkLevel)} }

// Width returns the number of nodes of a level.
func (t Tree) Width(level int) int64 {
	return t.lastIndex(level) - t.Region.Offset/LevelSize(level) + 1
}

func (t Tree) lastIndex(level int) int64 {
	last := max(t.Region.Offset, t.Region.End()-1)
	return last / LevelSize(level)
}

// Leaves returns the number of chunks.
func (t Tree) Leaves() int64 { return t.Width(t.ChunkLevel) }

// IsLeaf reports whether n is a chunk.
func (t Tree) IsLeaf(n Node) bool { return n.Level == t.ChunkLevel }

// Contains reports whether n is a node of the tree.
func (t Tree) Contains(n Node) bool {
	if n.Level < t.ChunkLevel || n.Level > t.Root().Level {
		return false
	}
	first := t.Region.Offset / LevelSize(n.Level)
	return n.Index >= first && n.Index <= t.lastIndex(n.Level)
}

// Children returns the nodes of the tree below n, from left to right; none for a leaf.
func (t Tree) Children(n Node) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if t.IsLeaf(n) {
			return
		}
		lo, hi := t.span(n)
		for i := lo; i <= hi; i++ {
			if !yield(Node{n.Level - 1, i}) {
				return
			}
		}
	}
}

// Arity returns the number of children of n in the tree.
func (t Tree) Arity(n Node) int {
	if t.IsLeaf(n) {
		return 0
	}
	lo, hi := t.span(n)
	return int(hi - lo + 1)
}

func (t Tree) span(n Node) (lo, hi int64) {
	level := n.Level - 1
	lo = max(n.Index*FanIn, t.Region.Offset/LevelSize(level))
	hi = min(n.Index*FanIn+FanIn-1, t.lastIndex(level))
	return lo, hi
}

// LeavesUnder returns the chunks under n, as the index of the first and their number.
func (t Tree) LeavesUnder(n Node) (first, count int64) {
	r := t.Range(n)
	sub := Tree{r, t.ChunkLevel}
	return sub.FirstLeaf().Index, sub.Leaves()
}

// Row returns the nodes of a level from left to right.
func (t Tree) Row(level int) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		first := t.Region.Offset / LevelSize(level)
		for i := range t.Width(level) {
			if !yield(Node{level, first + i}) {
				return
			}
		}
	}
}

// Spread returns all chunks in van der Corput order: the indexes with their
// bits reversed. Every prefix of it is spread evenly over the region.
//
// Source: J. G. van der Corput, Verteilungsfunktionen, 1935.
func (t Tree) Spread() iter.Seq[Node] {
	n := uint64(t.Leaves())
	first := t.FirstLeaf().Index
	width := bits.Len64(n - 1)
	return func(yield func(Node) bool) {
		for i := uint64(0); i < 1<<width; i++ {
			rev := bits.Reverse64(i) >> (64 - width)
			if width == 0 {
				rev = 0
			}
			if rev < n && !yield(Node{t.ChunkLevel, first + int64(rev)}) {
				return
			}
		}
	}
}
