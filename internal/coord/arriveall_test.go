package coord

import (
	"testing"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// TestArriveAll_Bits adopts nodes whose chunks begin and end anywhere in a byte,
// and one with more chunks than one reply buffer holds.
func TestArriveAll_Bits(t *testing.T) {
	t.Parallel()
	size := job.LevelSize(1)
	tests := []struct {
		name string
		tree job.Tree
		node job.Node
	}{
		{"aligned", job.Tree{Region: job.Range{Length: 40 * size}, ChunkLevel: 1}, job.Node{Level: 2, Index: 1}},
		{"cut row", job.Tree{Region: job.Range{Offset: 3 * size, Length: 40 * size}, ChunkLevel: 1}, job.Node{Level: 2, Index: 1}},
		{"cut node", job.Tree{Region: job.Range{Offset: 3 * size, Length: 40 * size}, ChunkLevel: 1}, job.Node{Level: 2, Index: 0}},
		{"one chunk", job.Tree{Region: job.Range{Offset: 15 * size, Length: 20 * size}, ChunkLevel: 1}, job.Node{Level: 2, Index: 0}},
		{"many", job.Tree{Region: job.Range{Length: 70000 * size}, ChunkLevel: 1}, job.Node{Level: 5, Index: 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, stop, err := queue.Embedded(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			board := Dial(r)
			defer board.Close()
			id := job.NewID()
			if err := board.ArriveAll(t.Context(), id, tt.tree, tt.node); err != nil {
				t.Fatal(err)
			}
			arrived, err := board.Arrived(t.Context(), id, tt.tree, 1)
			if err != nil {
				t.Fatal(err)
			}
			for leaf := range tt.tree.Row(1) {
				under := tt.node.Cell().Intersect(leaf.Cell()).Length > 0
				if arrived.Has(leaf) != under {
					t.Fatalf("chunk %s: arrived %v, under %s %v", leaf, arrived.Has(leaf), tt.node, under)
				}
			}
		})
	}
}
