package input_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

// A file and a stream of equal content give equal manifests, however many
// workers store them.
func TestPut_SameManifest(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 9*chunk + 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			data := content(n)
			path := writeFile(t, data)
			want := put(t, mem.New(), data)
			for _, workers := range []int{1, 3} {
				opt := input.PutOptions{Level: small, Workers: workers}
				store := mem.New()
				got, stats, err := input.PutFile(t.Context(), store, path, opt)
				requirePut(t, got, want, err)
				chunks := int64(n+chunk-1) / chunk
				if (stats != input.PutStats{Chunks: chunks, Sent: chunks, Bytes: int64(n), SentBytes: int64(n)}) {
					t.Errorf("stats are %+v", stats)
				}
				requireScans(t, open(t, &got, memSources(store)), data, small)
				opt.Name = "disk.img"
				got, _, err = input.Put(t.Context(), mem.New(), iotest.HalfReader(bytes.NewReader(data)), opt)
				requirePut(t, got, want, err)
			}
		})
	}
}

func requirePut(t *testing.T, got, want job.Input, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != want.Name || got.Size != want.Size || *got.Stored != *want.Stored {
		t.Fatalf("input is %+v, %+v: want %+v, %+v", got, got.Stored, want, want.Stored)
	}
}

func TestPut_Defaults(t *testing.T) {
	t.Parallel()
	in, _, err := input.Put(t.Context(), mem.New(), strings.NewReader("abc"), input.PutOptions{})
	if err != nil || in.Name != "-" || in.Stored.ChunkLevel != job.DefaultChunkLevel {
		t.Errorf("input is %+v, %v", in, err)
	}
}

func TestPut_BadLevel(t *testing.T) {
	t.Parallel()
	for _, level := range []int{-1, 5, job.MaxLevel, 99} {
		_, _, err := input.Put(t.Context(), mem.New(), strings.NewReader("abc"), input.PutOptions{Level: level})
		requireError(t, err, job.ErrInvalid, "chunk")
	}
}

