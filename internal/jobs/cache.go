package jobs

import (
	"context"
	"sync"

	"github.com/binglide/binglide/job"
)

// Cache keeps the jobs that a process works on open. A spec never changes, so
// neither does an open job. It is safe for concurrent use.
type Cache struct {
	opener *Opener
	size   int

	mu   sync.Mutex
	jobs map[job.ID]*Job
	used []job.ID // least recently opened first
}

// NewCache returns a cache of at most 64 jobs.
func NewCache(o *Opener) *Cache {
	return &Cache{opener: o, size: 64, jobs: make(map[job.ID]*Job)}
}

// Open returns the job, opened once. The cache owns it: a job that falls out
// may be in use, so its input is closed when nothing refers to it any more.
func (c *Cache) Open(ctx context.Context, id job.ID) (*Job, error) {
	c.mu.Lock()
	j, ok := c.jobs[id]
	c.mu.Unlock()
	if ok {
		return j, nil
	}
	j, err := c.opener.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	c.keep(id, j)
	return j, nil
}

func (c *Cache) keep(id job.ID, j *Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.jobs[id]; !ok {
		c.used = append(c.used, id)
	}
	c.jobs[id] = j
	if len(c.used) > c.size {
		delete(c.jobs, c.used[0])
		c.used = c.used[1:]
	}
}
