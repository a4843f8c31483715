package mem_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/storagetest"
)

func open(testing.TB) storage.Store { return mem.New() }

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, open)
}

func TestStore_ZeroValue(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(testing.TB) storage.Store { return new(mem.Store) })
}

func TestOnConflict(t *testing.T) {
	t.Parallel()
	var told []string
	s := &mem.Store{OnConflict: func(key string) { told = append(told, key) }}
	for _, c := range []struct {
		key, data string
		want      error
	}{
		{"a", "1", nil}, {"a", "1", nil}, {"a", "2", storage.ErrConflict}, {"b", "2", nil}, {"A", "2", storage.ErrKey},
	} {
		if err := s.Put(t.Context(), c.key, []byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("put %s=%s: got %v, want %v", c.key, c.data, err, c.want)
		}
	}
	if !slices.Equal(told, []string{"a"}) {
		t.Errorf("told of %q, want the one conflict", told)
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	s := mem.New()
	if err := s.Put(t.Context(), "k", []byte("good")); err != nil {
		t.Fatal(err)
	}
	s.Replace("k", []byte("bad"))
	s.Replace("new", nil)
	got, err := s.Get(t.Context(), "k")
	if err != nil || string(got) != "bad" {
		t.Errorf("got %q, %v; want what replaced it", got, err)
	}
	if _, err := s.Stat(t.Context(), "new"); err != nil {
		t.Error(err)
	}
}

func BenchmarkStore(b *testing.B) { storagetest.Benchmark(b, open) }
