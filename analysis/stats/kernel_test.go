package stats

import (
	"math/rand/v2"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
)

// naiveInside is the oracle of countInside: one group after another.
func naiveInside(b []byte) (inside [groupSize]uint64) {
	for i := 0; i+6 <= len(b); i++ {
		x := int64(b[i])<<16 + int64(b[i+1])<<8 + int64(b[i+2])
		y := int64(b[i+3])<<16 + int64(b[i+4])<<8 + int64(b[i+5])
		if x*x+y*y <= 16777215*16777215 {
			inside[i%6]++
		}
	}
	return inside
}

func TestCountInside(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		b := analysistest.Mixed(r, n)
		if got, want := countInside(b), naiveInside(b); got != want {
			t.Fatalf("countInside(%x) = %d, want %d", b, got, want)
		}
	}
}

// TestCountInside_Circle has points on the circle and next to it.
func TestCountInside_Circle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group  string
		inside uint64
	}{
		{"\xff\xff\xff\x00\x00\x00", 1},
		{"\xff\xff\xff\x00\x00\x01", 0},
		{"\x00\x00\x00\xff\xff\xff", 1},
		{"\x00\x00\x01\xff\xff\xff", 0},
		{"\xff\xff\xff\xff\xff\xff", 0},
		{"\xb5\x04\xf2\xb5\x04\xf2", 1},
		{"\xb5\x04\xf3\xb5\x04\xf3", 0},
	} {
		b := []byte(c.group + "\x80\x00\x00\x80\x00\x00\x80\x80")
		if got := countInside(b); got[0] != c.inside+1 {
			t.Errorf("%x: %d inside, want %d", b, got[0], c.inside+1)
		}
		if got := countInside(b); got != naiveInside(b) {
			t.Errorf("%x: %d inside, want %d", b, got, naiveInside(b))
		}
	}
}

func FuzzCountInside(f *testing.F) {
	f.Add([]byte("\xff\xff\xff\x00\x00\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := countInside(b), naiveInside(b); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	})
}

func TestUint128_Carries(t *testing.T) {
	t.Parallel()
	got := uint128{1, 1<<64 - 1}.plus(uint128{2, 2})
	if want := (uint128{4, 1}); got != want {
		t.Errorf("sum = %v, want %v", got, want)
	}
}

// TestValues_Large has sums beyond 64 bits: 2^60 bytes, half of them 255.
func TestValues_Large(t *testing.T) {
	t.Parallel()
	const n = 1 << 60
	s := &Summary{length: n, head: []byte{0, 255}, tail: []byte{0, 255}}
	s.counts[0], s.counts[255] = n/2, n/2
	v := s.Values()
	if *v.Mean != 127.5 || *v.ChiSquare != 127*float64(n) || *v.SerialCorrelation != -1 {
		t.Errorf("mean %g, chi-square %g, serial correlation %g", *v.Mean, *v.ChiSquare, *v.SerialCorrelation)
	}
}

func TestSumProducts(t *testing.T) {
	t.Parallel()
	p := analysis.Piece{Data: []byte{255, 2, 3, 0, 255}}
	if got := sumProducts(p.Pairs()); got != 255*2+2*3 {
		t.Errorf("sum = %d", got)
	}
}

func BenchmarkCountInside(b *testing.B) {
	kernels := map[string]func([]byte) [groupSize]uint64{"kernel": countInside, "naive": naiveInside}
	for _, name := range []string{"kernel", "naive"} {
		for kind, gen := range map[string]analysistest.Generator{
			"Random": analysistest.Random, "Text": analysistest.Text, "Zeros": analysistest.Zeros,
		} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				data := gen(rand.New(rand.NewPCG(1, 2)), analysis.PieceSize)
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					kernels[name](data)
				}
			})
		}
	}
}
