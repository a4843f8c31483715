package input_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
	"github.com/binglide/binglide/storage/mem"
)

func crcOf(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func loadManifest(t *testing.T, store storage.Getter, d job.Digest) *input.Manifest {
	t.Helper()
	m, err := input.LoadManifest(t.Context(), store, d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The format is spelled out here a second time: stored inputs must stay readable.
func TestManifest_Format(t *testing.T) {
	t.Parallel()
	store, data := mem.New(), content(chunk+3)
	in := put(t, store, data)
	var page []byte
	for _, c := range [][]byte{data[:chunk], data[chunk:]} {
		d := job.DigestOf(c)
		page = binary.BigEndian.AppendUint32(append(page, d[:]...), crcOf(c))
	}
	root := fmt.Sprintf(`{"version":1,"size":65539,"chunk_size":65536,"pages":["%s"]}`, job.DigestOf(page))
	if want := job.DigestOf([]byte(root)); in.Stored.Manifest != want {
		t.Fatalf("manifest is %s: want %s", in.Stored.Manifest, want)
	}
	for key, want := range map[string][]byte{
		layout.Manifest(job.DigestOf(page)):      page,
		layout.Manifest(in.Stored.Manifest):      []byte(root),
		layout.Chunk(job.DigestOf(data[chunk:])): data[chunk:],
	} {
		if got, err := store.Get(t.Context(), key); err != nil || !bytes.Equal(got, want) {
			t.Errorf("object %s is %d bytes, %v", key, len(got), err)
		}
	}
}

func TestManifest_Empty(t *testing.T) {
	t.Parallel()
	store := mem.New()
	in := put(t, store, nil)
	root := `{"version":1,"size":0,"chunk_size":65536,"pages":[]}`
	if want := job.DigestOf([]byte(root)); in.Stored.Manifest != want {
		t.Errorf("manifest is %s: want %s", in.Stored.Manifest, want)
	}
	m := loadManifest(t, store, in.Stored.Manifest)
	for e, err := range m.Entries(t.Context()) {
		t.Errorf("entry %+v, %v", e, err)
	}
	if m.Chunks() != 0 || m.Size() != 0 {
		t.Errorf("%d chunks, %d bytes", m.Chunks(), m.Size())
	}
}

func TestManifest_Entries(t *testing.T) {
	t.Parallel()
	store, data := mem.New(), content(3*chunk+1)
	in := put(t, store, data)
	m := loadManifest(t, store, in.Stored.Manifest)
	if m.Chunks() != 4 || len(m.Pages()) != 1 || m.ChunkLevel() != small {
		t.Errorf("%d chunks of level %d, %d pages", m.Chunks(), m.ChunkLevel(), len(m.Pages()))
	}
	var i int64
	for e, err := range m.Entries(t.Context()) {
		part := data[i*chunk : min(len(data), int(i+1)*chunk)]
		want := input.Entry{
			Index: i, Range: job.Range{Offset: i * chunk, Length: int64(len(part))},
			Digest: job.DigestOf(part), CRC: crcOf(part),
		}
		if err != nil || e != want {
			t.Errorf("entry is %+v, %v: want %+v", e, err, want)
		}
		if one, err := m.Entry(t.Context(), i); err != nil || one != want {
			t.Errorf("entry is %+v, %v: want %+v", one, err, want)
		}
		i++
	}
	if i != 4 {
		t.Errorf("%d entries", i)
	}
	for range m.Entries(t.Context()) {
		break // must not panic
	}
}

func TestStatManifest(t *testing.T) {
	t.Parallel()
	store := mem.New()
	want := put(t, store, content(chunk+1))
	got, err := input.StatManifest(t.Context(), store, want.Stored.Manifest, "disk.img")
	if err != nil || got.Name != want.Name || got.Size != want.Size || *got.Stored != *want.Stored {
		t.Errorf("input is %+v, %v: want %+v", got, err, want)
	}
	_, err = input.StatManifest(t.Context(), store, job.DigestOf([]byte("no such")), "disk.img")
	requireError(t, err, storage.ErrNotFound, "put the input again")
}

func TestManifest_Damaged(t *testing.T) {
	t.Parallel()
	data := content(2 * chunk)
	sample := mem.New()
	in := put(t, sample, data)
	page := loadManifest(t, sample, in.Stored.Manifest).Pages()[0]
	for _, c := range []struct {
		name   string
		digest job.Digest
		keep   int // bytes of the object that are left
		want   error
	}{
		{"RootTruncated", in.Stored.Manifest, 20, storage.ErrCorrupt},
		{"RootEmpty", in.Stored.Manifest, 0, storage.ErrCorrupt},
		{"RootMissing", in.Stored.Manifest, -1, storage.ErrNotFound},
		{"PageTruncated", page, 36, storage.ErrCorrupt},
		{"PageMissing", page, -1, storage.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := mem.New()
			put(t, store, data)
			damage(t, store, layout.Manifest(c.digest), c.keep)
			requireError(t, firstIdentity(t, store, &in), c.want, `"disk.img"`, layout.Manifest(c.digest), "put the input again")
			put(t, store, data)
			if err := firstIdentity(t, store, &in); err != nil {
				t.Errorf("put again: %v", err)
			}
		})
	}
}

// damage leaves the first bytes of an object, or nothing at all.
func damage(t *testing.T, store *mem.Store, key string, keep int) {
	t.Helper()
	b, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if keep < 0 {
		err = store.Delete(t.Context(), key)
	} else {
		store.Replace(key, b[:keep])
	}
	if err != nil {
		t.Fatal(err)
	}
}

func firstIdentity(t *testing.T, store *mem.Store, in *job.Input) error {
	t.Helper()
	rd, err := input.Open(t.Context(), in, memSources(store))
	if err != nil {
		return err
	}
	defer rd.Close()
	_, err = rd.Identity(t.Context(), job.Range{Length: 1})
	return err
}

func TestLoadManifest_NotARoot(t *testing.T) {
	t.Parallel()
	d := job.DigestOf(nil).String()
	for name, b := range map[string]string{
		"Page":        strings.Repeat("\x00", 36),
		"NewerFormat": `{"version":2,"size":1,"chunk_size":65536,"pages":["` + d + `"]}`,
		"ChunkSize":   `{"version":1,"size":1,"chunk_size":5,"pages":["` + d + `"]}`,
		"NoChunkSize": `{"version":1,"size":1,"pages":["` + d + `"]}`,
		"Negative":    `{"version":1,"size":-1,"chunk_size":65536,"pages":[]}`,
		"Huge":        `{"version":1,"size":9223372036854775807,"chunk_size":65536,"pages":[]}`,
		"FewPages":    `{"version":1,"size":1,"chunk_size":65536,"pages":[]}`,
		"ManyPages":   `{"version":1,"size":1,"chunk_size":65536,"pages":["` + d + `","` + d + `"]}`,
		"BadDigest":   `{"version":1,"size":1,"chunk_size":65536,"pages":["ab"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, digest := mem.New(), job.DigestOf([]byte(b))
			store.Replace(layout.Manifest(digest), []byte(b))
			_, err := input.LoadManifest(t.Context(), store, digest)
			requireError(t, err, job.ErrInvalid, digest.String())
		})
	}
}

// A page with a right digest but another number of entries was never a page of
// this manifest.
func TestManifest_PageOfOtherLength(t *testing.T) {
	t.Parallel()
	store, page := mem.New(), make([]byte, 72)
	store.Replace(layout.Manifest(job.DigestOf(page)), page)
	root, err := json.Marshal(map[string]any{
		"version": 1, "size": 1, "chunk_size": chunk, "pages": []job.Digest{job.DigestOf(page)},
	})
	if err != nil {
		t.Fatal(err)
	}
	digest := job.DigestOf(root)
	store.Replace(layout.Manifest(digest), root)
	m := loadManifest(t, store, digest)
	_, err = m.Entry(t.Context(), 0)
	requireError(t, err, storage.ErrCorrupt, "72 bytes")
}

// Damage to one page does not hide the entries of the others.
func TestManifest_EntriesGoOn(t *testing.T) {
	t.Parallel()
	store := mem.New()
	const pages, last = 3, 5
	var digests []job.Digest
	for p := range pages {
		page := bytes.Repeat([]byte{byte(p)}, 4096*36)
		if p == pages-1 {
			page = page[:last*36]
		}
		digests = append(digests, job.DigestOf(page))
		store.Replace(layout.Manifest(digests[p]), page)
	}
	root, err := json.Marshal(map[string]any{
		"version": 1, "size": (2*4096+last)*chunk - 1, "chunk_size": chunk, "pages": digests,
	})
	if err != nil {
		t.Fatal(err)
	}
	store.Replace(layout.Manifest(job.DigestOf(root)), root)
	damage(t, store, layout.Manifest(digests[1]), -1)
	var seen []int64
	for e, err := range loadManifest(t, store, job.DigestOf(root)).Entries(t.Context()) {
		if err != nil {
			requireError(t, err, storage.ErrNotFound, "page 1")
			seen = append(seen, -e.Index)
		} else if e.Index%4096 == 0 || e.Range.Length < chunk {
			seen = append(seen, e.Index)
		}
	}
	if want := []int64{0, -4096, 8192, 8196}; !slices.Equal(seen, want) {
		t.Errorf("entries are %v: want %v", seen, want)
	}
}
