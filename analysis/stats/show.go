package stats

import (
	"context"
	"encoding/json"
	"io"
	"math/big"

	"github.com/binglide/binglide/analysis"
)

// Values is the statistics of a string, nil where they are undefined. Each is
// the float64 nearest to the exact value.
type Values struct {
	// ChiSquare is Σ (c-n/256)²/(n/256) over the 256 counts c of n bytes.
	ChiSquare *float64 `json:"chi_square"`
	// Mean is the mean of the bytes.
	Mean *float64 `json:"mean"`
	// SerialCorrelation is that of each byte and the next, the last byte being
	// followed by the first. It is undefined where all bytes are equal.
	SerialCorrelation *float64 `json:"serial_correlation"`
	// MonteCarloPi is four times the share of groups of six bytes, as points
	// of a square, that lie inside the inscribed quarter of a circle. It is
	// undefined for less than six bytes.
	MonteCarloPi *float64 `json:"monte_carlo_pi"`
}

// Values computes the statistics.
func (s *Summary) Values() Values {
	n := whole(s.length)
	sum, squares, countSquares := s.moments()
	return Values{
		ChiSquare:         ratio(minus(times(whole(256), countSquares), times(n, n)), n),
		Mean:              ratio(sum, n),
		SerialCorrelation: s.correlation(n, sum, squares),
		MonteCarloPi:      ratio(times(whole(4), whole(s.inside[0])), whole(groups(s.length, 0))),
	}
}

// moments returns Σ v·c, Σ v²·c and Σ c² over the counts c of the values v.
func (s *Summary) moments() (sum, squares, countSquares *big.Int) {
	sum, squares, countSquares = new(big.Int), new(big.Int), new(big.Int)
	for v, count := range s.counts {
		c, value := whole(count), whole(uint64(v))
		sum.Add(sum, times(value, c))
		squares.Add(squares, times(value, times(value, c)))
		countSquares.Add(countSquares, times(c, c))
	}
	return sum, squares, countSquares
}

// correlation returns (n·P - S²) / (n·Q - S²), where P is the sum of the
// products of neighbours, S the sum and Q the sum of the squares.
func (s *Summary) correlation(n, sum, squares *big.Int) *float64 {
	if s.length == 0 {
		return nil
	}
	products := new(big.Int).Lsh(whole(s.products.hi), 64)
	products.Add(products, whole(s.products.lo))
	products.Add(products, whole(uint64(s.tail[len(s.tail)-1])*uint64(s.head[0])))
	sum2 := times(sum, sum)
	return ratio(minus(times(n, products), sum2), minus(times(n, squares), sum2))
}

// Files implements part of [analysis.Summary]: stats.json with the Values.
func (s *Summary) Files() []analysis.File {
	return []analysis.File{{Name: "stats.json", Write: func(_ context.Context, w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s.Values())
	}}}
}

func whole(n uint64) *big.Int      { return new(big.Int).SetUint64(n) }
func times(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
func minus(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
func ratio(a, b *big.Int) *float64 {
	if b.Sign() == 0 {
		return nil
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return &f
}