// The golden list of what a small put asks of the store.
func TestPut_Calls(t *testing.T) {
	t.Parallel()
	data := content(2*chunk + 1)
	store, calls := storagetest.Counting(mem.New())
	put := func() job.Input {
		opt := input.PutOptions{Level: small, Workers: 1}
		in, _, err := input.Put(t.Context(), store, bytes.NewReader(data), opt)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	manifest := put().Stored.Manifest
	page := loadManifest(t, store, manifest).Pages()[0]
	var want []storagetest.Call
	for _, c := range [][]byte{data[:chunk], data[chunk : 2*chunk], data[2*chunk:]} {
		key := layout.Chunk(job.DigestOf(c))
		want = append(want, storagetest.Call{Op: storagetest.Stat, Key: key}, storagetest.Call{Op: storagetest.Put, Key: key})
	}
	want = append(want, storagetest.Call{Op: storagetest.Put, Key: layout.Manifest(page)},
		storagetest.Call{Op: storagetest.Put, Key: layout.Manifest(manifest)},
		storagetest.Call{Op: storagetest.Get, Key: layout.Manifest(manifest)})
	if got := calls.All(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls are\n%v: want\n%v", got, want)
	}
	calls.Reset()
	put()
	if stats, puts := calls.Count(storagetest.Stat), calls.Count(storagetest.Put); stats != 3 || puts != 2 {
		t.Errorf("put again: %d stats, %d puts: want 3, 2", stats, puts)
	}
}

func TestPut_AgainSendsNothing(t *testing.T) {
	t.Parallel()
	store, data := mem.New(), content(5*chunk+1)
	want := put(t, store, data)
	for _, verify := range []bool{false, true} {
		var sent, skipped int64
		opt := input.PutOptions{Level: small, Name: "disk.img", Verify: verify,
			OnProgress: func(s, k int64) { sent, skipped = s, k }}
		got, stats, err := input.Put(t.Context(), store, bytes.NewReader(data), opt)
		requirePut(t, got, want, err)
		if (stats != input.PutStats{Chunks: 6, Bytes: int64(len(data))}) {
			t.Errorf("stats are %+v", stats)
		}
		if sent != 0 || skipped != int64(len(data)) {
			t.Errorf("progress is %d sent, %d skipped", sent, skipped)
		}
	}
}

// Progress only grows, and is told by one goroutine at a time.
func TestPut_Progress(t *testing.T) {
	t.Parallel()
	data := content(20 * chunk)
	var last int64
	opt := input.PutOptions{Level: small, Workers: 4, OnProgress: func(sent, skipped int64) {
		if sent+skipped <= last {
			t.Errorf("progress went from %d to %d", last, sent+skipped)
		}
		last = sent + skipped
	}}
	if _, _, err := input.PutFile(t.Context(), mem.New(), writeFile(t, data), opt); err != nil {
		t.Fatal(err)
	}
	if last != int64(len(data)) {
		t.Errorf("progress ends at %d", last)
	}
}

// Each write fails in each way; the same call again sends only the rest, and
// nothing refers to what is incomplete.
func TestPut_InterruptedThenResumed(t *testing.T) {
	t.Parallel()
	const chunks = 5
	data := content(chunks * chunk)
	path := writeFile(t, data)
	fault := storage.ErrUnreachable
	for n := 1; n <= chunks+2; n++ { // the chunks, the page, the root
		for name, f := range map[string]storagetest.Fault{"Rejected": {Rejected: fault}, "AppliedThenLost": {Lost: fault}} {
			t.Run(fmt.Sprint(n, name), func(t *testing.T) {
				t.Parallel()
				store := mem.New()
				opt := input.PutOptions{Level: small, Workers: 1}
				_, _, err := input.PutFile(t.Context(), storagetest.WithFault(store, storagetest.NthFault(storagetest.Put, n, f)), path, opt)
				requireError(t, err, fault, `"disk.img"`)
				have := int64(min(n-1, chunks))
				if f.Lost != nil && n <= chunks {
					have++
				}
				in, stats, err := input.PutFile(t.Context(), store, path, opt)
				if err != nil || stats.Sent != chunks-have {
					t.Fatalf("resumed: %d chunks sent, %v: want %d", stats.Sent, err, chunks-have)
				}
				requireScans(t, open(t, &in, memSources(store)), data, small)
			})
		}
	}
}

func TestPut_StatFails(t *testing.T) {
	t.Parallel()
	hook := storagetest.NthFault(storagetest.Stat, 2, storagetest.Fault{Rejected: storage.ErrDenied})
	store := storagetest.WithFault(mem.New(), hook)
	_, _, err := input.PutFile(t.Context(), store, writeFile(t, content(3*chunk)), input.PutOptions{Level: small, Workers: 1})
	requireError(t, err, storage.ErrDenied, "chunk 1")
}

// What is stored under a chunk's name but is shorter is sent again, even
// without being read.
func TestPut_ReplacesTruncated(t *testing.T) {
	t.Parallel()
	store, data := mem.New(), content(3*chunk)
	put(t, store, data)
	store.Replace(layout.Chunk(job.DigestOf(data[:chunk])), data[:10])
	in, stats, err := input.Put(t.Context(), store, bytes.NewReader(data), input.PutOptions{Level: small})
	if err != nil || stats.Sent != 1 {
		t.Fatalf("%d chunks sent, %v: want 1", stats.Sent, err)
	}
	requireScans(t, open(t, &in, memSources(store)), data, small)
}

// A store that finds other bytes under a chunk's name has a damaged chunk.
func TestPut_ReplacesConflict(t *testing.T) {
	t.Parallel()
	inner, data := mem.New(), []byte("abc")
	key := layout.Chunk(job.DigestOf(data))
	inner.Replace(key, []byte("abd"))
	store := storagetest.WithFault(inner, func(c storagetest.Call) storagetest.Fault {
		if c.Op == storagetest.Stat {
			return storagetest.Fault{Rejected: storage.ErrNotFound}
		}
		return storagetest.Fault{}
	})
	if _, _, err := input.Put(t.Context(), store, bytes.NewReader(data), input.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := inner.Get(t.Context(), key); err != nil || !bytes.Equal(got, data) {
		t.Errorf("chunk is %q, %v", got, err)
	}
}

// onPut runs f once, before the first Put.
func onPut(store storage.Store, f func()) storage.Store {
	var once sync.Once
	return storagetest.WithFault(store, func(c storagetest.Call) storagetest.Fault {
		if c.Op == storagetest.Put {
			once.Do(f)
		}
		return storagetest.Fault{}
	})
}

func TestPutFile_ChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, c := range fileChanges {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path, store := writeFile(t, content(2<<20)), mem.New()
			changing := onPut(store, func() {
				if err := c.change(path); err != nil {
					t.Error(err)
				}
			})
			_, _, err := input.PutFile(t.Context(), changing, path, input.PutOptions{Level: small, Workers: 2})
			requireError(t, err, job.ErrInputChanged, path)
			for info, err := range store.List(t.Context(), layout.Manifests) {
				t.Errorf("a manifest is stored: %v, %v", info, err)
			}
		})
	}
}

