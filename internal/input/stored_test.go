package input_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

func TestStored_Scan(t *testing.T) {
	t.Parallel()
	for _, n := range sizes {
		level := small
		if n > 1<<20 {
			level = job.DefaultChunkLevel
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			data, store := content(n), mem.New()
			in, _, err := input.Put(t.Context(), store, bytes.NewReader(data), input.PutOptions{Level: level, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			requireScans(t, open(t, &in, memSources(store)), data, level)
		})
	}
}

// A chunk larger than one read is read in several.
func TestStored_ScanLargeChunk(t *testing.T) {
	t.Parallel()
	data, store := content(16<<20+8193), mem.New()
	in, _, err := input.Put(t.Context(), store, bytes.NewReader(data), input.PutOptions{Level: 4, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	rd := open(t, &in, memSources(store))
	requireScans(t, rd, data, 4)
	requireCancelled(t, rd, job.Range{Length: in.Size})
}

func TestStored_ScanInParallel(t *testing.T) {
	t.Parallel()
	data, store := content(1<<20+5), mem.New()
	in := put(t, store, data)
	requireConcurrentScans(t, open(t, &in, memSources(store)), data, small)
}

func TestStored_ScanCancelled(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, content(10))
	ctx, cancel := context.WithCancelCause(t.Context())
	rd := open(t, &in, memSources(store))
	if _, err := rd.Identity(ctx, job.Range{Length: 1}); err != nil {
		t.Fatal(err)
	}
	cancel(job.ErrCancelled)
	requireError(t, rd.Scan(ctx, job.Range{Length: 1}, nil), job.ErrCancelled)
}

// The error of visit is returned as it is, whatever it looks like.
func TestStored_ScanVisitError(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, content(10))
	stop := storage.ErrCorrupt
	err := open(t, &in, memSources(store)).Scan(t.Context(), job.Range{Length: 10}, func([]byte, int64) error { return stop })
	if err != stop { //nolint:errorlint // the very value is promised, not one that wraps it
		t.Fatalf("error is %v: want it as it was", err)
	}
}

// The identity of a stored chunk depends on its content and on the place in
// the chunk, not on where the chunk lies.
func TestStored_Identity(t *testing.T) {
	t.Parallel()
	store := mem.New()
	one := content(chunk)
	in := put(t, store, bytes.Repeat(one, 2))
	rd := open(t, &in, memSources(store))
	identity := func(off, n int64) job.Identity {
		id, err := rd.Identity(t.Context(), job.Range{Offset: off, Length: n})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if identity(0, chunk) != identity(chunk, chunk) {
		t.Error("equal chunks have different identities")
	}
	if identity(0, 10) == identity(10, 10) || identity(0, 10) == identity(0, 11) {
		t.Error("different parts of a chunk have the same identity")
	}
	if identity(0, 0) != identity(chunk, 0) || identity(0, 0) != identity(2*chunk, 0) {
		t.Error("empty ranges have different identities")
	}
}

func TestStored_RangeAcrossBorder(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, content(2*chunk))
	rd := open(t, &in, memSources(store))
	for _, r := range []job.Range{{Offset: chunk - 1, Length: 2}, {Length: 2 * chunk}, {Offset: chunk, Length: chunk + 1}} {
		_, err := scan(t, rd, r)
		requireError(t, err, job.ErrInvalid)
		_, err = rd.Identity(t.Context(), r)
		requireError(t, err, job.ErrInvalid)
	}
}

func TestStored_DamagedChunk(t *testing.T) {
	t.Parallel()
	data := content(3 * chunk)
	second := data[chunk : 2*chunk]
	key := layout.Chunk(job.DigestOf(second))
	flipped := bytes.Clone(second)
	flipped[chunk-1] ^= 1
	for _, c := range []struct {
		name   string
		want   error
		damage func(s *mem.Store)
	}{
		{"BitFlipped", storage.ErrCorrupt, func(s *mem.Store) { s.Replace(key, flipped) }},
		{"Truncated", storage.ErrCorrupt, func(s *mem.Store) { s.Replace(key, second[:100]) }},
		{"Missing", storage.ErrNotFound, func(s *mem.Store) { s.Delete(context.Background(), key) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := mem.New()
			in := put(t, store, data)
			rd := open(t, &in, memSources(store))
			c.damage(store)
			// The damage is at the end of the chunk, behind the range.
			_, err := scan(t, rd, job.Range{Offset: chunk, Length: 10})
			requireError(t, err, c.want, `"disk.img"`, "chunk 1", "65536+65536", key, "put the input again")
			if _, err := scan(t, rd, job.Range{Length: chunk}); err != nil {
				t.Errorf("the chunk before: %v", err)
			}
			requireMended(t, store, data, rd)
		})
	}
}

// requireMended puts the input again and checks that it is whole then.
func requireMended(t *testing.T, store *mem.Store, data []byte, rd input.Reader) {
	t.Helper()
	opt := input.PutOptions{Level: small, Verify: true}
	_, stats, err := input.Put(t.Context(), store, bytes.NewReader(data), opt)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Sent != 1 {
		t.Errorf("%d chunks sent: want 1", stats.Sent)
	}
	requireScans(t, rd, data, small)
}

// A store that cannot be reached is no damage.
func TestStored_Unreachable(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, content(10))
	bad := &failing{Store: store}
	rd := open(t, &in, input.Sources{Store: bad})
	bad.err = storage.ErrUnreachable
	_, err := rd.Identity(t.Context(), job.Range{Length: 10})
	requireError(t, err, storage.ErrUnreachable)
	bad.err = nil
	if _, err := rd.Identity(t.Context(), job.Range{Length: 10}); err != nil {
		t.Fatal(err)
	}
	bad.err = storage.ErrUnreachable
	_, err = scan(t, rd, job.Range{Length: 10})
	requireError(t, err, storage.ErrUnreachable, "chunk 0")
	if storage.IsMissing(err) {
		t.Errorf("error %v asks for the input again", err)
	}
}

