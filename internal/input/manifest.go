package input

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
)

// A manifest has two levels, so that no process needs all of a huge one. The
// root is a JSON object; its "pages" are the digests of the pages. A page is
// the entries of up to 4096 chunks, in order:
//
//	offset  size
//	0       32    SHA-256 of the chunk
//	32      4     CRC32C of the chunk, big-endian
//
// Every page but the last is full. The length of a chunk is not stored: it is
// the chunk size, or for the last chunk what is left of the input.
const (
	manifestVersion = 1
	entrySize       = 36
	pageEntries     = 4096
)

// Entry describes one chunk of a stored input.
type Entry struct {
	Index  int64
	Range  job.Range // of the input
	Digest job.Digest
	CRC    uint32 // CRC32C (Castagnoli) of the chunk's bytes
}

// Manifest lists the chunks of a stored input. It is safe for concurrent use.
type Manifest struct {
	root  manifestRoot
	level int
	store storage.Getter
	cache *pageCache
}

// manifestRoot is the root in the form it is stored in. Its encoding is
// canonical, since its digest names the input: fields are never reordered, and
// one more needs a new version.
type manifestRoot struct {
	Version   int          `json:"version"`
	Size      int64        `json:"size"`       // of the input, in bytes
	ChunkSize int64        `json:"chunk_size"` // in bytes
	Pages     []job.Digest `json:"pages"`
}

// LoadManifest reads the root of the manifest with that digest. It returns
// storage.ErrNotFound or storage.ErrCorrupt if it is absent or damaged, and
// job.ErrInvalid if the digest names something else.
func LoadManifest(ctx context.Context, store storage.Getter, d job.Digest) (*Manifest, error) {
	b, err := getManifest(ctx, store, d)
	if err != nil {
		return nil, fmt.Errorf("load manifest: %w", err)
	}
	m := &Manifest{store: store, cache: newPageCache(cachedPages)}
	if err := m.decode(b); err != nil {
		return nil, fmt.Errorf("%w: %s is no manifest of an input: %w", job.ErrInvalid, d, err)
	}
	return m, nil
}

// StatManifest describes the stored input whose manifest has that digest, so
// that a job can be submitted for it. Errors are those of LoadManifest.
func StatManifest(ctx context.Context, store storage.Getter, d job.Digest, name string) (job.Input, error) {
	m, err := LoadManifest(ctx, store, d)
	if err != nil {
		return job.Input{}, err
	}
	stored := &job.Stored{Manifest: d, ChunkLevel: m.level}
	return job.Input{Name: name, Size: m.root.Size, Stored: stored}, nil
}

// decode reads a root and checks that its fields agree with one another, so
// that no later arithmetic overflows or reaches beyond the pages.
func (m *Manifest) decode(b []byte) (err error) {
	r := &m.root
	if err := json.Unmarshal(b, r); err != nil {
		return fmt.Errorf("decode root: %w", err)
	}
	if r.Version != manifestVersion {
		return fmt.Errorf("version %d: this binary reads version %d", r.Version, manifestVersion)
	}
	if r.Size < 0 || r.Size > job.LevelSize(job.MaxLevel) {
		return fmt.Errorf("size of %d bytes", r.Size)
	}
	if m.level, err = job.ChunkLevel(r.ChunkSize); err != nil {
		return err
	}
	if want := ceilDiv(m.Chunks(), pageEntries); int64(len(r.Pages)) != want {
		return fmt.Errorf("%d pages: %d bytes need %d", len(r.Pages), r.Size, want)
	}
	return nil
}

// encode returns the root as it is stored.
func (r *manifestRoot) encode() ([]byte, error) { return json.Marshal(r) }

// Size returns the size of the input in bytes.
func (m *Manifest) Size() int64 { return m.root.Size }

// ChunkLevel returns the level of the chunks.
func (m *Manifest) ChunkLevel() int { return m.level }

// Chunks returns the number of chunks; none for an empty input.
func (m *Manifest) Chunks() int64 { return ceilDiv(m.root.Size, m.root.ChunkSize) }

// Pages returns the digests of the pages, which are stored as
// [layout.Manifest] says. The caller must not change it.
func (m *Manifest) Pages() []job.Digest { return m.root.Pages }

// Entry returns the entry of the chunk with that index, which must exist. A
// page that is absent or damaged is storage.ErrNotFound or storage.ErrCorrupt.
func (m *Manifest) Entry(ctx context.Context, index int64) (Entry, error) {
	page, err := m.page(ctx, index/pageEntries)
	if err != nil {
		return Entry{}, err
	}
	return m.entryOf(page, index), nil
}

// Entries yields the entries of all chunks in order. A yielded error is that
// of Entry for one page; the sequence goes on with the page behind it.
func (m *Manifest) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for p := range int64(len(m.root.Pages)) {
			if !m.yieldPage(ctx, p, yield) {
				return
			}
		}
	}
}

// yieldPage yields the entries of page p, or the error of reading it, and
// reports whether the caller wants more.
func (m *Manifest) yieldPage(ctx context.Context, p int64, yield func(Entry, error) bool) bool {
	page, err := m.page(ctx, p)
	if err != nil {
		return yield(Entry{Index: p * pageEntries}, err)
	}
	for i := range int64(len(page) / entrySize) {
		if !yield(m.entryOf(page, p*pageEntries+i), nil) {
			return false
		}
	}
	return true
}

// entryOf decodes the entry of a chunk from the page that holds it.
func (m *Manifest) entryOf(page []byte, index int64) Entry {
	b := page[index%pageEntries*entrySize:][:entrySize]
	off := index * m.root.ChunkSize
	return Entry{
		Index:  index,
		Range:  job.Range{Offset: off, Length: min(m.root.ChunkSize, m.root.Size-off)},
		Digest: job.Digest(b[:32]),
		CRC:    binary.BigEndian.Uint32(b[32:]),
	}
}

// putEntry writes what entryOf reads.
func putEntry(b []byte, d job.Digest, crc uint32) {
	copy(b, d[:])
	binary.BigEndian.PutUint32(b[len(d):], crc)
}

// page returns page p, from memory if it was used lately. Its length is checked
// so that entryOf finds what it looks for.
func (m *Manifest) page(ctx context.Context, p int64) ([]byte, error) {
	if b, ok := m.cache.get(p); ok {
		return b, nil
	}
	b, err := getManifest(ctx, m.store, m.root.Pages[p])
	if err != nil {
		return nil, fmt.Errorf("load page %d of the manifest: %w", p, err)
	}
	if want := min(pageEntries, m.Chunks()-p*pageEntries) * entrySize; int64(len(b)) != want {
		return nil, fmt.Errorf("%w: page %d of the manifest has %d bytes: want %d", storage.ErrCorrupt, p, len(b), want)
	}
	m.cache.add(p, b)
	return b, nil
}

// getManifest reads a root or page and checks it against its name. If it is
// lost, the error says the mend: a Put of the same bytes writes it anew.
func getManifest(ctx context.Context, store storage.Getter, d job.Digest) ([]byte, error) {
	key := layout.Manifest(d)
	b, err := store.Get(ctx, key)
	if err == nil && job.DigestOf(b) != d {
		err = storage.WrapKey("get", key, fmt.Errorf("%w: the digest differs", storage.ErrCorrupt))
	}
	if storage.IsMissing(err) {
		err = fmt.Errorf("%w: put the input again", err)
	}
	return b, err
}

// ceilDiv returns a/b rounded up, for a ≥ 0 and b > 0 of which the sum does not
// overflow.
func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
