package words

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/binglide/binglide/job"
)

// getter reads a blob, putter stores one.
type (
	getter func(job.Digest) ([]byte, error)
	putter func([]byte) (job.Digest, error)
)

// word is the bytes of a word: head, then rest, which only long words have.
//
// A word is canonical if its head has sizes.short bytes or is the whole, and
// its rest is segments of sizes.segment bytes, the last perhaps shorter.
type word struct {
	head []byte
	rest []part
}

// part is bytes in memory, or else a segment in a blob.
type part struct {
	b []byte // nil: in the blob
	d job.Digest
	n int // bytes
}

func (w *word) empty() bool { return len(w.head) == 0 && len(w.rest) == 0 }

// write extends the word by b, of which it keeps no reference.
func (w *word) write(b []byte) {
	last := len(w.rest) - 1
	switch {
	case last < 0:
		w.head = append(w.head, b...)
	case w.rest[last].b == nil:
		w.rest = append(w.rest, part{b: bytes.Clone(b), n: len(b)})
	default:
		p := &w.rest[last]
		p.b = append(p.b, b...)
		p.n = len(p.b)
	}
}

// append extends the word by o, whose rest it may keep.
func (w *word) append(o word) {
	if len(o.head) > 0 {
		w.write(o.head)
	}
	w.rest = append(w.rest, o.rest...)
}

// bytes returns the bytes of p, reading them if need be.
func (p *part) bytes(get getter) ([]byte, error) {
	if p.b != nil {
		return p.b, nil
	}
	b, err := get(p.d)
	if err != nil {
		return nil, fmt.Errorf("read segment of a word: %w", err)
	}
	if len(b) != p.n {
		return nil, fmt.Errorf("read segment of a word: blob %s has %d bytes, want %d", p.d, len(b), p.n)
	}
	return b, nil
}

// load moves the first part of the rest to the head if that is empty.
func (w *word) load(get getter) error {
	for len(w.head) == 0 && len(w.rest) > 0 {
		b, err := w.rest[0].bytes(get)
		if err != nil {
			return err
		}
		w.head, w.rest = b, w.rest[1:]
	}
	return nil
}

// each calls f with the bytes of the word, a stretch at a time.
func (w word) each(get getter, f func([]byte) error) error {
	for {
		if err := w.load(get); err != nil {
			return err
		}
		if len(w.head) == 0 {
			return nil
		}
		if err := f(w.head); err != nil {
			return err
		}
		w.head = nil
	}
}

// compare orders words by their bytes. It reads blobs only where the words are
// equal before them.
func compare(get getter, a, b *word) (int, error) {
	if len(a.rest) == 0 && len(b.rest) == 0 {
		return bytes.Compare(a.head, b.head), nil
	}
	return compareLong(get, *a, *b)
}

func compareLong(get getter, a, b word) (int, error) {
	for {
		n := min(len(a.head), len(b.head))
		if c := bytes.Compare(a.head[:n], b.head[:n]); c != 0 {
			return c, nil
		}
		a.head, b.head = a.head[n:], b.head[n:]
		skipEqual(&a, &b)
		if err := cmp.Or(a.load(get), b.load(get)); err != nil {
			return 0, fmt.Errorf("compare words: %w", err)
		}
		if len(a.head) == 0 || len(b.head) == 0 {
			return cmp.Compare(len(a.head), len(b.head)), nil
		}
	}
}

// skipEqual drops the segments that both words go on with.
func skipEqual(a, b *word) {
	if len(a.head) > 0 || len(b.head) > 0 {
		return
	}
	for len(a.rest) > 0 && len(b.rest) > 0 {
		p, q := &a.rest[0], &b.rest[0]
		if p.b != nil || q.b != nil || p.d != q.d {
			return
		}
		a.rest, b.rest = a.rest[1:], b.rest[1:]
	}
}

// isCanonical reports whether w is canonical.
func (z *sizes) isCanonical(w *word) bool {
	if len(w.rest) == 0 {
		return len(w.head) <= z.short
	}
	ok := len(w.head) == z.short
	for i, p := range w.rest {
		full := p.n == z.segment || i == len(w.rest)-1 && p.n <= z.segment
		ok = ok && p.b == nil && full
	}
	return ok
}

// canonical returns w in canonical form, storing its segments.
func (z *sizes) canonical(w word, get getter, put putter) (word, error) {
	if z.isCanonical(&w) {
		return w, nil
	}
	c := cutter{sizes: z, put: put}
	err := cmp.Or(w.each(get, c.write), c.flush())
	return c.out, err
}

// cutter makes the canonical form of the word written to it.
type cutter struct {
	sizes *sizes
	put   putter
	buf   []byte
	out   word
}

func (c *cutter) write(b []byte) error {
	for len(b) > 0 {
		room := c.room() - len(c.buf)
		if room == 0 {
			if err := c.flush(); err != nil {
				return err
			}
			continue
		}
		n := min(room, len(b))
		c.buf, b = append(c.buf, b[:n]...), b[n:]
	}
	return nil
}

// room returns the number of bytes of the stretch now written.
func (c *cutter) room() int {
	if len(c.out.head) == 0 {
		return c.sizes.short
	}
	return c.sizes.segment
}

// flush ends a stretch.
func (c *cutter) flush() error {
	if len(c.out.head) == 0 {
		c.out.head, c.buf = c.buf, nil
		return nil
	}
	d, err := c.put(c.buf)
	if err != nil {
		return fmt.Errorf("store segment of a word: %w", err)
	}
	c.out.rest = append(c.out.rest, part{d: d, n: len(c.buf)})
	c.buf = c.buf[:0]
	return nil
}
