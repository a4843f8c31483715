package words

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
)

// tiny has sizes so small that a few hundred bytes reach every limit.
var tiny = sizes{block: 60, inline: 40, short: 12, segment: 5, words: 7, arena: 200, sort: 300, fan: 2}

// small has sizes for texts of some hundred KiB.
var small = sizes{block: 4000, inline: 1000, short: 30, segment: 100, words: 300, arena: 9000, sort: 20_000, fan: 3}

// analyses are those that must give the same files.
var analyses = map[string]Analysis{"default": {}, "tiny": {&tiny}}

// oracle counts words by the definition, rune by rune.
func oracle(data []byte) map[string]uint64 {
	counts, word := make(map[string]uint64), []byte(nil)
	for i, size := 0, 0; i <= len(data); i += size {
		r := rune(' ')
		if i == len(data) {
			size = 1
		} else {
			r, size = utf8.DecodeRune(data[i:])
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word = utf8.AppendRune(word, unicode.ToLower(r))
			continue
		}
		if len(word) > 0 {
			counts[string(word)]++
		}
		word = word[:0]
	}
	return counts
}

func tsv(counts map[string]uint64) string {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, "%d\t%s\n", counts[w], w)
	}
	return b.String()
}

// texts have their corners in a few bytes.
var texts = map[string]string{
	"Empty":      "",
	"Word":       "binglide",
	"Spaces":     "   ",
	"Sentence":   "The cat, the Cat; THE 3 cats. the",
	"Greek":      "ΟΔΥΣΣΕΎΣ ΚΑΙ ὈΔΥΣΣΕΥΣ, ς σ Σ",
	"Turkish":    "İSTANBUL Iğdır ıI iİ",
	"Grows":      "ȺȺȺȺ ȾȺ Ⱥ",
	"Shrinks":    "KELVIN \u212a\u212a\u212a\u212a\u212a\u212a \u212b\u1e9e",
	"CJK":        "吾輩は猫である。名前はまだ無い。１２３",
	"Emoji":      "a👩‍🚀b 🇨🇭 x😀y",
	"Beyond":     "𐐀𐐨 𝒜𝟘 𠀀𠀁",
	"Combining":  "e\u0301te\u0301 n\u0303 é",
	"Digits":     "٣٤ ३४ 34 ½ Ⅷ",
	"Truncated":  "a\xe2\x82b \xf0\x9f\x98 c\xc3",
	"Overlong":   "a\xc0\xafb \xe0\x80\xafc \xf0\x80\x80\xafd",
	"Surrogates": "a\xed\xa0\x80b \xed\xb0\x80\xed\x9f\xbf",
	"Beyond10FF": "a\xf4\x90\x80\x80b \xf8\x88\x80\x80\x80c",
	"Trailing":   "\x80\x80\x80\x80\x80a\x80b \xbf",
	"OnlyLead":   "\x82\xac",
	"Lead4":      "\x80\x80\x80\x80",
	"Starts":     "\xf0\xf0\x9f\xf0\x9f\x98\xe2\xe2\x82\xc3",
	"Replaced":   "a\ufffdb\u0000c",
	"Long":       strings.Repeat("Abc", 15) + " " + strings.Repeat("abc", 15) + "d " + strings.Repeat("abc", 15) + strings.Repeat(" Äöü", 9),
	"LongGreek":  strings.Repeat("Ωμέγα", 5) + "-" + strings.Repeat("ωμέγα", 5) + " aωμέγαωμέγαωμέγα aωμέγαωμέγαωμέγαω",
}

func TestFiles_Oracle(t *testing.T) {
	t.Parallel()
	for name, a := range analyses {
		for text, data := range texts {
			t.Run(name+"/"+text, func(t *testing.T) {
				t.Parallel()
				checkWhole(t, analysistest.Whole(t, a, []byte(data)), []byte(data))
			})
		}
	}
}

