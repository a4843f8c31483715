package analysistest_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/job"
)

func TestLaws_Broken(t *testing.T) {
	t.Parallel()
	for fault, law := range map[string]string{
		"counts pieces":    "PieceInvariance",
		"counts merges":    "Identity",
		"counts runs":      "SplitInvariance",
		"loses on load":    "RoundTrip",
		"accepts anything": "Garbage",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			got := analysistest.Broken(t, lines{fault}, newlines)
			if !slices.Contains(got, law) {
				t.Errorf("laws found broken: %q, want %s among them", got, law)
			}
		})
	}
}

// newlines generates newlines and spaces.
func newlines(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = "\n\n "[r.IntN(3)]
	}
	return b
}

func TestGenerators(t *testing.T) {
	t.Parallel()
	for name, gen := range map[string]analysistest.Generator{
		"Random": analysistest.Random,
		"Zeros":  analysistest.Zeros,
		"Text":   analysistest.Text,
		"Mixed":  analysistest.Mixed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{0, 1, 4096, 100_000} {
				a := gen(rand.New(rand.NewPCG(1, 1)), n)
				b := gen(rand.New(rand.NewPCG(1, 1)), n)
				if len(a) != n || !slices.Equal(a, b) {
					t.Errorf("%d bytes asked: got %d, repeated %d", n, len(a), len(b))
				}
			}
		})
	}
}

func TestMemBlobs(t *testing.T) {
	t.Parallel()
	var blobs analysistest.MemBlobs
	data := []byte("one")
	d, err := blobs.PutBlob(t.Context(), data)
	if err != nil || d != job.DigestOf([]byte("one")) {
		t.Fatalf("PutBlob = %s, %v", d, err)
	}
	data[0] = 'x'
	got, err := blobs.GetBlob(t.Context(), d)
	if err != nil || string(got) != "one" {
		t.Errorf("GetBlob = %q, %v", got, err)
	}
	if _, err := blobs.GetBlob(t.Context(), job.DigestOf([]byte("two"))); err == nil {
		t.Error("GetBlob of an absent blob: no error")
	}
	if _, err := blobs.PutBlob(t.Context(), []byte("one")); err != nil || blobs.Len() != 1 {
		t.Errorf("second PutBlob: %v, %d blobs", err, blobs.Len())
	}
}

func TestHelpers(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, lines{}, []byte("a\nb\n"))
	if got := analysistest.Files(t, s)["lines.json"]; got != "2\n" {
		t.Errorf("lines.json = %q", got)
	}
	if got := analysistest.Encode(t, s, new(analysistest.MemBlobs)); string(got) != "\x02" {
		t.Errorf("Encode = %x", got)
	}
	analysistest.Golden(t, filepath.Join("testdata", "golden.txt"), []byte("golden\n"))
}