// failing is a store whose reads return err once it is set.
type failing struct {
	storage.Store
	err error
}

func (f *failing) Get(ctx context.Context, key string) ([]byte, error) {
	if f.err != nil {
		return nil, storage.WrapKey("get", key, f.err)
	}
	return f.Store.Get(ctx, key)
}

func (f *failing) GetRange(ctx context.Context, key string, off int64, buf []byte) error {
	if f.err != nil {
		return storage.WrapKey("get", key, f.err)
	}
	return f.Store.GetRange(ctx, key, off, buf)
}

func TestOpen_ManifestIsOfAnother(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, content(10))
	for _, wrong := range []job.Input{
		{Name: "a", Size: 11, Stored: in.Stored},
		{Name: "a", Size: 10, Stored: &job.Stored{Manifest: in.Stored.Manifest, ChunkLevel: 2}},
	} {
		_, err := input.Open(t.Context(), &wrong, memSources(store))
		requireError(t, err, job.ErrInvalid, in.Stored.Manifest.String())
	}
}

func TestVerifyChunk(t *testing.T) {
	t.Parallel()
	store := mem.New()
	data := content(chunk)
	put(t, store, data)
	e := input.Entry{Range: job.Range{Length: chunk}, Digest: job.DigestOf(data), CRC: crcOf(data)}
	if err := input.VerifyChunk(t.Context(), store, e); err != nil {
		t.Fatal(err)
	}
	wrong := e
	wrong.CRC++
	requireError(t, input.VerifyChunk(t.Context(), store, wrong), storage.ErrCorrupt, "chunk 0")
	store.Replace(layout.Chunk(e.Digest), make([]byte, chunk))
	requireError(t, input.VerifyChunk(t.Context(), store, e), storage.ErrCorrupt, "chunk 0")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	requireError(t, input.VerifyChunk(ctx, store, e), stop)
}
