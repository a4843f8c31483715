package input

import (
	"context"
	"sync"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// buffers keeps the buffers of one size that a reader's scans use in turn.
type buffers struct{ pool sync.Pool }

func newBuffers(size int64) *buffers {
	return &buffers{sync.Pool{New: func() any {
		b := make([]byte, size)
		return &b
	}}}
}

func (b *buffers) get() *[]byte  { return b.pool.Get().(*[]byte) }
func (b *buffers) put(p *[]byte) { b.pool.Put(p) }

// visitPieces shows data, the bytes of the input from offset on, piece by piece.
func visitPieces(ctx context.Context, data []byte, offset int64, visit func([]byte, int64) error) error {
	for w := range windows(job.Range{Offset: offset, Length: int64(len(data))}, analysis.PieceSize) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		lo := w.Offset - offset
		if err := visit(data[lo:lo+w.Length], w.Offset); err != nil {
			return err
		}
	}
	return nil
}
