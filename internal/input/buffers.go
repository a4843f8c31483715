package input

import (
	"context"
	"sync"

	"github.com/binglide/binglide/job"
)

// buffers keeps the buffers of one size that a reader's scans use in turn. As
// many exist as scans run at a time; those idle are freed by and by.
type buffers struct{ pool sync.Pool }

// newBuffers returns a pool of buffers of size bytes.
func newBuffers(size int64) *buffers {
	return &buffers{sync.Pool{New: func() any {
		b := make([]byte, size)
		return &b
	}}}
}

// get returns a buffer with any content, to be given back by put.
func (b *buffers) get() *[]byte { return b.pool.Get().(*[]byte) }

// put takes back a buffer that nobody uses any more.
func (b *buffers) put(p *[]byte) { b.pool.Put(p) }

// visitPieces shows data, the bytes of the input from offset on, piece by
// piece, and looks at ctx before each. An error of visit is returned as it is.
func visitPieces(ctx context.Context, data []byte, offset int64, visit func([]byte, int64) error) error {
	for w := range windows(job.Range{Offset: offset, Length: int64(len(data))}, pieceSize) {
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
