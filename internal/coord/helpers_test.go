package coord_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// poly is an analysis that is cheap and tells any two orders of bytes apart: a
// string is a number to the base 257, and its summary that number modulo a
// prime, and the length.
type poly struct{}

const (
	polyBase  = 257
	polyPrime = 1<<31 - 1
)

func (poly) ID() job.AnalysisID { return job.AnalysisID{Name: "poly", Version: 1} }

func (poly) New(int64, int) analysis.Summary { return &polySum{power: 1} }

func (poly) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	if len(b) != 24 {
		return nil, errors.New("decode poly: want 24 bytes")
	}
	return &polySum{
		value: binary.BigEndian.Uint64(b), power: binary.BigEndian.Uint64(b[8:]), length: binary.BigEndian.Uint64(b[16:]),
	}, nil
}

type polySum struct{ value, power, length uint64 }

func (s *polySum) Write(p *analysis.Piece) error {
	for _, b := range p.Data {
		s.value = (s.value*polyBase + uint64(b) + 1) % polyPrime
		s.power = s.power * polyBase % polyPrime
	}
	s.length += uint64(len(p.Data))
	return nil
}

func (s *polySum) Merge(next analysis.Summary) error {
	o := next.(*polySum)
	s.value = (s.value*o.power + o.value) % polyPrime
	s.power = s.power * o.power % polyPrime
	s.length += o.length
	return nil
}

func (s *polySum) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	b := binary.BigEndian.AppendUint64(nil, s.value)
	b = binary.BigEndian.AppendUint64(b, s.power)
	return binary.BigEndian.AppendUint64(b, s.length), nil
}

func (*polySum) Files() []analysis.File { return nil }

// polyOf returns the encoded summary of one pass over data.
func polyOf(data []byte) []byte {
	s := &polySum{power: 1}
	_ = s.Write(&analysis.Piece{Data: data})
	b, _ := s.Encode(context.Background(), nil)
	return b
}

// object is the bytes of an object outside of the store.
type object []byte

func (o object) Stat(_ context.Context, at job.Object) (job.Object, int64, error) {
	return at, int64(len(o)), nil
}

func (o object) ReadAt(_ context.Context, _ job.Object, _, offset int64, buf []byte) error {
	copy(buf, o[offset:])
	return nil
}

// sources gives access to an object.
func sources(o object) input.Sources {
	return input.Sources{Objects: func(context.Context, string) (input.ObjectReader, error) { return o, nil }}
}

const chunk = 64 << 10

// noise returns n bytes that do not repeat soon.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// specOf asks for poly over a region of an object, in chunks of 64 KiB.
func specOf(id job.ID, o object, r job.Range) *job.Spec {
	return &job.Spec{
		ID:         id,
		Input:      job.Input{Name: "o", Size: int64(len(o)), Object: &job.Object{Bucket: "b", Key: "o", ETag: "1"}},
		Region:     r,
		Analyses:   []job.AnalysisID{poly{}.ID()},
		ChunkLevel: 1,
	}
}

// opener opens jobs over an object, kept in s.
func opener(s storage.Store, o object) *jobs.Opener {
	return &jobs.Opener{Facts: jobs.NewFacts(s), Registry: analysis.NewRegistry(poly{}), Sources: sources(o)}
}

// redisBoards runs a test on a Redis in this process and, if BINGLIDE_TEST_REDIS
// names one, on a real Redis too.
func redisBoards(t *testing.T, test func(*testing.T, *coord.Redis, redis.UniversalClient)) {
	t.Helper()
	servers := map[string]queue.Redis{"embedded": embedded(t)}
	if url := os.Getenv("BINGLIDE_TEST_REDIS"); url != "" {
		servers["real"] = must[queue.Redis](t)(queue.ParseRedis(url, os.Getenv, false))
	}
	for name, r := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rdb := redis.NewClient(r.Options())
			t.Cleanup(func() { rdb.Close() })
			test(t, coord.NewRedis(rdb), rdb)
		})
	}
}

func embedded(t *testing.T) queue.Redis {
	t.Helper()
	r, stop, err := queue.Embedded(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return r
}

// eventually waits for a condition, at most 10 s.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-timeout:
			t.Fatalf("10 s passed and %s has not happened", what)
		case <-tick.C:
		}
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
