package job_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/binglide/binglide/job"
)

const (
	kib = int64(1) << 10
	mib = int64(1) << 20
	gib = int64(1) << 30
)

func tree(offset, length int64, level int) job.Tree {
	return job.Tree{Region: job.Range{Offset: offset, Length: length}, ChunkLevel: level}
}

func TestTree_Shape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		tree   job.Tree
		root   job.Node
		leaves int64
		height int
	}{
		{"empty", tree(0, 0, 1), job.Node{Level: 1}, 1, 0},
		{"empty in mid-input", tree(200*kib, 0, 1), job.Node{Level: 1, Index: 3}, 1, 0},
		{"empty at a border", tree(64*kib, 0, 1), job.Node{Level: 1, Index: 1}, 1, 0},
		{"one byte", tree(0, 1, 1), job.Node{Level: 1}, 1, 0},
		{"one cell and a byte", tree(0, 4097, 1), job.Node{Level: 1}, 1, 1},
		{"chunk less a byte", tree(0, 64*kib-1, 1), job.Node{Level: 1}, 1, 1},
		{"chunk", tree(0, 64*kib, 1), job.Node{Level: 1}, 1, 1},
		{"chunk and a byte", tree(0, 64*kib+1, 1), job.Node{Level: 2}, 2, 2},
		{"sixteen chunks", tree(0, mib, 1), job.Node{Level: 2}, 16, 2},
		{"sixteen chunks and a byte", tree(0, mib+1, 1), job.Node{Level: 3}, 17, 3},
		{"cut at both ends", tree(60*kib, 10*kib, 1), job.Node{Level: 2}, 2, 2},
		{"across a high border", tree(16*mib-1, 2, 1), job.Node{Level: 4}, 2, 4},
		{"far out", tree(gib, 64*kib, 1), job.Node{Level: 1, Index: 16384}, 1, 1},
		{"larger chunks", tree(0, 8*gib, 3), job.Node{Level: 6}, 512, 6},
		{"chunk above the height", tree(5, 5, 4), job.Node{Level: 4}, 1, 0},
		{"the largest input", tree(0, 1<<60, 4), job.Node{Level: job.MaxLevel}, 1 << 32, job.MaxLevel},
		{"the last byte", tree(1<<60-1, 1, 4), job.Node{Level: 4, Index: 1<<32 - 1}, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.tree.Root(); got != tt.root {
				t.Errorf("Root = %s, want %s", got, tt.root)
			}
			if got := tt.tree.Leaves(); got != tt.leaves {
				t.Errorf("Leaves = %d, want %d", got, tt.leaves)
			}
			if got := tt.tree.Height(); got != tt.height {
				t.Errorf("Height = %d, want %d", got, tt.height)
			}
			if got := tt.tree.Range(tt.tree.Root()); got != tt.tree.Region {
				t.Errorf("the root covers %s of %s", got, tt.tree.Region)
			}
			if !tt.tree.Contains(tt.root) {
				t.Error("the root is not in the tree")
			}
		})
	}
}

// checkTree checks the laws of a small tree, node by node.
func checkTree(t *testing.T, tr job.Tree) {
	t.Helper()
	root := tr.Root()
	if first, count := tr.LeavesUnder(root); first != tr.FirstLeaf().Index || count != tr.Leaves() {
		t.Errorf("LeavesUnder(root) = %d, %d; want %d, %d", first, count, tr.FirstLeaf().Index, tr.Leaves())
	}
	for level := tr.ChunkLevel; level <= root.Level; level++ {
		row := slices.Collect(tr.Row(level))
		if int64(len(row)) != tr.Width(level) {
			t.Errorf("row %d has %d nodes, its width is %d", level, len(row), tr.Width(level))
		}
		var ranges []job.Range
		for _, n := range row {
			checkNode(t, tr, n)
			ranges = append(ranges, tr.Range(n))
		}
		checkPartition(t, fmt.Sprintf("row %d", level), tr.Region, ranges)
	}
	if root.Level-tr.ChunkLevel > 0 && tr.Width(root.Level-1) == 1 {
		t.Errorf("root %s: the level below covers the region too", root)
	}
	for _, c := range []int{1, 2, 3, 4} {
		if other := (job.Tree{Region: tr.Region, ChunkLevel: c}); other.Height() != tr.Height() {
			t.Errorf("height is %d with chunks of level %d, %d of level %d", other.Height(), c, tr.Height(), tr.ChunkLevel)
		}
	}
}

