package coord_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// lostBlob is poly whose root cannot be encoded the first time, because a blob
// of a child is gone.
type lostBlob struct {
	poly
	lost *bool
}

func (l lostBlob) New(_ int64, level int) analysis.Summary {
	return &lostSum{polySum{power: 1}, level > 1, l.lost}
}

type lostSum struct {
	polySum
	root bool
	lost *bool
}

func (s *lostSum) Encode(ctx context.Context, b analysis.Blobs) ([]byte, error) {
	if s.root && !*s.lost {
		*s.lost = true
		return nil, storage.WrapKey("get", "blobs/ab/abcd", storage.ErrNotFound)
	}
	return s.polySum.Encode(ctx, b)
}

func TestReduce_LostBlobOfAChildIsRepaired(t *testing.T) {
	t.Parallel()
	o, lost := object(noise(2*chunk)), false
	rdb := redis.NewClient(embedded(t).Options())
	t.Cleanup(func() { rdb.Close() })
	l := newLine(t, coord.NewRedis(rdb), o)
	l.reducer.Jobs = jobs.NewCache(&jobs.Opener{
		Facts: jobs.NewFacts(l.store), Sources: sources(o), Registry: analysis.NewRegistry(lostBlob{lost: &lost}),
	})
	l.run(t, specOf(job.NewID(), o, job.Range{Offset: chunk - 8, Length: 16}))
	if !lost {
		t.Error("no blob was lost")
	}
}
