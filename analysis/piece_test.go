package analysis_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
)

// naiveCells is the oracle of Cells: byte by byte, cell by offset.
func naiveCells(data []byte, offset int64) []analysis.Histogram {
	if len(data) == 0 {
		return nil
	}
	first := offset / 4096
	cells := make([]analysis.Histogram, (offset+int64(len(data))-1)/4096-first+1)
	for i, b := range data {
		cells[(offset+int64(i))/4096-first][b]++
	}
	return cells
}

func naiveHistogram(data []byte) (h analysis.Histogram) {
	for _, b := range data {
		h[b]++
	}
	return h
}

// naivePairs is the oracle of Pairs.
func naivePairs(data []byte) *analysis.Pairs {
	t := new(analysis.Pairs)
	for i := 1; i < len(data); i++ {
		t[int(data[i-1])*256+int(data[i])]++
	}
	return t
}

func checkPiece(t *testing.T, p *analysis.Piece) {
	t.Helper()
	if !slices.Equal(p.Cells(), naiveCells(p.Data, p.Offset)) {
		t.Errorf("cells of %d bytes at %d differ from the oracle's", len(p.Data), p.Offset)
	}
	if *p.Histogram() != naiveHistogram(p.Data) {
		t.Errorf("histogram of %d bytes at %d differs from the oracle's", len(p.Data), p.Offset)
	}
	if *p.Pairs() != *naivePairs(p.Data) {
		t.Errorf("pairs of %d bytes at %d differ from the oracle's", len(p.Data), p.Offset)
	}
}

// TestPiece reuses one piece for many contents, so that what is left of one
// would show in the next.
func TestPiece(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var p analysis.Piece
	for _, n := range []int{0, 1, 2, 31, 32, 33, 34, 63, 64, 65, 4095, 4096, 4097, 100_000, 5, 0} {
		for name, gen := range generators {
			for _, offset := range []int64{0, 1, 4095, 4096, 1<<40 + 77} {
				p.Reset(gen(r, n), offset)
				checkPiece(t, &p)
				if t.Failed() {
					t.Fatal(name)
				}
			}
		}
	}
}

func TestPiece_ComputedOnce(t *testing.T) {
	t.Parallel()
	var p analysis.Piece
	p.Reset([]byte("abcabc"), 0)
	before := *p.Pairs()
	p.Data[0] = 'x'
	if *p.Pairs() != before {
		t.Error("pairs were computed again without Reset")
	}
	p.Reset(p.Data, 0)
	if *p.Pairs() == before {
		t.Error("pairs were kept over Reset")
	}
}

func TestPiece_CellsOfUnalignedMegabyte(t *testing.T) {
	t.Parallel()
	p := analysis.Piece{Data: make([]byte, analysis.PieceSize), Offset: 1}
	if got := len(p.Cells()); got != 257 {
		t.Errorf("%d cells, want 257", got)
	}
}

func FuzzPiece(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	f.Add([]byte{}, uint16(0))
	f.Add(analysistest.Mixed(r, 9000), uint16(4000))
	f.Add(make([]byte, 65), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, offset uint16) {
		checkPiece(t, &analysis.Piece{Data: data, Offset: int64(offset)})
	})
}

var generators = map[string]analysistest.Generator{
	"Random": analysistest.Random,
	"Zeros":  analysistest.Zeros,
	"Text":   analysistest.Text,
	"Mixed":  analysistest.Mixed,
}

func BenchmarkPiece(b *testing.B) {
	kernels := map[string]func(*analysis.Piece){
		"Cells":       func(p *analysis.Piece) { p.Cells() },
		"Pairs":       func(p *analysis.Piece) { p.Pairs() },
		"naive/Cells": func(p *analysis.Piece) { naiveCells(p.Data, p.Offset) },
		"naive/Pairs": func(p *analysis.Piece) { naivePairs(p.Data) },
	}
	for kernel, run := range kernels {
		for _, kind := range []string{"Random", "Text", "Zeros"} {
			b.Run(fmt.Sprintf("%s/%s", kernel, kind), func(b *testing.B) {
				data := generators[kind](rand.New(rand.NewPCG(1, 2)), analysis.PieceSize)
				var p analysis.Piece
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					p.Reset(data, 0)
					run(&p)
				}
			})
		}
	}
}
