package histogram_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/job"
)

func TestLaws(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			analysistest.Laws(t, histogram.Analysis{}, gen)
		})
	}
}

func FuzzHistogram(f *testing.F) { analysistest.Fuzz(f, histogram.Analysis{}) }

// shannon is the entropy in bits per byte, in floating point.
func shannon(data []byte) (h float64) {
	counts := make(map[byte]float64)
	for _, b := range data {
		counts[b]++
	}
	for _, c := range counts {
		h -= c / float64(len(data)) * math.Log2(c/float64(len(data)))
	}
	return h
}

// classOf is the index of the class of b among nul, ff, printable, other.
func classOf(b byte) int {
	switch {
	case b == 0:
		return 0
	case b == 255:
		return 1
	case b < 127 && (b >= 32 || strings.ContainsRune("\t\n\v\f\r", rune(b))):
		return 2
	}
	return 3
}

// oracleCells describes the cells of one level, entropies apart.
func oracleCells(data []byte, offset int64, level int) (entropies []float64, lines []string) {
	for size := job.LevelSize(level); len(data) > 0; {
		n := min(int64(len(data)), size-offset%size)
		var classes [4]int
		sum := 0
		for _, b := range data[:n] {
			classes[classOf(b)]++
			sum += int(b)
		}
		entropies = append(entropies, shannon(data[:n]))
		lines = append(lines, fmt.Sprintf("%d,%d,%.6f,%d,%d,%d,%d", offset, n, float64(sum)/float64(n),
			classes[0], classes[1], classes[2], classes[3]))
		data, offset = data[n:], offset+n
	}
	return entropies, lines
}

func checkCells(t *testing.T, s analysis.Celled, data []byte, r job.Range, level int) {
	t.Helper()
	got := strings.Split(analysistest.Cells(t, s, level, r), "\n")
	entropies, lines := oracleCells(data, r.Offset, level)
	if len(got) != len(lines)+1 || got[len(lines)] != "" {
		t.Fatalf("level %d has %d lines, want %d", level, len(got)-1, len(lines))
	}
	for i, want := range lines {
		fields := strings.Split(got[i], ",")
		var entropy float64
		if _, err := fmt.Sscanf(fields[2], "%f", &entropy); err != nil || math.Abs(entropy-entropies[i]) > 0.6e-6 {
			t.Errorf("level %d cell %d: entropy %s, want %f", level, i, fields[2], entropies[i])
		}
		if rest := strings.Join(append(fields[:2:2], fields[3:]...), ","); rest != want {
			t.Errorf("level %d cell %d: %s, want %s", level, i, rest, want)
		}
	}
}

// ranges lie in one cell of level 2 each.
var ranges = []job.Range{
	{Offset: 0, Length: 1},
	{Offset: 4095, Length: 2},
	{Offset: 0, Length: 4096},
	{Offset: 1 << 20, Length: 300_000},
	{Offset: 5<<20 + 77, Length: 1<<20 - 78},
}

func TestCells_Oracle(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		for _, r := range ranges {
			t.Run(fmt.Sprintf("%s/%s", name, r), func(t *testing.T) {
				t.Parallel()
				data := gen(rand.New(rand.NewPCG(5, 6)), int(r.Length))
				const level = 2
				s := histogram.Analysis{}.New(r.Offset, level).(analysis.Celled)
				if err := s.Write(&analysis.Piece{Data: data, Offset: r.Offset}); err != nil {
					t.Fatal(err)
				}
				for k := range level + 1 {
					checkCells(t, s, data, r, k)
				}
			})
		}
	}
}

func TestFiles_Oracle(t *testing.T) {
	t.Parallel()
	for name, gen := range generators {
		for _, n := range []int{0, 1, 3, 4097, 100_000} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				data := gen(rand.New(rand.NewPCG(7, 8)), n)
				checkJSON(t, analysistest.Files(t, analysistest.Whole(t, histogram.Analysis{}, data))["bytes.json"], data)
			})
		}
	}
}

func checkJSON(t *testing.T, got string, data []byte) {
	t.Helper()
	var v struct {
		Size      int
		Entropy   float64
		Histogram [256]int
		Classes   struct{ Nul, FF, Printable, Other int }
	}
	if err := json.Unmarshal([]byte(got), &v); err != nil {
		t.Fatal(err)
	}
	var counts [256]int
	var classes [4]int
	for _, b := range data {
		counts[b]++
		classes[classOf(b)]++
	}
	if v.Size != len(data) || v.Histogram != counts || math.Abs(v.Entropy-shannon(data)) > 1e-9 {
		t.Errorf("size %d, entropy %g, histogram %d; want %d, %g", v.Size, v.Entropy, v.Histogram, len(data), shannon(data))
	}
	if c := v.Classes; [4]int{c.Nul, c.FF, c.Printable, c.Other} != classes {
		t.Errorf("classes %v, want %v", c, classes)
	}
}

