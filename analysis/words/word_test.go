package words

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// rope makes a word of text, its rest cut at random, some of it in blobs.
func rope(t *testing.T, r *rand.Rand, text string, blobs *analysistest.MemBlobs) (w word) {
	t.Helper()
	n := r.IntN(len(text) + 1)
	w.head, text = []byte(text[:n]), text[n:]
	for len(text) > 0 {
		n := 1 + r.IntN(min(4, len(text)))
		p := part{b: []byte(text[:n]), n: n}
		if r.IntN(2) == 0 {
			d, err := blobs.PutBlob(t.Context(), p.b)
			if err != nil {
				t.Fatal(err)
			}
			p = part{d: d, n: n}
		}
		w.rest, text = append(w.rest, p), text[n:]
	}
	return w
}

func getFrom(ctx context.Context, blobs *analysistest.MemBlobs) getter {
	return func(d job.Digest) ([]byte, error) { return blobs.GetBlob(ctx, d) }
}

func TestCompare_Ropes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 9))
	blobs := new(analysistest.MemBlobs)
	texts := []string{"", "a", "aa", "ab", "aaaaaaaa", "aaaaaaab", "aaaaaaaaa", "baaaaaaa", "abababab", "ababababa"}
	for range 2000 {
		a, b := texts[r.IntN(len(texts))], texts[r.IntN(len(texts))]
		v, w := rope(t, r, a, blobs), rope(t, r, b, blobs)
		got, err := compare(getFrom(t.Context(), blobs), &v, &w)
		if want := strings.Compare(a, b); got != want || err != nil {
			t.Fatalf("compare %q with %q = %d, %v; want %d", a, b, got, err, want)
		}
	}
}

// TestCompare_EqualSegments checks that what is equal by its digest is not read.
func TestCompare_EqualSegments(t *testing.T) {
	t.Parallel()
	w := word{head: []byte("a"), rest: []part{{d: job.DigestOf([]byte("b")), n: 1}, {d: job.DigestOf([]byte("c")), n: 1}}}
	unread := func(job.Digest) ([]byte, error) { return nil, errLost }
	if c, err := compare(unread, &w, &w); c != 0 || err != nil {
		t.Errorf("compare a word with itself = %d, %v", c, err)
	}
	v := w
	v.rest = []part{w.rest[0], {d: job.DigestOf([]byte("d")), n: 1}}
	if _, err := compare(unread, &v, &w); !errors.Is(err, errLost) {
		t.Errorf("compare of lost segments: %v", err)
	}
}

// TestCanonical checks that a word has one canonical form, however it is cut.
func TestCanonical(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 9))
	blobs := new(analysistest.MemBlobs)
	get := getFrom(t.Context(), blobs)
	put := func(b []byte) (job.Digest, error) { return blobs.PutBlob(t.Context(), b) }
	for _, n := range []int{0, 1, 11, 12, 13, 16, 17, 18, 22, 40} {
		text := strings.Repeat("abcdefghijk", 4)[:n]
		var first []byte
		for i := range 20 {
			w, err := tiny.canonical(rope(t, r, text, blobs), get, put)
			if err != nil || !tiny.isCanonical(&w) {
				t.Fatalf("canonical form of %q: %v, %v", text, w, err)
			}
			b := appendWord(nil, w.head, w.rest)
			if i == 0 {
				first = b
			}
			var back bytes.Buffer
			err = w.each(get, func(b []byte) error { back.Write(b); return nil })
			if !bytes.Equal(b, first) || back.String() != text || err != nil {
				t.Fatalf("canonical form of %q: %x, reads as %q, %v; before %x", text, b, back.String(), err, first)
			}
		}
	}
}

func TestWord_Append(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	blobs := new(analysistest.MemBlobs)
	for range 300 {
		var w word
		want := ""
		for _, text := range []string{"abc", "", "defghij", "k", "lmnopq"} {
			w.append(rope(t, r, text, blobs))
			w.write([]byte("-"))
			want += text + "-"
		}
		var got bytes.Buffer
		err := w.each(getFrom(t.Context(), blobs), func(b []byte) error { got.Write(b); return nil })
		if got.String() != want || err != nil {
			t.Fatalf("appended: %q, %v; want %q", got.String(), err, want)
		}
	}
}