func checkNode(t *testing.T, tr job.Tree, n job.Node) {
	t.Helper()
	if !tr.Contains(n) || tr.Contains(job.Node{Level: n.Level, Index: n.Index + tr.Width(n.Level)}) {
		t.Errorf("node %s: Contains is wrong of it or of what lies beyond its row", n)
	}
	children := slices.Collect(tr.Children(n))
	if len(children) != tr.Arity(n) || (len(children) == 0) != tr.IsLeaf(n) {
		t.Errorf("node %s has %d children, arity %d, IsLeaf %v", n, len(children), tr.Arity(n), tr.IsLeaf(n))
	}
	var ranges []job.Range
	var leaves int64
	for _, c := range children {
		if c.Parent() != n {
			t.Errorf("child %s of %s has parent %s", c, n, c.Parent())
		}
		ranges = append(ranges, tr.Range(c))
		_, under := tr.LeavesUnder(c)
		leaves += under
	}
	if tr.IsLeaf(n) {
		leaves = 1
	} else {
		checkPartition(t, "children of "+n.String(), tr.Range(n), ranges)
	}
	if _, got := tr.LeavesUnder(n); got != leaves {
		t.Errorf("LeavesUnder(%s) counts %d, want %d", n, got, leaves)
	}
}

// checkPartition checks that parts lie side by side and make up the whole, none
// of them empty unless the whole is.
func checkPartition(t *testing.T, what string, whole job.Range, parts []job.Range) {
	t.Helper()
	at := whole.Offset
	for _, p := range parts {
		if p.Offset != at || p.Length == 0 && whole.Length > 0 {
			t.Errorf("%s: part %s, want it at %d and not empty", what, p, at)
		}
		at = p.End()
	}
	if at != whole.End() {
		t.Errorf("%s: parts end at %d, the whole %s at %d", what, at, whole, whole.End())
	}
}

