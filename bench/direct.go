package main

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/job"
)

// direct analyses a file chunk by chunk on all processors and throws the
// summaries away: what a run would cost without queue, tree and store.
func direct(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	tree := job.Tree{Region: job.Range{Length: info.Size()}, ChunkLevel: job.DefaultChunkLevel}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n := range tree.Row(tree.ChunkLevel) {
		group.Go(func() error { return directChunk(f, tree.Range(n), n.Level) })
	}
	return group.Wait()
}

func directChunk(f *os.File, r job.Range, level int) error {
	var sums []analysis.Summary
	for _, a := range []analysis.Analysis{histogram.Analysis{}, digram.Analysis{}, stats.Analysis{}} {
		sums = append(sums, a.New(r.Offset, level))
	}
	var piece analysis.Piece
	buf := make([]byte, analysis.PieceSize)
	for at := r.Offset; at < r.End(); {
		n := min(int64(len(buf)), r.End()-at)
		if _, err := f.ReadAt(buf[:n], at); err != nil && err != io.EOF {
			return fmt.Errorf("read at %d: %w", at, err)
		}
		piece.Reset(buf[:n], at)
		for _, s := range sums {
			if err := s.Write(&piece); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}