// checkWhole compares all that is shown of s with the oracle's.
func checkWhole(t *testing.T, s analysis.Summary, data []byte) {
	t.Helper()
	counts := oracle(data)
	if got, want := analysistest.Files(t, s)["words.tsv"], tsv(counts); got != want {
		t.Errorf("words.tsv of %.100q = %.300q, want %.300q", data, got, want)
	}
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	if got := s.(*Summary).Total(); got != total {
		t.Errorf("Total = %d, want %d", got, total)
	}
	top, distinct, err := s.(*Summary).Top(t.Context(), 3)
	if err != nil || distinct != uint64(len(counts)) || len(top) != min(3, len(counts)) {
		t.Errorf("Top = %v, %d, %v; want %d different words", top, distinct, err, len(counts))
	}
}

// TestMerge_EveryCut cuts every text into three parts in all ways, and merges
// them from the left and from the right, some of them stored and loaded.
func TestMerge_EveryCut(t *testing.T) {
	t.Parallel()
	for name, a := range analyses {
		for text, data := range texts {
			t.Run(name+"/"+text, func(t *testing.T) {
				t.Parallel()
				c := newCutter(t, a, []byte(data))
				for i := range len(data) + 1 {
					for j := i; j <= len(data); j += 1 + len(data)/12 {
						c.check([]int{i, j}, (i+j)%2 == 0)
					}
				}
			})
		}
	}
}

// cuts checks that the parts of a string merge to the whole.
type cuts struct {
	t     *testing.T
	a     Analysis
	data  []byte
	blobs *analysistest.MemBlobs
	want  []byte // encoding of the whole
	tsv   string
}

func newCutter(t *testing.T, a Analysis, data []byte) *cuts {
	c := &cuts{t: t, a: a, data: data, blobs: new(analysistest.MemBlobs), tsv: tsv(oracle(data))}
	c.want = analysistest.Encode(t, analysistest.Whole(t, a, data), c.blobs)
	return c
}

func (c *cuts) check(at []int, right bool) {
	c.t.Helper()
	var parts []analysis.Summary
	from := 0
	for i, cut := range append(at, len(c.data)) {
		s := analysistest.Whole(c.t, c.a, c.data[from:cut])
		if (i+cut)%3 > 0 {
			s = c.reload(s)
		}
		parts, from = append(parts, s), cut
	}
	for len(parts) > 1 {
		i := 0
		if right {
			i = len(parts) - 2
		}
		if err := parts[i].Merge(parts[i+1]); err != nil {
			c.t.Fatal(err)
		}
		parts = slices.Delete(parts, i+1, i+2)
	}
	if got := analysistest.Files(c.t, parts[0])["words.tsv"]; got != c.tsv {
		c.t.Fatalf("cut at %d, %.100q: words.tsv = %.200q, want %.200q", at, c.data, got, c.tsv)
	}
	if got := analysistest.Encode(c.t, parts[0], c.blobs); !bytes.Equal(got, c.want) {
		c.t.Fatalf("cut at %d, %.100q: encoding %.200x, want %.200x", at, c.data, got, c.want)
	}
}

func (c *cuts) reload(s analysis.Summary) analysis.Summary {
	c.t.Helper()
	s, err := c.a.Decode(c.t.Context(), analysistest.Encode(c.t, s, c.blobs), c.blobs)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func TestLaws(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]Analysis{"default": {}, "small": {&small}} {
		for gen, g := range generators {
			t.Run(name+"/"+gen, func(t *testing.T) {
				t.Parallel()
				analysistest.Laws(t, a, g)
			})
		}
	}
}

// multilingual generates the texts above and broken pieces of them.
func multilingual(r *rand.Rand, n int) []byte {
	all := slices.Sorted(maps.Values(texts))
	b := make([]byte, 0, n+200)
	for len(b) < n {
		text := all[r.IntN(len(all))]
		i := r.IntN(len(text) + 1)
		b = append(b, text[i:i+r.IntN(len(text)-i+1)]...)
	}
	return b[:n]
}

