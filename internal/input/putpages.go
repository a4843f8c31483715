package input

import (
	"context"
	"fmt"
	"sync"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
)

// pageWriter builds a manifest from entries that come in any order. A page is
// stored as soon as it is full, so only those that chunks in flight belong to
// are in memory. It is safe for concurrent use until finish.
type pageWriter struct {
	store storage.Store

	mu      sync.Mutex
	open    map[int64]*openPage
	digests []job.Digest // of the pages
}

// openPage is a page of which some entries are still missing. Those not set
// are zero.
type openPage struct {
	data []byte
	have int // entries set
}

// add enters a chunk, once. It stores the page that this completes.
func (w *pageWriter) add(ctx context.Context, index int64, d job.Digest, crc uint32) error {
	n := index / pageEntries
	if full := w.set(n, int(index%pageEntries), d, crc); full != nil {
		return w.flush(ctx, n, full)
	}
	return nil
}

// set enters a chunk in its page, and returns the page if it is full now, nil
// otherwise.
func (w *pageWriter) set(n int64, slot int, d job.Digest, crc uint32) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.open[n]
	if p == nil {
		p = new(openPage)
		if w.open == nil {
			w.open = make(map[int64]*openPage)
		}
		w.open[n] = p
	}
	if end := (slot + 1) * entrySize; len(p.data) < end {
		p.data = append(p.data, make([]byte, end-len(p.data))...)
	}
	putEntry(p.data[slot*entrySize:], d, crc)
	p.have++
	if p.have < pageEntries {
		return nil
	}
	delete(w.open, n)
	return p.data
}

// flush stores page n and notes its digest. Equal pages are stored once.
func (w *pageWriter) flush(ctx context.Context, n int64, page []byte) error {
	d := job.DigestOf(page)
	if err := putNamed(ctx, w.store, layout.Manifest(d), page); err != nil {
		return fmt.Errorf("page %d of the manifest: %w", n, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for int64(len(w.digests)) <= n {
		w.digests = append(w.digests, job.Digest{})
	}
	w.digests[n] = d
	return nil
}

// finish stores the last page and the root, and returns the root's digest. All
// entries must have been added.
func (w *pageWriter) finish(ctx context.Context, size, chunkSize int64) (job.Digest, error) {
	for n, p := range w.open {
		if err := w.flush(ctx, n, p.data); err != nil {
			return job.Digest{}, err
		}
	}
	root := manifestRoot{manifestVersion, size, chunkSize, append([]job.Digest{}, w.digests...)}
	b, err := root.encode()
	if err != nil {
		return job.Digest{}, fmt.Errorf("encode the manifest: %w", err)
	}
	d := job.DigestOf(b)
	if err := putNamed(ctx, w.store, layout.Manifest(d), b); err != nil {
		return job.Digest{}, fmt.Errorf("manifest: %w", err)
	}
	return d, nil
}
