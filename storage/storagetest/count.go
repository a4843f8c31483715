package storagetest

import (
	"slices"
	"sync"

	"github.com/binglide/binglide/storage"
)

// Counting returns a store that records its calls, and the record of them.
func Counting(inner storage.Store) (storage.Store, *Calls) {
	calls := new(Calls)
	hook := func(c Call) Fault {
		calls.add(c)
		return Fault{}
	}
	return WithFault(inner, hook), calls
}

// Calls is a record of calls, safe for concurrent use.
type Calls struct {
	mu    sync.Mutex
	calls []Call
}

func (c *Calls) add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
}

// Count returns the number of calls of op.
func (c *Calls) Count(op Op) int { return len(c.Keys(op)) }

// Keys returns the keys of the calls of op, in the order of the calls.
func (c *Calls) Keys(op Op) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []string
	for _, call := range c.calls {
		if call.Op == op {
			keys = append(keys, call.Key)
		}
	}
	return keys
}

// All returns all calls, in their order.
func (c *Calls) All() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Reset forgets the calls so far.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}
