package words

import (
	"cmp"
	"fmt"
	"slices"
	"unsafe"
)

// sorter sorts entries by falling count. Those of equal count stay in the
// order in which they were added. What exceeds sizes.sort bytes spills to a
// file, in runs.
type sorter struct {
	sizes   *sizes
	entries []entry
	arena   []byte
	used    int
	spill   *spill // nil: all is in memory
}

// arenaSize is the number of bytes that heads are put together in.
const arenaSize = 64 << 10

func newSorter(z *sizes) *sorter { return &sorter{sizes: z} }

// close removes the file. It may be called at any time, more than once.
func (s *sorter) close() {
	if s.spill != nil {
		s.spill.close()
		s.spill = nil
	}
}

// add adds an entry, and does not keep its head.
func (s *sorter) add(e *entry) error {
	if len(e.head) > cap(s.arena)-len(s.arena) {
		s.arena = make([]byte, 0, max(len(e.head), min(arenaSize, s.sizes.sort)))
	}
	from := len(s.arena)
	s.arena = append(s.arena, e.head...)
	s.entries = append(s.entries, entry{word{s.arena[from:len(s.arena):len(s.arena)], e.rest}, e.count})
	s.used += len(e.head) + int(unsafe.Sizeof(*e)) + len(e.rest)*int(unsafe.Sizeof(part{}))
	if s.used < s.sizes.sort {
		return nil
	}
	return s.flush()
}

func (s *sorter) sort() {
	slices.SortStableFunc(s.entries, func(a, b entry) int { return cmp.Compare(b.count, a.count) })
}

// flush spills the entries in memory as a run.
func (s *sorter) flush() (err error) {
	if s.spill == nil {
		if s.spill, err = newSpill(); err != nil {
			return err
		}
	}
	s.sort()
	for i := range s.entries {
		if err := s.spill.write(&s.entries[i]); err != nil {
			return err
		}
	}
	clear(s.entries)
	s.entries, s.arena, s.used = s.entries[:0], s.arena[:0:0], 0
	return s.spill.endRun()
}

// each calls f with the entries in order. The entry is valid until f returns.
func (s *sorter) each(f func(*entry) error) error {
	if s.spill == nil {
		s.sort()
		for i := range s.entries {
			if err := f(&s.entries[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.entries = nil
	for len(s.spill.runs) > s.sizes.fan {
		if err := s.fewer(); err != nil {
			return err
		}
	}
	return s.spill.merge(s.spill.runs, f)
}

// fewer merges neighbouring runs, as many at once as allowed, to a new file.
func (s *sorter) fewer() error {
	to, err := newSpill()
	if err != nil {
		return err
	}
	from := s.spill
	defer from.close()
	s.spill = to
	for group := range slices.Chunk(from.runs, s.sizes.fan) {
		if err := from.merge(group, to.write); err != nil {
			return fmt.Errorf("merge sorted words: %w", err)
		}
		if err := to.endRun(); err != nil {
			return err
		}
	}
	return nil
}
