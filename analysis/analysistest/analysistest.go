// Package analysistest checks analyses against the laws of package analysis.
// An analysis whose tests call [Laws] and [Fuzz] may be cut, mapped and merged
// in any way. Import it from tests only.
package analysistest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// wholeLevel is the level of the nodes that summaries are made for where the
// level does not matter.
const wholeLevel = 2

// Whole returns the summary of data in one Write, at offset 0: the oracle that
// summaries made in any other way must equal.
func Whole(t testing.TB, a analysis.Analysis, data []byte) analysis.Summary {
	t.Helper()
	s, err := write(a, wholeLevel, 0, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Files returns the content of the summary's files by name.
func Files(t testing.TB, s analysis.Summary) map[string]string {
	t.Helper()
	files, err := files(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Encode returns the encoding of s, its large parts in blobs.
func Encode(t testing.TB, s analysis.Summary, blobs analysis.Blobs) []byte {
	t.Helper()
	b, err := s.Encode(t.Context(), blobs)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return b
}

// Cells returns the cells' CSV lines of a level, without the header, where the
// summary describes r.
func Cells(t testing.TB, s analysis.Celled, level int, r job.Range) string {
	t.Helper()
	b, err := s.AppendCells(nil, level, r)
	if err != nil {
		t.Fatalf("cells of level %d: %v", level, err)
	}
	return string(b)
}

// Golden compares got with the file of that path. With BINGLIDE_UPDATE_GOLDEN=1
// in the environment it writes the file instead.
func Golden(t testing.TB, path string, got []byte) {
	t.Helper()
	if os.Getenv("BINGLIDE_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", path, got, want)
	}
}

func write(a analysis.Analysis, level int, offset int64, data []byte) (analysis.Summary, error) {
	s := a.New(offset, level)
	var p analysis.Piece
	for len(data) > 0 {
		n := min(len(data), analysis.PieceSize)
		p.Reset(data[:n], offset)
		if err := s.Write(&p); err != nil {
			return nil, fmt.Errorf("write %d bytes at %d: %w", n, offset, err)
		}
		data, offset = data[n:], offset+int64(n)
	}
	return s, nil
}

func files(ctx context.Context, s analysis.Summary) (map[string]string, error) {
	all := make(map[string]string)
	for _, f := range s.Files() {
		var b bytes.Buffer
		if err := f.Write(ctx, &b); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.Name, err)
		}
		all[f.Name] = b.String()
	}
	return all, nil
}

// Generator returns n bytes, the same for equal sources of randomness.
type Generator func(r *rand.Rand, n int) []byte

// Random generates independent bytes, all values alike.
func Random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// Zeros generates NULs.
func Zeros(_ *rand.Rand, n int) []byte { return make([]byte, n) }

// Text generates words in lines, some of them with capitals and accents.
func Text(r *rand.Rand, n int) []byte {
	const letters = "eeeetttaaooiinnsshhrrddllcumwfgypbvkEATS'-"
	b := make([]byte, 0, n+16)
	for len(b) < n {
		for range 1 + r.IntN(9) {
			b = append(b, letters[r.IntN(len(letters))])
		}
		switch r.IntN(12) {
		case 0:
			b = append(b, ",\n"...)
		case 1:
			b = append(b, "é été "...)
		default:
			b = append(b, ' ')
		}
	}
	return b[:n]
}

// Mixed generates stretches of the other generators, of many lengths.
func Mixed(r *rand.Rand, n int) []byte {
	kinds := []Generator{Random, Zeros, Text, run}
	b := make([]byte, 0, n)
	for len(b) < n {
		size := min(n-len(b), 1+r.IntN(1<<r.IntN(16)))
		b = append(b, kinds[r.IntN(len(kinds))](r, size)...)
	}
	return b
}

func run(r *rand.Rand, n int) []byte {
	return bytes.Repeat([]byte{byte(r.Uint32())}, n)
}
