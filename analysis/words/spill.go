package words

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spill is a temporary file of sorted runs, one behind the other. An entry is:
//
//	uvarint  count
//	uvarint  bytes of the head, and those
//	uvarint  number of parts; for each:
//	  uvarint  2 × bytes, + 1 if they are in a blob
//	  bytes, or 32 bytes SHA-256
type spill struct {
	f    *os.File
	name string // "" once it is removed
	w    *bufio.Writer
	buf  []byte
	off  int64
	from int64 // where the run now written starts
	runs []section
}

// section is the place of a run in the file.
type section struct{ off, n int64 }

// newSpill makes an empty file. Where the system lets it, the file has no name
// any more, so that it is gone with the process however that ends.
func newSpill() (*spill, error) {
	f, err := os.CreateTemp("", "binglide-words-")
	if err != nil {
		return nil, fmt.Errorf("make a file to sort words in (TMPDIR chooses the folder): %w", err)
	}
	s := &spill{f: f, name: f.Name(), w: bufio.NewWriterSize(f, 64<<10)}
	if os.Remove(s.name) == nil {
		s.name = ""
	}
	return s, nil
}

// close removes the file. What it held is not needed any more, so that errors
// do not matter.
func (s *spill) close() {
	_ = s.f.Close()
	if s.name != "" {
		_ = os.Remove(s.name)
	}
}

func (s *spill) write(e *entry) error {
	b := binary.AppendUvarint(s.buf[:0], e.count)
	b = append(binary.AppendUvarint(b, uint64(len(e.head))), e.head...)
	b = binary.AppendUvarint(b, uint64(len(e.rest)))
	for _, p := range e.rest {
		if p.b == nil {
			b = append(binary.AppendUvarint(b, uint64(p.n)<<1|1), p.d[:]...)
		} else {
			b = append(binary.AppendUvarint(b, uint64(p.n)<<1), p.b...)
		}
	}
	s.buf = b
	s.off += int64(len(b))
	return s.check(s.w.Write(b))
}

func (s *spill) check(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("sort words in %s (TMPDIR chooses the folder): %w", os.TempDir(), err)
	}
	return nil
}

// endRun ends the run now written.
func (s *spill) endRun() error {
	s.runs = append(s.runs, section{s.from, s.off - s.from})
	s.from = s.off
	return s.check(0, s.w.Flush())
}

// merge calls f with the entries of the runs by falling count, and of those
// with equal counts the ones of earlier runs first.
func (s *spill) merge(runs []section, f func(*entry) error) error {
	h := heap[*spillReader]{less: (*spillReader).before}
	for i, run := range runs {
		r := &spillReader{r: bufio.NewReaderSize(io.NewSectionReader(s.f, run.off, run.n), 64<<10), run: i}
		if r.next() {
			h.items = append(h.items, r)
		} else if r.err != nil {
			return s.check(0, r.err)
		}
	}
	h.order()
	for len(h.items) > 0 {
		r := h.items[0]
		if err := f(&r.entry); err != nil {
			return err
		}
		h.replaced(r.next())
		if r.err != nil {
			return s.check(0, r.err)
		}
	}
	return nil
}

// spillReader reads a run.
type spillReader struct {
	r     *bufio.Reader
	run   int
	entry entry
	err   error
}

func (r *spillReader) before(o *spillReader) bool {
	if r.entry.count != o.entry.count {
		return r.entry.count > o.entry.count
	}
	return r.run < o.run
}

// next reads an entry, and returns false at the end of the run or if err is set.
func (r *spillReader) next() bool {
	count, err := binary.ReadUvarint(r.r)
	if errors.Is(err, io.EOF) {
		return false
	}
	r.err = err
	r.entry.count = count
	r.entry.head = r.bytes(r.entry.head[:0], r.number())
	r.entry.rest = nil
	for range r.number() {
		r.entry.rest = append(r.entry.rest, r.part())
	}
	return r.err == nil
}

func (r *spillReader) part() (p part) {
	size := r.number()
	p.n = int(size >> 1)
	if size&1 == 1 {
		r.bytes(p.d[:0], uint64(len(p.d)))
	} else {
		p.b = r.bytes(nil, size>>1)
	}
	return p
}

func (r *spillReader) number() uint64 {
	n, err := binary.ReadUvarint(r.r)
	r.fail(err)
	if r.err != nil {
		return 0
	}
	return n
}

// bytes reads n bytes into b, which it makes larger if need be.
func (r *spillReader) bytes(b []byte, n uint64) []byte {
	if uint64(cap(b)) < n {
		b = make([]byte, n)
	}
	_, err := io.ReadFull(r.r, b[:n])
	r.fail(err)
	return b[:n]
}

// fail keeps the first error. The end of the run inside an entry is one.
func (r *spillReader) fail(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if r.err == nil {
		r.err = err
	}
}
