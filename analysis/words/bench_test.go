package words

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
)

// zipf generates text of random words whose frequencies follow Zipf's law.
func zipf(r *rand.Rand, n int) []byte {
	const letters = "etaoinshrdlcumwfgypbvk"
	vocabulary := make([]string, 50_000)
	for i := range vocabulary {
		w := make([]byte, 1+r.IntN(4)+r.IntN(4)+r.IntN(5))
		for j := range w {
			w[j] = letters[min(r.IntN(len(letters)), r.IntN(len(letters)))]
		}
		if r.IntN(8) == 0 {
			w[0] -= 'a' - 'A'
		}
		vocabulary[i] = string(w)
	}
	z := rand.NewZipf(r, 1.1, 3, uint64(len(vocabulary)-1))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(vocabulary[z.Uint64()])
		b.WriteString([...]string{" ", " ", " ", " ", " ", ", ", ".\n"}[r.IntN(7)])
	}
	return b.Bytes()[:n]
}

// greek generates zipf's text in other letters.
func greek(r *rand.Rand, n int) []byte {
	b := strings.NewReplacer("e", "ε", "t", "τ", "a", "α", "o", "ό", "i", "ι", "n", "ν", "s", "σ").Replace(string(zipf(r, n)))
	return []byte(b)
}

func BenchmarkWrite(b *testing.B) {
	for name, gen := range map[string]analysistest.Generator{
		"Zipf":   zipf,
		"Greek":  greek,
		"Random": analysistest.Random,
		"Zeros":  analysistest.Zeros,
	} {
		data := gen(rand.New(rand.NewPCG(1, 2)), 8*analysis.PieceSize)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				analysistest.Whole(b, Analysis{}, data)
			}
		})
		b.Run("naive/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				counts := make(map[string]uint64)
				for _, w := range strings.Fields(string(data)) {
					counts[strings.ToLower(w)]++
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	s := analysistest.Whole(b, Analysis{}, distinct(0, 200_000))
	blobs := new(analysistest.MemBlobs)
	for b.Loop() {
		b.SetBytes(int64(len(analysistest.Encode(b, s, blobs))))
	}
}

// distinct returns n different words.
func distinct(from, n int) []byte {
	var b bytes.Buffer
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "%x ", uint64(i)*0x9e3779b97f4a7c15>>20)
	}
	return b.Bytes()
}

// BenchmarkMerge merges 16 stored summaries; its bytes are those written.
func BenchmarkMerge(b *testing.B) {
	blobs := new(analysistest.MemBlobs)
	var parts [][]byte
	size := 0
	for i := range 16 {
		data := distinct(i*50_000, 100_000)
		size += len(data)
		parts = append(parts, analysistest.Encode(b, analysistest.Whole(b, Analysis{}, data), blobs))
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		sum := Analysis{}.New(0, 0)
		for _, p := range parts {
			s, err := Analysis{}.Decode(b.Context(), p, blobs)
			if err != nil {
				b.Fatal(err)
			}
			if err := sum.Merge(s); err != nil {
				b.Fatal(err)
			}
		}
		analysistest.Encode(b, sum, blobs)
	}
}

func BenchmarkFiles(b *testing.B) {
	data := distinct(0, 200_000)
	s := analysistest.Whole(b, Analysis{}, data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		analysistest.Files(b, s)
	}
}
