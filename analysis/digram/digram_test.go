package digram_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	analysistest.Laws(t, digram.Analysis{}, analysistest.Mixed)
}

func FuzzDigram(f *testing.F) { analysistest.Fuzz(f, digram.Analysis{}) }

// oracle writes digram.csv from a map, with nothing of the analysis.
func oracle(data []byte) string {
	counts := make(map[[2]byte]int)
	for i := 0; i+1 < len(data); i++ {
		counts[[2]byte(data[i:])]++
	}
	pairs := slices.SortedFunc(maps.Keys(counts), func(a, b [2]byte) int { return slices.Compare(a[:], b[:]) })
	var b strings.Builder
	b.WriteString("first,second,count\n")
	for _, p := range pairs {
		fmt.Fprintf(&b, "%d,%d,%d\n", p[0], p[1], counts[p])
	}
	return b.String()
}

func TestFiles_Oracle(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		for _, n := range []int{0, 1, 2, 3, 4097, 100_000} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				data := gen(rand.New(rand.NewPCG(5, 6)), n)
				s := analysistest.Whole(t, digram.Analysis{}, data)
				if got := analysistest.Files(t, s)["digram.csv"]; got != oracle(data) {
					t.Errorf("digram.csv differs from the oracle's: %.200q", got)
				}
			})
		}
	}
}

func TestFiles_Golden(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, digram.Analysis{}, []byte("banana\x00\xff\xff\xff"))
	for name, content := range analysistest.Files(t, s) {
		analysistest.Golden(t, filepath.Join("testdata", name), []byte(content))
	}
}

func TestEncode_Golden(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, digram.Analysis{}, []byte("banana"))
	b := analysistest.Encode(t, s, nil)
	analysistest.Golden(t, filepath.Join("testdata", "banana.hex"), fmt.Appendf(nil, "%x\n", b))
}

func TestEncode_Small(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int{"Zeros": 80, "Text": 4 << 10, "Random": 80 << 10} {
		data := generators[name](rand.New(rand.NewPCG(1, 2)), analysis.PieceSize)
		s := analysistest.Whole(t, digram.Analysis{}, data)
		if n := len(analysistest.Encode(t, s, nil)); n > limit {
			t.Errorf("%s: a MiB encodes to %d bytes, want at most %d", name, n, limit)
		}
	}
}

func TestTop(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, digram.Analysis{}, []byte("ababa.b.")).(*digram.Summary)
	want := []digram.Pair{{'a', 'b', 2}, {'b', 'a', 2}, {'.', 'b', 1}}
	if got := s.Top(3); !slices.Equal(got, want) {
		t.Errorf("Top(3) = %v, want %v", got, want)
	}
	if got := len(s.Top(100)); got != 5 {
		t.Errorf("Top(100) has %d pairs, want all 5", got)
	}
	if got := s.Count('a', 'b'); got != 2 {
		t.Errorf("Count = %d, want 2", got)
	}
}

func TestDecode_Impossible(t *testing.T) {
	t.Parallel()
	good := analysistest.Encode(t, analysistest.Whole(t, digram.Analysis{}, []byte("ab")), nil)
	for name, change := range map[string]func(b []byte){
		"length":     func(b []byte) { b[0] = 3 },
		"first byte": func(b []byte) { b[1] = 'x' },
		"last byte":  func(b []byte) { b[2] = 'x' },
		"count":      func(b []byte) { b[len(b)-1] = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := slices.Clone(good)
			change(b)
			if _, err := (digram.Analysis{}).Decode(t.Context(), b, nil); err == nil {
				t.Error("decoded without error")
			}
		})
	}
}

func TestMerge_OtherType(t *testing.T) {
	t.Parallel()
	if err := (digram.Analysis{}).New(0, 0).Merge(nil); err == nil {
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
			s := digram.Analysis{}.New(0, 3)
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
