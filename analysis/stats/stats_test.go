package stats_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/stats"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			analysistest.Laws(t, stats.Analysis{}, gen)
		})
	}
}

func FuzzStats(f *testing.F) { analysistest.Fuzz(f, stats.Analysis{}) }

// inputs are those whose statistics ent printed into testdata/ent.txt.
func inputs() map[string][]byte {
	all := map[string][]byte{
		"low":   congruential(50001, 127),
		"zeros": make([]byte, 4097),
		"ones":  slices.Repeat([]byte{255}, 1000),
		"ramp":  make([]byte, 70000),
	}
	for i := range all["ramp"] {
		all["ramp"][i] = byte(i * i >> 7)
	}
	for name, n := range map[string]int{
		"empty": 0, "one": 1, "two": 2, "five": 5, "six": 6, "seven": 7, "eleven": 11, "twelve": 12, "noise": 100003,
	} {
		all[name] = congruential(n, 255)
	}
	return all
}

// congruential returns the top bytes of a linear congruential sequence.
func congruential(n int, mask byte) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x>>24) & mask
	}
	return b
}

// TestValues_Ent compares with lines of `ent -t`: after the name they are the
// record type, size, entropy, chi-square, mean, pi and serial correlation.
func TestValues_Ent(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "ent.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, lines := inputs(), 0
	for sc := bufio.NewScanner(file); sc.Scan(); lines++ {
		name, record, _ := strings.Cut(sc.Text(), " ")
		v := analysistest.Whole(t, stats.Analysis{}, all[name]).(*stats.Summary).Values()
		got := fmt.Sprintf("%s,%s,%s,%s", show(v.ChiSquare, "-nan"), show(v.Mean, "-nan"),
			show(v.MonteCarloPi, "-nan"), show(v.SerialCorrelation, "-100000.000000"))
		want := strings.Join(strings.Split(record, ",")[3:], ",")
		if got != want {
			t.Errorf("%s: got %s, ent prints %s", name, got, want)
		}
	}
	if lines != len(all) {
		t.Errorf("%d lines of ent for %d inputs", lines, len(all))
	}
}

// show prints as ent does, which has other words for undefined values.
func show(v *float64, undefined string) string {
	if v == nil {
		return undefined
	}
	return fmt.Sprintf("%.6f", *v)
}

// TestValues_Oracle compares with floating-point sums over the bytes.
func TestValues_Oracle(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		for _, n := range []int{6, 20, 4096, 50_000} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				data := gen(rand.New(rand.NewPCG(7, 8)), n)
				v := analysistest.Whole(t, stats.Analysis{}, data).(*stats.Summary).Values()
				near(t, "chi-square", v.ChiSquare, chiSquare(data))
				near(t, "mean", v.Mean, mean(data))
				near(t, "pi", v.MonteCarloPi, pi(data))
				near(t, "serial correlation", v.SerialCorrelation, serial(data))
			})
		}
	}
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil {
		if !math.IsNaN(want) {
			t.Errorf("%s is undefined, want %g", what, want)
		}
		return
	}
	if !(math.Abs(*got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s = %g, want %g", what, *got, want)
	}
}

func chiSquare(data []byte) (sum float64) {
	var counts [256]float64
	for _, b := range data {
		counts[b]++
	}
	expected := float64(len(data)) / 256
	for _, c := range counts {
		sum += (c - expected) * (c - expected) / expected
	}
	return sum
}

func mean(data []byte) (sum float64) {
	for _, b := range data {
		sum += float64(b)
	}
	return sum / float64(len(data))
}

func pi(data []byte) float64 {
	coordinate := func(b []byte) float64 { return float64(b[0])*65536 + float64(b[1])*256 + float64(b[2]) }
	inside, total := 0.0, 0.0
	for ; len(data) >= 6; data = data[6:] {
		total++
		if math.Hypot(coordinate(data), coordinate(data[3:])) <= 1<<24-1 {
			inside++
		}
	}
	return 4 * inside / total
}

func serial(data []byte) float64 {
	var products, sum, squares float64
	for i, b := range data {
		products += float64(b) * float64(data[(i+1)%len(data)])
		sum += float64(b)
		squares += float64(b) * float64(b)
	}
	n := float64(len(data))
	return (n*products - sum*sum) / (n*squares - sum*sum)
}

func TestFiles_Golden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"empty", "five", "noise", "ones"} {
		s := analysistest.Whole(t, stats.Analysis{}, inputs()[name])
		for file, content := range analysistest.Files(t, s) {
			if !json.Valid([]byte(content)) {
				t.Errorf("%s of %s is not JSON", file, name)
			}
			analysistest.Golden(t, filepath.Join("testdata", name+"."+file), []byte(content))
		}
	}
}

func TestEncode_Golden(t *testing.T) {
	t.Parallel()
	b := analysistest.Encode(t, analysistest.Whole(t, stats.Analysis{}, []byte("\xff\xfe\xfdbanana")), nil)
	analysistest.Golden(t, filepath.Join("testdata", "banana.hex"), fmt.Appendf(nil, "%x\n", b))
}

func TestMerge_OtherType(t *testing.T) {
	t.Parallel()
	if err := (stats.Analysis{}).New(0, 0).Merge(nil); err == nil {
		t.Error("merged nil without error")
	}
}

var generators = map[string]analysistest.Generator{
	"Random": analysistest.Random,
	"Zeros":  analysistest.Zeros,
	"Text":   analysistest.Text,
	"Mixed":  analysistest.Mixed,
}

func BenchmarkWrite(b *testing.B) {
	for _, kind := range []string{"Random", "Text", "Zeros"} {
		b.Run(kind, func(b *testing.B) {
			data := generators[kind](rand.New(rand.NewPCG(1, 2)), analysis.PieceSize)
			s := stats.Analysis{}.New(0, 3)
			var p analysis.Piece
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				p.Reset(data, 0)
				if err := s.Write(&p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
