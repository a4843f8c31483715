package cli

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/job"
)

func counts(data []byte) *[256]uint64 {
	c := new([256]uint64)
	for _, b := range data {
		c[b]++
	}
	return c
}

// summaryOf returns a summary of data that is done in 1.5 s.
func summaryOf(t *testing.T, name string, data []byte) *summary {
	t.Helper()
	n := int64(len(data))
	s := &summary{
		Input: job.Input{Name: name, Size: n}, Region: job.Range{Length: n},
		ChunksTotal: 64, ChunksMapped: 64, Elapsed: 1500 * time.Millisecond,
		Store: "file:///home/me/.cache/binglide/store",
	}
	for _, a := range []analysis.Analysis{histogram.Analysis{}, digram.Analysis{}, stats.Analysis{}} {
		if err := s.fill(t.Context(), analysistest.Whole(t, a, data)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestSummary_Golden(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("the whole path on a real file; the end.\n", 5000))
	mixed := append(make([]byte, 300_000), text...)
	mixed = append(mixed, []byte(strings.Repeat("\xff", 1000)+"\x01\x02")...)
	for name, change := range map[string]func() (*summary, bool){
		"text": func() (*summary, bool) {
			s := summaryOf(t, "notes.txt", text)
			s.Words = []wordCount{{"the", 1234567}, {"größe", 42}, {strings.Repeat("long", 40), 1}}
			s.Out = "/tmp/out"
			return s, false
		},
		"cached": func() (*summary, bool) {
			s := summaryOf(t, strings.Repeat("long-name", 12)+"\x1b[2J", mixed)
			s.ChunksMapped, s.Region = 0, job.Range{Offset: 4096, Length: 8192}
			return s, false
		},
		"partly": func() (*summary, bool) {
			s := summaryOf(t, "disk.img", mixed)
			s.ChunksMapped, s.Private = 3, true
			return s, true
		},
		"empty": func() (*summary, bool) {
			s := summaryOf(t, "empty", nil)
			s.ChunksTotal, s.ChunksMapped = 1, 1
			return s, false
		},
		"none": func() (*summary, bool) { return &summary{Input: job.Input{Name: "-"}}, false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, coloured := change()
			got := s.render(coloured)
			for line := range strings.Lines(got) {
				if n := utf8.RuneCountInString(line) - 1; n > summaryWidth && !coloured {
					t.Errorf("%d columns: %q", n, line)
				}
			}
			analysistest.Golden(t, filepath.Join("testdata", "summary-"+name+".txt"), []byte(got))
		})
	}
}

func TestEntropy(t *testing.T) {
	t.Parallel()
	var even [256]uint64
	for v := range even {
		even[v] = 1 << 50
	}
	for _, c := range []struct {
		counts *[256]uint64
		bits   float64
		text   string
	}{
		{counts([]byte("aaaa")), 0, "one value only"},
		{counts([]byte("ab")), 1, "sparse or repetitive"},
		{counts([]byte("abcdefgh")), 3, "sparse or repetitive"},
		{counts([]byte("abcdefghijklmnop")), 4, "like text or tables"},
		{&even, 8, "compressed, encrypted or random"},
		{new([256]uint64), 0, "one value only"},
	} {
		bits, _ := entropy(c.counts)
		if math.Abs(bits-c.bits) > 1e-12 || suggests(bits) != c.text {
			t.Errorf("entropy %g suggests %q, want %g and %q", bits, suggests(bits), c.bits, c.text)
		}
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	var all [256]uint64
	for v := range all {
		all[v] = 1
	}
	if got, want := classes(&all), [4]uint64{1, 1, 100, 154}; got != want {
		t.Errorf("classes = %d, want %d", got, want)
	}
}
