package input

import (
	"slices"
	"sync"
)

// cachedPages is how many pages a manifest keeps, of 144 KiB each: chunks are
// visited in an order that is spread over the whole input.
const cachedPages = 32

// pageCache keeps the pages used last. Two goroutines that miss the same page
// both load it, which costs a read and harms nothing.
type pageCache struct {
	mu    sync.Mutex
	limit int
	pages map[int64][]byte
	order []int64 // least recently used first
}

// newPageCache returns a cache of at most limit pages.
func newPageCache(limit int) *pageCache {
	return &pageCache{limit: limit, pages: make(map[int64][]byte)}
}

// get returns page p if it is there, which makes it the one used last.
func (c *pageCache) get(p int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.pages[p]
	if ok {
		c.touch(p)
	}
	return b, ok
}

// add keeps page p, and drops the one not used for longest if there are too many.
func (c *pageCache) add(p int64, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touch(p)
	c.pages[p] = b
	if len(c.order) > c.limit {
		delete(c.pages, c.order[0])
		c.order = slices.Delete(c.order, 0, 1)
	}
}

// touch makes p the page used last. The order is short enough to be searched.
func (c *pageCache) touch(p int64) {
	if i := slices.Index(c.order, p); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.order = append(c.order, p)
}
