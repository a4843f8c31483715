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

func newPageCache(limit int) *pageCache {
	return &pageCache{limit: limit, pages: make(map[int64][]byte)}
}

func (c *pageCache) get(p int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.pages[p]
	if ok {
		c.touch(p)
	}
	return b, ok
}

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

func (c *pageCache) touch(p int64) {
	if i := slices.Index(c.order, p); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.order = append(c.order, p)
}
