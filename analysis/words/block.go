package words

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// maxCount is more than any input has words.
const maxCount = 1 << 60

// blockWriter encodes entries in the order of their words. For each:
//
//	uvarint  bytes the head shares with the one before, in the block
//	word     the head without them, and the rest
//	uvarint  count
//
// A word is:
//
//	uvarint  2 × bytes of the head, + 1 if there is a rest
//	bytes    head
//	if there is a rest:
//	  uvarint  bytes
//	  32 bytes SHA-256 of each segment
type blockWriter struct {
	b    []byte
	last []byte // head of the last entry
}

func (w *blockWriter) add(e *entry) {
	shared := sharedPrefix(w.last, e.head)
	w.b = binary.AppendUvarint(w.b, uint64(shared))
	w.b = appendWord(w.b, e.head[shared:], e.rest)
	w.b = binary.AppendUvarint(w.b, e.count)
	w.last = append(w.last[:shared], e.head[shared:]...)
}

func (w *blockWriter) reset() { w.b, w.last = w.b[:0], w.last[:0] }

func sharedPrefix(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func appendWord(b, head []byte, rest []part) []byte {
	size := uint64(len(head)) << 1
	if len(rest) == 0 {
		return append(binary.AppendUvarint(b, size), head...)
	}
	b = append(binary.AppendUvarint(b, size|1), head...)
	n := 0
	for _, p := range rest {
		n += p.n
	}
	b = binary.AppendUvarint(b, uint64(n))
	for _, p := range rest {
		b = append(b, p.d[:]...)
	}
	return b
}

// readWord appends what appendWord wrote to the shared start of the head.
func (z *sizes) readWord(r *wire.Reader, shared []byte) (w word) {
	size := r.Uvarint()
	n := size >> 1
	if n > uint64(r.Len()) {
		r.Fail()
		return w
	}
	w.head = append(shared, r.Bytes(int(n))...)
	r.Check(len(w.head) <= z.short)
	if size&1 == 1 {
		r.Check(len(w.head) == z.short)
		w.rest = z.readRest(r)
	}
	return w
}

func (z *sizes) readRest(r *wire.Reader) []part {
	n := r.UvarintMax(uint64(job.LevelSize(job.MaxLevel)))
	segment := uint64(z.segment)
	count := (n + segment - 1) / segment
	if n == 0 || count > uint64(r.Len())/uint64(len(job.Digest{})) {
		r.Fail()
		return nil
	}
	rest := make([]part, count)
	for i := range rest {
		rest[i] = part{d: job.Digest(r.Bytes(len(job.Digest{}))), n: int(min(n, segment))}
		n -= uint64(rest[i].n)
	}
	return rest
}

// blockReader reads what a blockWriter wrote, one block after another.
type blockReader struct {
	sizes   *sizes
	r       *wire.Reader
	first   bool // no entry of the block is read
	any     bool // an entry is read, of any block
	last    entry
	old     []byte // head of the entry before
	scanner scanner
}

func (k *blockReader) reset(b []byte) { k.r, k.first = wire.NewReader(b), true }

// next sets e to the next entry of the block. At its end, more is false.
func (k *blockReader) next(e *entry) (more bool, err error) {
	if k.r == nil || k.r.Len() == 0 {
		return false, nil
	}
	k.old = append(k.old[:0], k.last.head...)
	shared := k.r.UvarintMax(uint64(len(k.old)))
	k.last.word = k.sizes.readWord(k.r, k.last.head[:shared])
	k.last.count = k.r.UvarintMax(maxCount)
	if k.r.Err() == nil {
		k.r.Check(k.last.count > 0 && k.follows(int(shared)) && k.isWord())
	}
	k.first, k.any = false, true
	*e = k.last
	if err := k.r.Err(); err != nil {
		return false, fmt.Errorf("decode words: %w", err)
	}
	return true, nil
}

// follows reports whether the last entry follows the one before in order, and
// shares no more bytes than it says. Long words with the same head are not
// looked into.
func (k *blockReader) follows(shared int) bool {
	if k.any {
		c := bytes.Compare(k.old, k.last.head)
		if c > 0 || c == 0 && len(k.last.rest) == 0 {
			return false
		}
	}
	if k.first {
		return shared == 0
	}
	return shared == sharedPrefix(k.old, k.last.head)
}

// isWord reports whether the head of the last entry is a word, or, if there
// is a rest, the start of one, which may end inside a rune.
func (k *blockReader) isWord() bool { return isWord(&k.scanner, &k.last.word) }

func isWord(s *scanner, w *word) bool {
	head := w.head
	if len(w.rest) > 0 {
		head = head[:len(head)-incomplete(head)]
	}
	return len(head) > 0 && s.isWord(head)
}

// tally sums up the entries of a run.
type tally struct {
	distinct, total uint64
	refs            []job.Digest // of the segments, each once
	seen            map[job.Digest]bool
}

func (t *tally) add(e *entry) {
	t.distinct++
	t.total += e.count
	for _, p := range e.rest {
		if p.b == nil {
			t.refer(p.d)
		}
	}
}

// refer adds a segment, unless it is there.
func (t *tally) refer(d job.Digest) {
	if t.seen[d] {
		return
	}
	if t.seen == nil {
		t.seen = make(map[job.Digest]bool)
	}
	t.seen[d] = true
	t.refs = append(t.refs, d)
}

func (t *tally) equal(o *tally) bool {
	return t.distinct == o.distinct && t.total == o.total && slices.Equal(t.refs, o.refs)
}
