package report

import (
	"fmt"
	"testing"

	"github.com/binglide/binglide/job"
)

func TestCellsFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size               int64
		chunk, level, want int
	}{
		{1, 3, 0, 3},
		{8 << 30, 3, 0, 3},
		{8 << 30, 3, 3, 3},
		{8 << 30, 3, 4, 6},
		{8 << 30, 3, 5, 6},
		{8 << 30, 3, 6, 6},
		{8 << 30, 1, 1, 1},
		{8 << 30, 1, 2, 4},
		{8 << 30, 1, 3, 5},
	} {
		t.Run(fmt.Sprintf("%d/%d/%d", c.size, c.chunk, c.level), func(t *testing.T) {
			t.Parallel()
			tree := job.Tree{Region: job.Range{Length: c.size}, ChunkLevel: c.chunk}
			if got := cellsFrom(tree, c.level); got != c.want {
				t.Errorf("cells of level %d come from nodes of level %d, want %d", c.level, got, c.want)
			}
		})
	}
}