func TestTree_Laws(t *testing.T) {
	t.Parallel()
	edges := []int64{0, 1, 4095, 4096, 4097, 65535, 65536, 65537, mib - 1, mib, mib + 1, 3*mib + 5}
	for _, offset := range edges {
		for _, length := range edges {
			checkTree(t, tree(offset, length, 1))
			checkTree(t, tree(offset, length, 2))
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add(uint32(0), uint32(0), uint8(1))
	f.Add(uint32(65535), uint32(2), uint8(1))
	f.Add(uint32(1<<24-1), uint32(1<<24+1), uint8(2))
	f.Fuzz(func(t *testing.T, offset, length uint32, level uint8) {
		tr := tree(int64(offset), int64(length%(64<<20)), 1+int(level)%4)
		checkTree(t, tr)
		checkSpread(t, tr)
	})
}

// checkSpread checks that Spread visits each chunk once.
func checkSpread(t *testing.T, tr job.Tree) {
	t.Helper()
	seen := make(map[job.Node]bool)
	for n := range tr.Spread() {
		if seen[n] || !tr.Contains(n) || !tr.IsLeaf(n) {
			t.Fatalf("Spread of %v: chunk %s comes twice or is none", tr, n)
		}
		seen[n] = true
	}
	if int64(len(seen)) != tr.Leaves() {
		t.Fatalf("Spread of %v has %d chunks, want %d", tr, len(seen), tr.Leaves())
	}
}

func TestTree_Spread(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 2, 3, 15, 16, 17, 100, 1000, 1024, 1025} {
		tr := tree(3*64*kib, n*64*kib, 1)
		checkSpread(t, tr)
		checkDiscrepancy(t, tr)
	}
}

// checkDiscrepancy checks that the share of chunks left of any point is close
// to that share in every prefix: the discrepancy of m points in van der Corput
// order is below (log2(m)+2)/m.
func checkDiscrepancy(t *testing.T, tr job.Tree) {
	t.Helper()
	n := int(tr.Leaves())
	left := make([]int, n+1) // left[i]: chunks of the prefix with index below i
	m := 0
	for leaf := range tr.Spread() {
		for i := leaf.Index - tr.FirstLeaf().Index + 1; i <= int64(n); i++ {
			left[i]++
		}
		m++
		bound, log := 2.0, m
		for ; log > 1; log /= 2 {
			bound++
		}
		for i := range left {
			want := float64(i) * float64(m) / float64(n)
			if diff := float64(left[i]) - want; diff > bound || diff < -bound {
				t.Fatalf("of the first %d of %d chunks %d lie left of %d, want %.1f ± %.0f", m, n, left[i], i, want, bound)
			}
		}
	}
}

func TestTree_SequencesStop(t *testing.T) {
	t.Parallel()
	tr := tree(0, mib, 1)
	for name, seq := range map[string]func(func(job.Node) bool){
		"Spread": tr.Spread(), "Row": tr.Row(1), "Children": tr.Children(tr.Root()),
	} {
		got := 0
		for range seq {
			if got++; got == 3 {
				break
			}
		}
		if got != 3 {
			t.Errorf("%s went on to %d", name, got)
		}
	}
}

func TestTree_Contains(t *testing.T) {
	t.Parallel()
	tr := tree(128*kib, mib, 1) // chunks 2 to 17
	for _, tt := range []struct {
		node job.Node
		want bool
	}{
		{job.Node{Level: 1, Index: 2}, true},
		{job.Node{Level: 1, Index: 17}, true},
		{job.Node{Level: 1, Index: 1}, false},
		{job.Node{Level: 1, Index: 18}, false},
		{job.Node{Level: 0, Index: 40}, false},
		{job.Node{Level: 2, Index: 1}, true},
		{job.Node{Level: 2, Index: 2}, false},
		{job.Node{Level: 3, Index: 0}, true},
		{job.Node{Level: 4, Index: 0}, false},
		{job.Node{Level: 1, Index: -1}, false},
		{job.Node{Level: -1}, false},
		{job.Node{Level: 99}, false},
	} {
		if got := tr.Contains(tt.node); got != tt.want {
			t.Errorf("Contains(%s) = %v", tt.node, got)
		}
	}
}

func TestRange_Intersect(t *testing.T) {
	t.Parallel()
	r := job.Range{Offset: 10, Length: 10}
	for _, tt := range []struct{ o, want job.Range }{
		{job.Range{Offset: 0, Length: 5}, job.Range{Offset: 10}},
		{job.Range{Offset: 0, Length: 10}, job.Range{Offset: 10}},
		{job.Range{Offset: 0, Length: 12}, job.Range{Offset: 10, Length: 2}},
		{job.Range{Offset: 12, Length: 3}, job.Range{Offset: 12, Length: 3}},
		{job.Range{Offset: 0, Length: 99}, r},
		{job.Range{Offset: 19, Length: 9}, job.Range{Offset: 19, Length: 1}},
		{job.Range{Offset: 20, Length: 9}, job.Range{Offset: 20}},
		{job.Range{Offset: 50, Length: 9}, job.Range{Offset: 20}},
		{job.Range{Offset: 15}, job.Range{Offset: 15}},
	} {
		if got := r.Intersect(tt.o); got != tt.want {
			t.Errorf("%s ∩ %s = %s, want %s", r, tt.o, got, tt.want)
		}
	}
}

func TestChunkLevel(t *testing.T) {
	t.Parallel()
	for level, size := range map[int]int64{1: 64 * kib, 2: mib, 3: 16 * mib, 4: 256 * mib} {
		if got, err := job.ChunkLevel(size); got != level || err != nil {
			t.Errorf("ChunkLevel(%d) = %d, %v; want %d", size, got, err, level)
		}
		if got := job.LevelSize(level); got != size {
			t.Errorf("LevelSize(%d) = %d, want %d", level, got, size)
		}
	}
	for _, size := range []int64{-1, 0, 4096, 65535, 65537, 4 * gib} {
		if _, err := job.ChunkLevel(size); !errors.Is(err, job.ErrInvalid) {
			t.Errorf("ChunkLevel(%d): %v, want ErrInvalid", size, err)
		}
	}
}

// A file of 1 MiB and one byte in chunks of 64 KiB: the chunk with the byte has
// a parent of its own.
func ExampleTree() {
	t := job.Tree{Region: job.Range{Length: 1<<20 + 1}, ChunkLevel: 1}
	fmt.Println("chunks:", t.Leaves(), "root:", t.Root())
	for n := range t.Children(t.Root()) {
		fmt.Println(n, "covers", t.Range(n), "with", t.Arity(n), "children")
	}
	// Output:
	// chunks: 17 root: 3.0
	// 2.0 covers 0+1048576 with 16 children
	// 2.1 covers 1048576+1 with 1 children
}

func ExampleTree_Spread() {
	t := job.Tree{Region: job.Range{Length: 512 << 10}, ChunkLevel: 1}
	for n := range t.Spread() {
		fmt.Print(n.Index, " ")
	}
	// Output: 0 4 2 6 1 5 3 7
}
