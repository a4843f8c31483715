package e2e

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The oracle computes results in the plainest way, from definitions alone; it
// shares no code with the product.

// checkOracle compares a result folder with what the oracle says of data, which
// starts at an offset of the input.
func checkOracle(t *testing.T, dir string, data []byte, offset int) {
	t.Helper()
	files := readFolder(t, dir)
	checkBytes(t, files["bytes.json"], data)
	checkCells(t, files["bytes.cells.csv"], data, offset)
	if want := digrams(data); string(files["digram.csv"]) != want {
		t.Errorf("digram.csv differs from the oracle at %s", firstDifference(string(files["digram.csv"]), want))
	}
	checkStats(t, files["stats.json"], data)
	if got, ok := files["words.tsv"]; ok {
		if want := wordTable(data); string(got) != want {
			t.Errorf("words.tsv differs from the oracle at %s", firstDifference(string(got), want))
		}
	}
}

func firstDifference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("byte %d: %q, want %q", i, a[i:min(len(a), i+60)], b[i:min(len(b), i+60)])
}

// cellOf is what is known of a run of bytes.
type cellOf struct {
	histogram            [256]int
	sum                  int
	nul, ff, text, other int
}

func count(data []byte) (c cellOf) {
	for _, b := range data {
		c.histogram[b]++
		c.sum += int(b)
		switch {
		case b == 0:
			c.nul++
		case b == 0xFF:
			c.ff++
		case b >= 0x20 && b < 0x7F || b >= '\t' && b <= '\r':
			c.text++
		default:
			c.other++
		}
	}
	return c
}

func (c *cellOf) entropy(n int) (h float64) {
	for _, k := range c.histogram {
		if k > 0 {
			p := float64(k) / float64(n)
			h -= p * math.Log2(p)
		}
	}
	return h
}

func checkBytes(t *testing.T, file, data []byte) {
	t.Helper()
	var got struct {
		Size    int     `json:"size"`
		Entropy float64 `json:"entropy"`
		Classes struct{ Nul, FF, Printable, Other int }
		Counts  [256]int `json:"histogram"`
	}
	if err := json.Unmarshal(file, &got); err != nil {
		t.Fatalf("bytes.json: %v", err)
	}
	want := count(data)
	if got.Size != len(data) || got.Counts != want.histogram || !near(got.Entropy, want.entropy(len(data)), 1e-8) {
		t.Errorf("bytes.json: size %d, entropy %v; want %d, %v (and equal histograms)", got.Size, got.Entropy, len(data), want.entropy(len(data)))
	}
	c := got.Classes
	if c.Nul != want.nul || c.FF != want.ff || c.Printable != want.text || c.Other != want.other {
		t.Errorf("bytes.json: classes %+v, want %d %d %d %d", c, want.nul, want.ff, want.text, want.other)
	}
}

func checkCells(t *testing.T, file, data []byte, offset int) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatalf("bytes.cells.csv: %v", err)
	}
	if want := []string{"offset", "length", "entropy", "mean", "nul", "ff", "printable", "other"}; !slices.Equal(rows[0], want) {
		t.Errorf("bytes.cells.csv: header %q, want %q", rows[0], want)
	}
	rows = rows[1:]
	for at := 0; at < len(data); {
		n := min(4096-(offset+at)%4096, len(data)-at)
		c := count(data[at : at+n])
		want := []float64{
			float64(offset + at), float64(n), c.entropy(n), float64(c.sum) / float64(n),
			float64(c.nul), float64(c.ff), float64(c.text), float64(c.other),
		}
		if len(rows) == 0 || !equalRow(rows[0], want) {
			t.Fatalf("bytes.cells.csv: at %d: have %v, want %v", offset+at, rows[:min(1, len(rows))], want)
		}
		rows, at = rows[1:], at+n
	}
	if len(rows) > 0 {
		t.Errorf("bytes.cells.csv: %d rows more than cells", len(rows))
	}
}

