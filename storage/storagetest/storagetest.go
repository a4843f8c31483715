// Package storagetest holds what tests of stores and of their users share: the
// conformance suite of [storage.Store], a wrapper that injects faults and one
// that counts calls. Only tests import it.
package storagetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/binglide/binglide/storage"
)

// Run checks that the stores which open returns keep the contract of
// [storage.Store]. Each subtest opens its own, which must be empty.
func Run(t *testing.T, open func(testing.TB) storage.Store) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := c.run(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Benchmark measures Put and Get of objects of several sizes, in bytes per
// second, and the listing of a thousand keys.
func Benchmark(b *testing.B, open func(testing.TB) storage.Store) {
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20, 16 << 20} {
		data := pattern(size, 1)
		b.Run(fmt.Sprintf("Put/%d", size), func(b *testing.B) { benchmarkPut(b, open(b), data) })
		b.Run(fmt.Sprintf("Get/%d", size), func(b *testing.B) { benchmarkGet(b, open(b), data) })
	}
	b.Run("List/1000", func(b *testing.B) { benchmarkList(b, open(b), 1000) })
}

func benchmarkPut(b *testing.B, s storage.Store, data []byte) {
	b.SetBytes(int64(len(data)))
	for i := 0; b.Loop(); i++ {
		if err := s.Put(b.Context(), fmt.Sprintf("bench/%08d", i), data); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkGet(b *testing.B, s storage.Store, data []byte) {
	if err := s.Put(b.Context(), "bench/get", data); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, len(data))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := s.GetRange(b.Context(), "bench/get", 0, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkList(b *testing.B, s storage.Store, n int) {
	for i := range n {
		if err := s.Put(b.Context(), fmt.Sprintf("bench/%04d", i), nil); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if keys, err := collect(b.Context(), s, "bench/"); err != nil || len(keys) != n {
			b.Fatalf("list: %d keys, %v", len(keys), err)
		}
	}
}

// collect returns the keys that List yields.
func collect(ctx context.Context, s storage.Lister, prefix string) ([]string, error) {
	var keys []string
	for info, err := range s.List(ctx, prefix) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// pattern returns size bytes in which no range looks like another nearby, and
// which differ from those of another seed.
func pattern(size int, seed uint32) []byte {
	b := make([]byte, size)
	x := seed*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}
