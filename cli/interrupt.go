package cli

import (
	"context"
	"io"
	"os"
)

// openStream opens a pipe or device, which may wait for a writer; it returns
// the cause of ctx when that ends before.
func openStream(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// interruptible reads a stream that may be silent for ever. A read that is
// under way when the context ends is left behind, and the reader is done.
type interruptible struct {
	ctx context.Context
	src io.Reader
	buf []byte
}

// Read implements [io.Reader].
func (r *interruptible) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	if r.buf == nil {
		r.buf = make([]byte, 256<<10)
	}
	type read struct {
		n   int
		err error
	}
	done := make(chan read, 1)
	part := r.buf[:min(len(p), len(r.buf))]
	go func() {
		n, err := r.src.Read(part)
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, part[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, context.Cause(r.ctx)
	}
}
