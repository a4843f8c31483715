package input

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    job.Range
		want string
	}{
		{job.Range{}, "[]"},
		{job.Range{Offset: 7}, "[]"},
		{job.Range{Length: 10}, "[0+10]"},
		{job.Range{Length: 11}, "[0+10 10+1]"},
		{job.Range{Offset: 9, Length: 2}, "[9+1 10+1]"},
		{job.Range{Offset: 15, Length: 20}, "[15+5 20+10 30+5]"},
	} {
		if got := fmt.Sprint(slices.Collect(windows(c.r, 10))); got != c.want {
			t.Errorf("windows of %s: %s: want %s", c.r, got, c.want)
		}
	}
}

// digestNumber stands for the digest of chunk i.
func digestNumber(i int64) job.Digest { return job.DigestOf(fmt.Append(nil, i)) }

// Entries may come in any order; the manifest lists them in theirs, and pages
// that are full do not stay in memory.
func TestPageWriter(t *testing.T) {
	t.Parallel()
	const chunkSize, chunks = 64 << 10, 3*pageEntries + 7
	store := mem.New()
	w := &pageWriter{store: store}
	order := rand.New(rand.NewPCG(1, 2)).Perm(chunks)
	for _, i := range order {
		if err := w.add(t.Context(), int64(i), digestNumber(int64(i)), uint32(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.open) != 1 {
		t.Errorf("%d pages in memory: want 1", len(w.open))
	}
	d, err := w.finish(t.Context(), chunks*chunkSize-5, chunkSize)
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadManifest(t.Context(), store, d)
	if err != nil {
		t.Fatal(err)
	}
	var i int64
	for e, err := range m.Entries(t.Context()) {
		if err != nil || e.Index != i || e.Digest != digestNumber(i) || e.CRC != uint32(i) || e.Range.Offset != i*chunkSize {
			t.Fatalf("entry %d is %+v, %v", i, e, err)
		}
		i++
	}
	if i != chunks || m.Chunks() != chunks {
		t.Errorf("%d entries, %d chunks: want %d", i, m.Chunks(), chunks)
	}
}

func TestPageWriter_PutFails(t *testing.T) {
	t.Parallel()
	hook := storagetest.NthFault(storagetest.Put, 1, storagetest.Fault{Rejected: storage.ErrFull})
	w := &pageWriter{store: storagetest.WithFault(mem.New(), hook)}
	var err error
	for i := range int64(pageEntries) {
		if err = w.add(t.Context(), i, job.Digest{}, 0); err != nil && i != pageEntries-1 {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if !errors.Is(err, storage.ErrFull) || !strings.Contains(err.Error(), "page 0") {
		t.Errorf("error is %v: want %v", err, storage.ErrFull)
	}
}

// A page is read once while it is among those used last.
func TestManifest_PagesAreCached(t *testing.T) {
	t.Parallel()
	store, calls := storagetest.Counting(mem.New())
	w := &pageWriter{store: store}
	const pages = cachedPages + 1
	for i := range int64((pages-1)*pageEntries + 1) {
		if err := w.add(t.Context(), i, job.Digest{byte(i / pageEntries)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	d, err := w.finish(t.Context(), ((pages-1)*pageEntries+1)<<16, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	m, err := LoadManifest(t.Context(), store, d)
	if err != nil {
		t.Fatal(err)
	}
	// Page 0 is used again before the last page drives out the oldest, 1.
	for _, p := range append(slices.Collect(pagesUpTo(pages-1)), 0, pages-1, 0, 1) {
		if e, err := m.Entry(t.Context(), p*pageEntries); err != nil || e.Digest[0] != byte(p) {
			t.Fatalf("page %d: %+v, %v", p, e, err)
		}
	}
	for p, want := range map[int]int{0: 1, 1: 2, pages - 1: 1} {
		if got := count(calls.Keys(storagetest.Get), layout.Manifest(m.Pages()[p])); got != want {
			t.Errorf("page %d was read %d times: want %d", p, got, want)
		}
	}
}

func pagesUpTo(n int64) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		for p := range n {
			if !yield(p) {
				return
			}
		}
	}
}

func count(keys []string, key string) int {
	n := 0
	for _, k := range keys {
		if k == key {
			n++
		}
	}
	return n
}

func TestPutOptions_Workers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ level, workers, want int }{
		{1, 16, 16},
		{3, 16, 8},
		{3, 2, 2},
		{4, 16, 1},
	} {
		opt, err := PutOptions{Level: c.level, Workers: c.workers}.withDefaults()
		if err != nil || opt.Workers != c.want {
			t.Errorf("%d workers of level %d become %d, %v: want %d", c.workers, c.level, opt.Workers, err, c.want)
		}
	}
	opt, err := PutOptions{}.withDefaults()
	if err != nil || opt.Workers < 1 {
		t.Errorf("options are %+v, %v", opt, err)
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrPermission, "invalid: input /a: permission denied: ask for the right to read it"},
		{fs.ErrNotExist, "invalid: input /a: file does not exist: check the path"},
	} {
		err := unusable("/a", &fs.PathError{Op: "open", Path: "/a", Err: c.err})
		if err.Error() != c.want || !errors.Is(err, job.ErrInvalid) || !errors.Is(err, c.err) {
			t.Errorf("error is %q: want %q", err, c.want)
		}
	}
}

func TestCheckKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode fs.FileMode
		want error
		says string
	}{
		{0o644, nil, ""},
		{fs.ModeDevice, nil, ""},
		{fs.ModeDir, job.ErrInvalid, "directory"},
		{fs.ModeDevice | fs.ModeCharDevice, ErrStream, "character device"},
		{fs.ModeNamedPipe, ErrStream, "pipe"},
		{fs.ModeSocket, ErrStream, "socket"},
		{fs.ModeIrregular, ErrStream, "special file"},
	} {
		err := checkKind("/a", c.mode)
		if !errors.Is(err, c.want) || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("kind %v: %v: want %v", c.mode, err, c.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	base := pin{device: 1, inode: 2, size: 3, mtime: 4, change: 5}
	for _, c := range []struct {
		now  pin
		want string
	}{
		{base, ""},
		{pin{9, 2, 3, 4, 5}, "another file has its path"},
		{pin{1, 9, 9, 9, 9}, "another file has its path"},
		{pin{1, 2, 9, 4, 5}, "size 9, was 3"},
		{pin{1, 2, 3, 9, 9}, "its modification time differs, its status change time differs"},
	} {
		if got := differences(base, c.now); got != c.want {
			t.Errorf("differences are %q: want %q", got, c.want)
		}
	}
}

// Of a block device only which one it is and how large it is count. A regular
// file stands for one: what tells them apart is the flag.
func TestFileReader_BlockDevice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, 100), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := StatFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFile(&in)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.device = true
	in.File.ModTime, in.File.Change = 1, 0
	if err := f.checkDeviceSize(); err != nil {
		t.Errorf("other times: %v", err)
	}
	in.Size = 99
	if err := f.checkDeviceSize(); !errors.Is(err, job.ErrInputChanged) {
		t.Errorf("other size: %v", err)
	}
	in.Size, in.File.Inode = 100, in.File.Inode+1
	if err := f.checkDeviceSize(); !errors.Is(err, job.ErrInputChanged) {
		t.Errorf("other device: %v", err)
	}
}
