package analysis_test

import (
	"math/rand/v2"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// BenchmarkChunk maps a chunk as a mapper does: all analyses on one piece after
// another.
func BenchmarkChunk(b *testing.B) {
	r := builtin()
	for _, kind := range []string{"Random", "Text", "Zeros"} {
		b.Run(kind, func(b *testing.B) {
			data := generators[kind](rand.New(rand.NewPCG(1, 2)), int(job.LevelSize(job.DefaultChunkLevel)))
			var p analysis.Piece
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				mapChunk(b, r, &p, data)
			}
		})
	}
}

func mapChunk(b *testing.B, r *analysis.Registry, p *analysis.Piece, data []byte) {
	var sums []analysis.Summary
	for _, name := range r.Names() {
		a, err := r.Named(name)
		if err != nil {
			b.Fatal(err)
		}
		sums = append(sums, a.New(0, job.DefaultChunkLevel))
	}
	for at := 0; at < len(data); at += analysis.PieceSize {
		p.Reset(data[at:at+analysis.PieceSize], int64(at))
		for _, s := range sums {
			if err := s.Write(p); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, s := range sums {
		if _, err := s.Encode(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
