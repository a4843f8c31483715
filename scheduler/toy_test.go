package scheduler_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

func newReader(b []byte) io.Reader { return bytes.NewReader(b) }

var errToy = errors.New("toy broke")

// toy is an analysis that counts bytes, and tells before each piece it counts.
type toy struct {
	name   string
	before func(offset int64) error // defaults to nothing
}

func (a toy) ID() job.AnalysisID { return job.AnalysisID{Name: a.name, Version: 1} }

func (a toy) New(int64, int) analysis.Summary { return &toyCount{toy: a} }

func (a toy) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	if len(b) != 8 {
		return nil, fmt.Errorf("toy of %d bytes", len(b))
	}
	return &toyCount{toy: a, n: binary.BigEndian.Uint64(b)}, nil
}

type toyCount struct {
	toy
	n uint64
}

func (c *toyCount) Write(p *analysis.Piece) error {
	c.n += uint64(len(p.Data))
	if c.before == nil {
		return nil
	}
	return c.before(p.Offset)
}

func (c *toyCount) Merge(next analysis.Summary) error {
	c.n += next.(*toyCount).n
	return nil
}

func (c *toyCount) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, c.n), nil
}

func (c *toyCount) Files() []analysis.File {
	return []analysis.File{{Name: c.name, Write: func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintln(w, c.n)
		return err
	}}}
}

// gate holds up whoever comes to it from the n-th on, until it is opened.
type gate struct {
	mu     sync.Mutex
	passed int
	free   int
	opened chan struct{}
}

func newGate(free int) *gate { return &gate{free: free, opened: make(chan struct{})} }

func (g *gate) pass(int64) error {
	g.mu.Lock()
	g.passed++
	held := g.passed > g.free
	g.mu.Unlock()
	if held {
		<-g.opened
	}
	return nil
}

func (g *gate) open() { close(g.opened) }
