package words

// source yields entries in the order of their words. What it sets e to is valid
// until the next call.
type source interface {
	next(e *entry) (more bool, err error)
}

// cursor is a source and the entry it stands at.
type cursor struct {
	source source
	entry  entry
}

// merger merges sources by a heap of cursors.
type merger struct {
	get  getter
	heap heap[*cursor]
	err  error // of the comparison
}

// mergeSources calls f with every word of the sources, in order, and the sum
// of its counts. The entry is valid until f returns.
func mergeSources(get getter, sources []source, f func(*entry) error) error {
	m := &merger{get: get}
	m.heap.less = func(a, b *cursor) bool { return m.compare(&a.entry.word, &b.entry.word) < 0 }
	for _, s := range sources {
		c := &cursor{source: s}
		if more, err := s.next(&c.entry); err != nil {
			return err
		} else if more {
			m.heap.items = append(m.heap.items, c)
		}
	}
	m.heap.order()
	var sum entry
	for len(m.heap.items) > 0 {
		if err := m.take(&sum); err != nil {
			return err
		}
		if err := f(&sum); err != nil {
			return err
		}
	}
	return nil
}

// take sets sum to the least word, and leaves it behind in all sources.
func (m *merger) take(sum *entry) error {
	top := &m.heap.items[0].entry
	sum.head, sum.rest, sum.count = append(sum.head[:0], top.head...), top.rest, 0
	for {
		c := m.heap.items[0]
		sum.count += c.entry.count
		more, err := c.source.next(&c.entry)
		if err != nil {
			return err
		}
		m.heap.replaced(more)
		if len(m.heap.items) == 0 || m.compare(&m.heap.items[0].entry.word, &sum.word) != 0 || m.err != nil {
			return m.err
		}
	}
}

func (m *merger) compare(a, b *word) int {
	if m.err != nil {
		return 0
	}
	c, err := compare(m.get, a, b)
	m.err = err
	return c
}

// listSource yields entries from memory.
type listSource struct{ list []entry }

func (l *listSource) next(e *entry) (bool, error) {
	if len(l.list) == 0 {
		return false, nil
	}
	*e, l.list = l.list[0], l.list[1:]
	return true, nil
}

// heap is a binary heap: the least item is at 0.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
}

// order makes a heap of items in any order.
func (h *heap[T]) order() {
	for i := len(h.items)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

// replaced restores the heap after the first item changed or, unless it is to
// stay, drops it.
func (h *heap[T]) replaced(stays bool) {
	if !stays {
		last := len(h.items) - 1
		h.items[0] = h.items[last]
		h.items = h.items[:last]
	}
	h.down(0)
}

func (h *heap[T]) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(h.items) {
			return
		}
		if c+1 < len(h.items) && h.less(h.items[c+1], h.items[c]) {
			c++
		}
		if !h.less(h.items[c], h.items[i]) {
			return
		}
		h.items[i], h.items[c] = h.items[c], h.items[i]
		i = c
	}
}