// equalRow compares numbers, of which the third and fourth have six decimals.
func equalRow(row []string, want []float64) bool {
	for i, field := range row {
		got, err := strconv.ParseFloat(field, 64)
		if err != nil || i >= len(want) || !near(got, want[i], 1e-6) {
			return false
		}
	}
	return len(row) == len(want)
}

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

func digrams(data []byte) string {
	counts := make([]int, 1<<16)
	for i := 1; i < len(data); i++ {
		counts[int(data[i-1])<<8|int(data[i])]++
	}
	b := []byte("first,second,count\n")
	for pair, n := range counts {
		if n > 0 {
			b = fmt.Appendf(b, "%d,%d,%d\n", pair>>8, pair&0xFF, n)
		}
	}
	return string(b)
}

// checkStats compares with the formulas of ent; what is undefined is null.
func checkStats(t *testing.T, file, data []byte) {
	t.Helper()
	var got map[string]*float64
	if err := json.Unmarshal(file, &got); err != nil {
		t.Fatalf("stats.json: %v", err)
	}
	want := map[string]*float64{
		"chi_square": chiSquare(data), "mean": mean(data),
		"serial_correlation": serialCorrelation(data), "monte_carlo_pi": monteCarloPi(data),
	}
	for name, w := range want {
		g, ok := got[name]
		if !ok || (g == nil) != (w == nil) || g != nil && !near(*g, *w, 1e-9*max(1, math.Abs(*w))) {
			t.Errorf("stats.json: %s is %s, want %s", name, show(g), show(w))
		}
	}
	if len(got) != len(want) {
		t.Errorf("stats.json has %d values, want %d", len(got), len(want))
	}
}

func show(v *float64) string {
	if v == nil {
		return "null"
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func chiSquare(data []byte) *float64 {
	if len(data) == 0 {
		return nil
	}
	c, expected, chi := count(data), float64(len(data))/256, 0.0
	for _, k := range c.histogram {
		d := float64(k) - expected
		chi += d * d / expected
	}
	return &chi
}

func mean(data []byte) *float64 {
	if len(data) == 0 {
		return nil
	}
	c := count(data)
	m := float64(c.sum) / float64(len(data))
	return &m
}

func serialCorrelation(data []byte) *float64 {
	var n, products, sum, squares int64 = int64(len(data)), 0, 0, 0
	for i, b := range data {
		v := int64(b)
		products += v * int64(data[(i+1)%len(data)])
		sum += v
		squares += v * v
	}
	// The products of sums over tens of MB do not fit in 64 bits.
	times := func(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }
	above := new(big.Int).Sub(times(n, products), times(sum, sum))
	below := new(big.Int).Sub(times(n, squares), times(sum, sum))
	if below.Sign() == 0 {
		return nil
	}
	r, _ := new(big.Rat).SetFrac(above, below).Float64()
	return &r
}

func monteCarloPi(data []byte) *float64 {
	const radius = 1<<24 - 1
	inside, groups := 0, len(data)/6
	if groups == 0 {
		return nil
	}
	for g := range groups {
		b := data[6*g : 6*g+6]
		x := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		y := int(b[3])<<16 | int(b[4])<<8 | int(b[5])
		if x*x+y*y <= radius*radius {
			inside++
		}
	}
	pi := 4 * float64(inside) / float64(groups)
	return &pi
}

func wordTable(data []byte) string {
	counts := make(map[string]int)
	var word []byte
	end := func() {
		if len(word) > 0 {
			counts[string(word)]++
		}
		word = word[:0]
	}
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		invalid := r == utf8.RuneError && n == 1
		if data = data[n:]; invalid || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		word = utf8.AppendRune(word, unicode.ToLower(r))
	}
	end()
	var b []byte
	for _, w := range slices.SortedFunc(maps.Keys(counts), func(v, w string) int {
		return cmp.Or(cmp.Compare(counts[w], counts[v]), cmp.Compare(v, w))
	}) {
		b = fmt.Appendf(b, "%d\t%s\n", counts[w], w)
	}
	return string(b)
}