func TestPut_ReadFails(t *testing.T) {
	t.Parallel()
	fault := errors.New("no carrier")
	src := io.MultiReader(bytes.NewReader(content(chunk+7)), iotest.ErrReader(fault))
	_, stats, err := input.Put(t.Context(), mem.New(), src, input.PutOptions{Level: small, Workers: 1})
	requireError(t, err, fault, "byte 65543", `"-"`)
	if stats.Chunks != 1 {
		t.Errorf("%d chunks stored: want 1", stats.Chunks)
	}
}

// Put returns when it is cancelled, though its source gives nothing.
func TestPut_CancelledWhileReading(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	opt := input.PutOptions{Level: small, Workers: 2, OnProgress: func(_, _ int64) { cancel(job.ErrCancelled) }}
	go w.Write(content(chunk + 10))
	_, _, err := input.Put(ctx, mem.New(), r, opt)
	requireError(t, err, job.ErrCancelled)
}

func TestPutFile_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	opt := input.PutOptions{Level: small, Workers: 1, OnProgress: func(_, _ int64) { cancel(job.ErrCancelled) }}
	_, stats, err := input.PutFile(ctx, mem.New(), writeFile(t, content(4*chunk)), opt)
	requireError(t, err, job.ErrCancelled)
	if stats.Chunks != 1 {
		t.Errorf("%d chunks stored: want 1", stats.Chunks)
	}
}

// No more chunks are in memory than there are workers.
func TestPut_ChunksInFlight(t *testing.T) {
	t.Parallel()
	const workers = 3
	var now, most atomic.Int64
	inner := mem.New()
	store := &slow{Store: inner, enter: func() {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
	}, leave: func() { now.Add(-1) }}
	opt := input.PutOptions{Level: small, Workers: workers}
	if _, _, err := input.Put(t.Context(), store, bytes.NewReader(content(30*chunk)), opt); err != nil {
		t.Fatal(err)
	}
	if most.Load() > workers {
		t.Errorf("%d chunks in flight: want at most %d", most.Load(), workers)
	}
}

// slow tells of the puts that are under way.
type slow struct {
	storage.Store
	enter, leave func()
}

func (s *slow) Put(ctx context.Context, key string, data []byte) error {
	s.enter()
	defer s.leave()
	return s.Store.Put(ctx, key, data)
}

func TestPutFile_Missing(t *testing.T) {
	t.Parallel()
	_, _, err := input.PutFile(t.Context(), mem.New(), t.TempDir()+"/missing", input.PutOptions{})
	requireError(t, err, job.ErrInvalid, "missing")
	requireError(t, err, os.ErrNotExist)
}