func golden() []byte { return []byte("\x00\x00\xff binglide\t\n\x80\x7f~") }

func TestGolden(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, histogram.Analysis{}, golden()).(*histogram.Summary)
	analysistest.Golden(t, filepath.Join("testdata", "bytes.json"), []byte(analysistest.Files(t, s)["bytes.json"]))
	cells := s.CellsHeader() + "\n" + analysistest.Cells(t, s, 0, job.Range{Length: int64(len(golden()))})
	analysistest.Golden(t, filepath.Join("testdata", "bytes.cells.csv"), []byte(cells))
	b := analysistest.Encode(t, s, nil)
	analysistest.Golden(t, filepath.Join("testdata", "bytes.hex"), fmt.Appendf(nil, "%x\n", b))
	empty := analysistest.Whole(t, histogram.Analysis{}, nil)
	analysistest.Golden(t, filepath.Join("testdata", "empty.bytes.json"), []byte(analysistest.Files(t, empty)["bytes.json"]))
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, histogram.Analysis{}, golden()).(*histogram.Summary)
	if want := (histogram.Classes{Nul: 2, FF: 1, Printable: 12, Other: 2}); s.Classes() != want {
		t.Errorf("Classes = %v, want %v", s.Classes(), want)
	}
	if s.Length() != 17 || s.Counts()['i'] != 2 {
		t.Errorf("Length = %d, Counts['i'] = %d", s.Length(), s.Counts()['i'])
	}
	if got := s.Entropy(); math.Abs(got-shannon(golden())) > 1e-9 {
		t.Errorf("Entropy = %g, want %g", got, shannon(golden()))
	}
}

// TestEncode_Size: the summary of a chunk takes at most 0.4 % of it.
func TestEncode_Size(t *testing.T) {
	t.Parallel()
	size := job.LevelSize(job.DefaultChunkLevel)
	for name, gen := range generators {
		data := gen(rand.New(rand.NewPCG(1, 2)), 1<<20)
		s := histogram.Analysis{}.New(0, job.DefaultChunkLevel)
		for at := int64(0); at < size; at += int64(len(data)) {
			if err := s.Write(&analysis.Piece{Data: data, Offset: at}); err != nil {
				t.Fatal(err)
			}
		}
		if n := int64(len(analysistest.Encode(t, s, nil))); n > size*4/1000 {
			t.Errorf("%s: %d bytes, want at most %d", name, n, size*4/1000)
		}
	}
}

// TestEncode_NoOffset: equal bytes at different places share one summary.
func TestEncode_NoOffset(t *testing.T) {
	t.Parallel()
	data := analysistest.Text(rand.New(rand.NewPCG(1, 2)), 200_000)
	var encoded [2]string
	for i := range encoded {
		at := int64(i) << 24
		s := histogram.Analysis{}.New(at, 3)
		if err := s.Write(&analysis.Piece{Data: data, Offset: at}); err != nil {
			t.Fatal(err)
		}
		encoded[i] = string(analysistest.Encode(t, s, nil))
	}
	if encoded[0] != encoded[1] {
		t.Error("encodings differ")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	whole := analysistest.Whole(t, histogram.Analysis{}, golden()).(*histogram.Summary)
	length := int64(len(golden()))
	for name, run := range map[string]func() error{
		"merge another type": func() error { return histogram.Analysis{}.New(0, 0).Merge(nil) },
		"piece elsewhere": func() error {
			return histogram.Analysis{}.New(0, 0).Write(&analysis.Piece{Data: golden(), Offset: 1})
		},
		"other length": func() error { return cellsError(whole, 0, job.Range{Length: length + 1}) },
		"across cells": func() error { return cellsError(whole, 0, job.Range{Offset: 4090, Length: length}) },
		"level above":  func() error { return cellsError(whole, 3, job.Range{Length: length}) },
		"level below":  func() error { return cellsError(whole, -1, job.Range{Length: length}) },
		"dropped": func() error {
			s := analysistest.Whole(t, histogram.Analysis{}, golden())
			if err := s.Merge(analysistest.Whole(t, histogram.Analysis{}, golden())); err != nil {
				t.Error(err)
			}
			return cellsError(s.(analysis.Celled), 0, job.Range{Length: 2 * length})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(); err == nil {
				t.Error("no error")
			}
		})
	}
}

func cellsError(s analysis.Celled, level int, r job.Range) error {
	_, err := s.AppendCells(nil, level, r)
	return err
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
			s, at := histogram.Analysis{}.New(0, 3), int64(0)
			var p analysis.Piece
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if at == job.LevelSize(3) {
					s, at = histogram.Analysis{}.New(0, 3), 0
				}
				p.Reset(data, at)
				if err := s.Write(&p); err != nil {
					b.Fatal(err)
				}
				at += int64(len(data))
			}
		})
	}
}