// TestHeap sorts by a heap whose items change while they are least.
func TestHeap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 9))
	for n := range 20 {
		h := heap[int]{less: func(a, b int) bool { return a < b }}
		var want, got []int
		for range n {
			v := r.IntN(30)
			h.items = append(h.items, v)
			want = append(want, v, v+5)
		}
		h.order()
		for len(h.items) > 0 {
			top := h.items[0]
			got = append(got, top%1000)
			if stays := top < 1000; stays {
				h.items[0] = top + 1005
				h.replaced(true)
				continue
			}
			h.replaced(false)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%d items come out as %v, want %v", n, got, want)
		}
	}
}

func TestEncode_Golden(t *testing.T) {
	t.Parallel()
	a, blobs := Analysis{&tiny}, new(analysistest.MemBlobs)
	var b bytes.Buffer
	for _, text := range []string{"", "Été", "\x80To be, or not to be\xe2\x82", "x " + strings.Repeat("Long", 6) + " y", string(manyWords()[:100])} {
		fmt.Fprintf(&b, "%.40q\n%s", text, hex.Dump(analysistest.Encode(t, analysistest.Whole(t, a, []byte(text)), blobs)))
	}
	analysistest.Golden(t, filepath.Join("testdata", "encodings.txt"), b.Bytes())
}

func TestDecode_Impossible(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]string{
		"nothing":           "",
		"split":             "\x02\x00\x00\x00",
		"lead of letters":   "\x00\x01a\x00\x00",
		"lead of 4":         "\x00\x04\x80\x80\x80\x80\x00\x00",
		"whole trail":       "\x00\x00\x02\xc3\xa9\x00",
		"head of capitals":  "\x00\x00\x00\x02A",
		"head of no word":   "\x00\x00\x00\x04a ",
		"huge head":         "\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"rest of a short":   "\x00\x00\x00\x03a\x05" + strings.Repeat("d", 32),
		"huge rest":         "\x00\x00\x00\x19aaaaaaaaaaaa\xff\xff\xff\xff\xff\xff\xff\x0f",
		"empty rest":        "\x00\x00\x00\x19aaaaaaaaaaaa\x00",
		"huge list":         "\x01\x00\x00\x00\x00\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"no block":          "\x01\x00\x00\x00\x00\x01\x01\x00\x00",
		"wrong total":       "\x01\x00\x00\x00\x00\x01\x02\x00\x00\x00\x02a\x01",
		"wrong number":      "\x01\x00\x00\x00\x00\x02\x01\x00\x00\x00\x02a\x01",
		"count of 0":        "\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x02a\x00",
		"not in order":      "\x01\x00\x00\x00\x00\x02\x02\x00\x00\x00\x02b\x01\x00\x02a\x01",
		"twice":             "\x01\x00\x00\x00\x00\x02\x02\x00\x00\x00\x02b\x01\x01\x00\x01",
		"shares less":       "\x01\x00\x00\x00\x00\x02\x02\x00\x00\x00\x02b\x01\x00\x04bc\x01",
		"shares too much":   "\x01\x00\x00\x00\x00\x02\x02\x00\x00\x00\x02b\x01\x02\x02c\x01",
		"segment of no use": "\x01\x00\x00\x00\x00\x01\x01\x01" + strings.Repeat("d", 32) + "\x00\x00\x02a\x01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Analysis{&tiny}.Decode(t.Context(), []byte(b), nil)
			if !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("Decode of %x: %v", b, err)
			}
		})
	}
}

// counting counts reads.
type counting struct {
	analysistest.MemBlobs
	gets atomic.Int64
}

func (c *counting) GetBlob(ctx context.Context, d job.Digest) ([]byte, error) {
	c.gets.Add(1)
	return c.MemBlobs.GetBlob(ctx, d)
}

// TestMerge_ReadsOnce merges 16 summaries, which must read no blob before
// Encode, and then each block once.
func TestMerge_ReadsOnce(t *testing.T) {
	t.Parallel()
	blobs := new(counting)
	a, blocks := Analysis{&small}, 0
	sum := a.New(0, 0)
	for i := range 16 {
		s, err := a.Decode(t.Context(), analysistest.Encode(t, analysistest.Whole(t, a, distinct(i*1000, 2000)), blobs), blobs)
		if err != nil {
			t.Fatal(err)
		}
		blocks += len(s.(*Summary).Blobs())
		if err := sum.Merge(s); err != nil {
			t.Fatal(err)
		}
	}
	if n := blobs.gets.Load(); n != 0 {
		t.Errorf("%d blobs read before Encode", n)
	}
	analysistest.Encode(t, sum, blobs)
	if n := blobs.gets.Load(); n != int64(blocks) || blocks < 32 {
		t.Errorf("%d blobs read for %d blocks", n, blocks)
	}
}
