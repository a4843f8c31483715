package input_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
)

const (
	chunk = 64 << 10 // the size of chunks of level small
	small = 1
)

// sizes lie around every boundary.
var sizes = []int{0, 1, 4095, 4096, 4097, chunk - 1, chunk, chunk + 1, 5*chunk + 77, 16<<20 - 1, 16 << 20, 16<<20 + 1}

// content returns n bytes that are the same at each call and never repeat a chunk.
func content(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
}

func writeFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func statFile(t *testing.T, path string) job.Input {
	t.Helper()
	in, err := input.StatFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func open(t *testing.T, in *job.Input, src input.Sources) input.Reader {
	t.Helper()
	r, err := input.Open(t.Context(), in, src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// put stores data in chunks of level small.
func put(t *testing.T, store storage.Store, data []byte) job.Input {
	t.Helper()
	in, _, err := input.Put(t.Context(), store, bytes.NewReader(data), input.PutOptions{Level: small, Name: "disk.img"})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// scan returns the bytes of r, and checks how they are cut into pieces.
func scan(t *testing.T, rd input.Reader, r job.Range) ([]byte, error) {
	t.Helper()
	got, next := make([]byte, 0, max(0, min(r.Length, 64<<20))), r.Offset
	err := rd.Scan(t.Context(), r, func(data []byte, off int64) error {
		end := off + int64(len(data))
		switch {
		case off != next:
			t.Errorf("piece at %d: want it at %d", off, next)
		case len(data) == 0 || len(data) > analysis.PieceSize:
			t.Errorf("piece of %d bytes at %d", len(data), off)
		case end%job.CellSize != 0 && end != r.End():
			t.Errorf("piece ends at %d, off the grid", end)
		}
		got, next = append(got, data...), end
		return nil
	})
	return got, err
}

// leaves returns the ranges of the chunks of a region.
func leaves(region job.Range, level int) []job.Range {
	t := job.Tree{Region: region, ChunkLevel: level}
	var rs []job.Range
	for n := range t.Row(level) {
		rs = append(rs, t.Range(n))
	}
	return rs
}

// requireScans checks that the chunks of each of some regions are those of data.
func requireScans(t *testing.T, rd input.Reader, data []byte, level int) {
	t.Helper()
	n := int64(len(data))
	for _, region := range []job.Range{{Length: n}, {Offset: n / 3, Length: n / 2}, {Offset: n}} {
		for _, r := range leaves(region, level) {
			got, err := scan(t, rd, r)
			if err != nil {
				t.Fatalf("scan %s: %v", r, err)
			}
			if !bytes.Equal(got, data[r.Offset:r.End()]) {
				t.Fatalf("scan %s: other bytes", r)
			}
			if _, err := rd.Identity(t.Context(), r); err != nil {
				t.Fatalf("identity of %s: %v", r, err)
			}
		}
	}
}

// requireConcurrentScans checks that several scans of one reader may run at once.
func requireConcurrentScans(t *testing.T, rd input.Reader, data []byte, level int) {
	t.Helper()
	done := make(chan struct{})
	const readers = 4
	for range readers {
		go func() {
			defer func() { done <- struct{}{} }()
			for _, r := range leaves(job.Range{Length: int64(len(data))}, level) {
				if got, err := scan(t, rd, r); err != nil || !bytes.Equal(got, data[r.Offset:r.End()]) {
					t.Errorf("scan %s: %v, or other bytes", r, err)
				}
			}
		}()
	}
	for range readers {
		<-done
	}
}

// requireCancelled cancels at the first piece of a scan of r, which has several.
func requireCancelled(t *testing.T, rd input.Reader, r job.Range) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	visits := 0
	err := rd.Scan(ctx, r, func([]byte, int64) error {
		visits++
		cancel(job.ErrCancelled)
		return nil
	})
	requireError(t, err, job.ErrCancelled)
	if visits != 1 {
		t.Errorf("%d pieces visited: want 1", visits)
	}
}

func memSources(store *mem.Store) input.Sources { return input.Sources{Store: store} }
