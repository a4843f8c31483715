package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// fileSource hands out the chunks of a file, which are read in parallel.
type fileSource struct {
	file  *fileReader
	taken atomic.Int64
}

// next implements part of source. All buffers have the same size, so that a
// chunk's place follows from its index.
func (s *fileSource) next(ctx context.Context, buf []byte) (int64, int, error) {
	index := s.taken.Add(1) - 1
	off, size := index*int64(len(buf)), s.file.in.Size
	if off >= size {
		return 0, 0, io.EOF
	}
	n := min(int64(len(buf)), size-off)
	return index, int(n), s.file.read(ctx, off, buf[:n])
}

// verify implements part of source.
func (s *fileSource) verify() error { return s.file.check() }

// limit spares a small file a large buffer. A file that fits has one chunk.
func (s *fileSource) limit(size int64) int64 { return min(size, max(1, s.file.in.Size)) }

// stream hands out the chunks of a reader, which is read by one goroutine at a
// time. Whoever holds the turn may use the other fields. The turn is a channel
// and no mutex, so that waiting for it ends with the context.
type stream struct {
	turn  chan struct{} // holds one value while nobody reads
	src   io.Reader
	index int64
	bytes int64
	ended bool
}

func newStream(src io.Reader) *stream {
	s := &stream{turn: make(chan struct{}, 1), src: src}
	s.turn <- struct{}{}
	return s
}

// next implements part of source. A Read that waits for a pipe cannot be
// interrupted; when ctx ends it is left behind with its buffer, and keeps the
// turn so that nobody reads beside it.
func (s *stream) next(ctx context.Context, buf []byte) (int64, int, error) {
	select {
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	case <-s.turn:
	}
	type chunk struct {
		index int64
		n     int
		err   error
	}
	done := make(chan chunk, 1)
	go func() { // may outlive the call
		var c chunk
		c.index, c.n, c.err = s.read(buf)
		done <- c
		s.turn <- struct{}{}
	}()
	select {
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	case c := <-done:
		return c.index, c.n, c.err
	}
}

// read fills buf as far as the stream goes. A last chunk that is short is a
// chunk; an error of the stream drops what was read of the chunk.
func (s *stream) read(buf []byte) (index int64, n int, err error) {
	if s.ended {
		return 0, 0, io.EOF
	}
	n, err = io.ReadFull(s.src, buf)
	index = s.index
	s.index++
	s.bytes += int64(n)
	if err == nil {
		return index, n, nil
	}
	s.ended = true
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return index, n, nil
	}
	if !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read at byte %d: %w", s.bytes, err)
	}
	return 0, 0, err
}

// verify implements part of source: a stream cannot be looked at twice.
func (s *stream) verify() error { return nil }

// limit implements part of source: how long a stream is shows at its end.
func (s *stream) limit(size int64) int64 { return size }
