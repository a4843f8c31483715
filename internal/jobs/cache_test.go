package jobs_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

const cacheSize = 64

func cached(t *testing.T, c *jobs.Cache, id job.ID) *jobs.Job {
	t.Helper()
	j, err := c.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestCache_OpensOnce(t *testing.T) {
	t.Parallel()
	s, calls := storagetest.Counting(mem.New())
	f, spec := created(t, s)
	o := opener(mem.New())
	o.Facts = f
	c := jobs.NewCache(o)
	calls.Reset()
	first := cached(t, c, spec.ID)
	if cached(t, c, spec.ID) != first || first.Spec.ID != spec.ID {
		t.Error("the job was opened twice")
	}
	if n := len(calls.All()); n != 1 {
		t.Errorf("%d calls of the store, want the read of the spec", n)
	}
}

func TestCache_Evicts(t *testing.T) {
	t.Parallel()
	s := mem.New()
	c := jobs.NewCache(opener(s))
	var opened []*jobs.Job
	for range cacheSize {
		_, spec := created(t, s)
		opened = append(opened, cached(t, c, spec.ID))
	}
	if cached(t, c, opened[0].Spec.ID) != opened[0] {
		t.Errorf("the first of %d jobs fell out", cacheSize)
	}
	_, spec := created(t, s)
	cached(t, c, spec.ID)
	if cached(t, c, opened[1].Spec.ID) != opened[1] {
		t.Error("more than one job fell out for one that came")
	}
	if cached(t, c, opened[0].Spec.ID) == opened[0] {
		t.Errorf("%d jobs are kept", cacheSize+1)
	}
}

// TestCache_EvictsAll finds no job kept after as many others as the cache holds.
func TestCache_EvictsAll(t *testing.T) {
	t.Parallel()
	s := mem.New()
	c := jobs.NewCache(opener(s))
	var opened []*jobs.Job
	for range 2 * cacheSize {
		_, spec := created(t, s)
		opened = append(opened, cached(t, c, spec.ID))
	}
	for i, j := range opened[:cacheSize] {
		if cached(t, c, j.Spec.ID) == j {
			t.Errorf("job %d is still kept after %d others", i, len(opened)-i-1)
		}
	}
}

func TestCache_UnknownJob(t *testing.T) {
	t.Parallel()
	s := mem.New()
	c, spec := jobs.NewCache(opener(s)), specOf(goneFile(t))
	if _, err := c.Open(t.Context(), spec.ID); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("got %v, want %v", err, job.ErrNotFound)
	}
	if err := jobs.NewFacts(s).Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	cached(t, c, spec.ID) // the error was not kept
}

func TestCache_Concurrent(t *testing.T) {
	t.Parallel()
	s := mem.New()
	c := jobs.NewCache(opener(s))
	_, spec := created(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if j, err := c.Open(t.Context(), spec.ID); err != nil || j.Spec.ID != spec.ID {
				t.Errorf("got %v, %v", j, err)
			}
		})
	}
	wg.Wait()
}