var generators = map[string]analysistest.Generator{
	"Text":         analysistest.Text,
	"Mixed":        analysistest.Mixed,
	"Multilingual": multilingual,
}

// TestMerge_LongWord has a word that is longer than chunks, and cut many times.
func TestMerge_LongWord(t *testing.T) {
	t.Parallel()
	for name, a := range analyses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 4))
			n := 300_000
			if name == "tiny" {
				n = 3000
			}
			long := strings.Repeat("Ab0Éß", n/7)
			data := "x " + long + " y " + long + " " + long[:n/2]
			c := newCutter(t, a, []byte(data))
			for range 2 {
				at := make([]int, 12)
				for i := range at {
					at[i] = r.IntN(len(data))
				}
				slices.Sort(at)
				c.check(at, r.IntN(2) == 0)
			}
		})
	}
}

func TestFiles_ManyWords(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for range 3000 {
		fmt.Fprintf(&b, "w%d ", r.IntN(2000))
	}
	c := newCutter(t, Analysis{&tiny}, []byte(b.String()))
	if n := c.blobs.Len(); n < 100 {
		t.Errorf("%d blobs, want a vocabulary of many blocks", n)
	}
	c.check([]int{1000, 1001, 5000, 9000}, false)
}

func TestFiles_Golden(t *testing.T) {
	t.Parallel()
	data := []byte("To be, or not to be: that is the question.\nÀ la carte, à LA Carte! 42\xff42 猫 猫")
	s := analysistest.Whole(t, Analysis{}, data)
	for name, content := range analysistest.Files(t, s) {
		analysistest.Golden(t, filepath.Join("testdata", name), []byte(content))
	}
}

func TestTop(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, Analysis{}, []byte("b a c b a d e e e")).(*Summary)
	for n, want := range [][]Count{{}, {{"e", 3}}, {{"e", 3}, {"a", 2}}, {{"e", 3}, {"a", 2}, {"b", 2}}, {{"e", 3}, {"a", 2}, {"b", 2}, {"c", 1}}} {
		got, distinct, err := s.Top(t.Context(), n)
		if err != nil || distinct != 5 || !slices.Equal(got, want) {
			t.Errorf("Top(%d) = %v, %d, %v; want %v", n, got, distinct, err, want)
		}
	}
}

func TestTop_LongWord(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, Analysis{&tiny}, []byte("aβββββββββ"))
	got, _, err := s.(*Summary).Top(t.Context(), 1)
	if err != nil || len(got) != 1 || got[0].Word != "aβββββ" {
		t.Errorf("Top = %v, %v; want whole runes of the first 12 bytes", got, err)
	}
}

func TestMerge_OtherType(t *testing.T) {
	t.Parallel()
	if err := (Analysis{}).New(0, 0).Merge(nil); err == nil {
		t.Error("merged nil without error")
	}
}

func TestTotal_Merged(t *testing.T) {
	t.Parallel()
	c := newCutter(t, Analysis{&tiny}, []byte(texts["Long"]))
	s := c.reload(analysistest.Whole(t, c.a, c.data[:70])).(*Summary)
	if err := s.Merge(c.reload(analysistest.Whole(t, c.a, c.data[70:]))); err != nil {
		t.Fatal(err)
	}
	checkWhole(t, s, c.data)
}

func FuzzWords(f *testing.F) { analysistest.Fuzz(f, Analysis{}) }

func FuzzWords_Tiny(f *testing.F) { analysistest.Fuzz(f, Analysis{&tiny}) }

func FuzzCuts(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), uint16(len(text)/3), uint16(len(text)/2), uint16(len(text)-1))
	}
	f.Fuzz(func(t *testing.T, data []byte, i, j, k uint16) {
		at := []int{int(i) % (len(data) + 1), int(j) % (len(data) + 1), int(k) % (len(data) + 1)}
		slices.Sort(at)
		for _, a := range analyses {
			newCutter(t, a, data).check(at, i%2 == 0)
		}
	})
}
