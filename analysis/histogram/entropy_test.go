package histogram

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/binglide/binglide/analysis"
)

func TestLog2(t *testing.T) {
	t.Parallel()
	check := func(n uint64) {
		got, want := float64(log2(n))/(1<<fraction), math.Log2(float64(n))
		if math.Abs(got-want) > 1.0/(1<<(fraction-1))+want*1e-15 {
			t.Errorf("log2(%d) = %.15f, want %.15f", n, got, want)
		}
	}
	for n := uint64(1); n < 70_000; n++ {
		check(n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		check(1 + r.Uint64()>>(4+r.IntN(40)))
	}
	for k := range 61 {
		if got := log2(1 << k); got != uint64(k)<<fraction {
			t.Errorf("log2(2^%d) = %d", k, got)
		}
	}
}

// TestLog2_Stored has values, computed apart to 60 decimal digits, that summaries rest on: they must never change.
func TestLog2_Stored(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]uint64{
		3: 1742684699131, 4095: 13193752215528, 4097: 13194526756546, 1<<60 - 1: 65970697666559,
	} {
		if got := log2(n); got != want {
			t.Errorf("log2(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestEntropy(t *testing.T) {
	t.Parallel()
	uniform := func(values int, count uint64) (c [256]uint64) {
		for v := range values {
			c[v] = count
		}
		return c
	}
	for _, c := range []struct {
		counts [256]uint64
		want   float64
	}{
		{uniform(0, 0), 0},
		{uniform(1, 1), 0},
		{uniform(1, 1<<60), 0},
		{uniform(1, 1<<59+12345), 0},
		{uniform(2, 3), 1},
		{uniform(3, 5), math.Log2(3)},
		{uniform(256, 1<<52), 8},
		{uniform(255, 1e15), math.Log2(255)},
	} {
		var n uint64
		for _, count := range c.counts {
			n += count
		}
		if got := float64(entropy(&c.counts, n)) / (1 << fraction); math.Abs(got-c.want) > 1e-11 {
			t.Errorf("entropy of %d bytes = %.13f, want %.13f", n, got, c.want)
		}
	}
}

// TestSmallCell: cells of level 0 are the same on the fast way.
func TestSmallCell(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		n := 1 + r.IntN(tabled)
		values := 1 + r.IntN(256)
		var h analysis.Histogram
		var counts, sum [256]uint64
		for range n {
			v := r.IntN(values)
			h[v]++
			counts[v]++
		}
		if got, want := smallCellOf(&h, uint64(n), &sum), cellOf(&counts, uint64(n)); got != want || sum != counts {
			t.Fatalf("%d bytes: %+v, want %+v", n, got, want)
		}
	}
}

func TestMicro(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for _, b := range []uint64{1, 3, 64, 128, 4096} {
		for range 1000 {
			a := r.Uint64N(255*b + 1)
			got := string(appendMicro(nil, micro(a, b)))
			if want := fmt.Sprintf("%.6f", float64(a)/float64(b)); got != want && b != 3 {
				t.Errorf("%d/%d = %s, want %s", a, b, got, want)
			}
		}
	}
}
