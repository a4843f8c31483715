package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
)

func TestRun_Wrappers(t *testing.T) {
	t.Parallel()
	none := func(Call) Fault { return Fault{} }
	Run(t, func(testing.TB) storage.Store { return WithFault(mem.New(), none) })
}

func TestRun_Counting(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) storage.Store {
		s, _ := Counting(mem.New())
		return s
	})
}

// broken is a store that keeps the contract but for what a test overrides.
type broken struct {
	storage.Store
	get    func(s storage.Store, key string) ([]byte, error)
	rng    func(s storage.Store, key string, offset int64, buf []byte) error
	put    func(s storage.Store, key string, data []byte) error
	stat   func(s storage.Store, key string) (storage.Info, error)
	list   func(s storage.Store, prefix string) iter.Seq2[storage.Info, error]
	remove func(s storage.Store, key string) error
}

func (b *broken) Get(ctx context.Context, key string) ([]byte, error) {
	if b.get != nil {
		return b.get(b.Store, key)
	}
	return b.Store.Get(ctx, key)
}

func (b *broken) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	if b.rng != nil {
		return b.rng(b.Store, key, offset, buf)
	}
	return b.Store.GetRange(ctx, key, offset, buf)
}

func (b *broken) Put(ctx context.Context, key string, data []byte) error {
	if b.put != nil {
		return b.put(b.Store, key, data)
	}
	return b.Store.Put(ctx, key, data)
}

func (b *broken) Stat(ctx context.Context, key string) (storage.Info, error) {
	if b.stat != nil {
		return b.stat(b.Store, key)
	}
	return b.Store.Stat(ctx, key)
}

func (b *broken) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	if b.list != nil {
		return b.list(b.Store, prefix)
	}
	return b.Store.List(ctx, prefix)
}

func (b *broken) Delete(ctx context.Context, key string) error {
	if b.remove != nil {
		return b.remove(b.Store, key)
	}
	return b.Store.Delete(ctx, key)
}

// TestChecks_FindBrokenStores breaks one promise at a time, and wants the check
// of that promise to say so.
func TestChecks_FindBrokenStores(t *testing.T) {
	t.Parallel()
	for name, b := range brokenStores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			promise, _, _ := strings.Cut(name, "/")
			i := slices.IndexFunc(checks(), func(c check) bool { return c.name == promise })
			b.Store = mem.New()
			if err := checks()[i].run(t.Context(), &b); err == nil {
				t.Errorf("%s did not find it", promise)
			}
		})
	}
}

func brokenStores() map[string]broken {
	ctx := context.Background()
	all := brokenLists(ctx)
	maps.Copy(all, map[string]broken{
		"GetReturnsWhatWasPut/Truncates": {get: func(s storage.Store, key string) ([]byte, error) {
			b, err := s.Get(ctx, key)
			return b[:len(b)/2], err
		}},
		"PutOther/Overwrites": {put: func(s storage.Store, key string, data []byte) error {
			s.(*mem.Store).Replace(key, data)
			return nil
		}},
		"PutOther/ComparesSizeOnly": {put: func(s storage.Store, key string, data []byte) error {
			if info, err := s.Stat(ctx, key); err == nil && info.Size == int64(len(data)) {
				return nil
			}
			return s.Put(ctx, key, data)
		}},
		"PutAgain/Conflicts": {put: func(s storage.Store, key string, data []byte) error {
			if _, err := s.Stat(ctx, key); err == nil {
				return storage.WrapKey("put", key, storage.ErrConflict)
			}
			return s.Put(ctx, key, data)
		}},
		"Absent/GetIsEmpty": {get: func(s storage.Store, key string) ([]byte, error) {
			b, err := s.Get(ctx, key)
			if errors.Is(err, storage.ErrNotFound) {
				return nil, nil
			}
			return b, err
		}},
		"Absent/DeleteComplains": {remove: func(s storage.Store, key string) error {
			if _, err := s.Stat(ctx, key); err != nil {
				return err
			}
			return s.Delete(ctx, key)
		}},
		"Ranges/OffsetIgnored": {rng: func(s storage.Store, key string, _ int64, buf []byte) error {
			return s.GetRange(ctx, key, 0, buf)
		}},
		"RangesBeyondTheEnd/Pads": {rng: func(s storage.Store, key string, offset int64, buf []byte) error {
			if err := s.GetRange(ctx, key, offset, buf); !errors.Is(err, storage.ErrCorrupt) {
				return err
			}
			return nil
		}},
		"MalformedKeys/Accepted": {put: func(s storage.Store, key string, data []byte) error {
			s.(*mem.Store).Replace(key, data)
			return nil
		}},
		"ReadersSeeWholeObjects/Torn": {get: func(s storage.Store, key string) ([]byte, error) {
			b, err := s.Get(ctx, key)
			return b[:len(b)/2], err
		}},
	})
	return all
}

func brokenLists(ctx context.Context) map[string]broken {
	return map[string]broken{
		"ListOrder/Reversed":     {list: relist(slices.Reverse[[]storage.Info])},
		"ListOrder/NoSizes":      {list: relist(func(infos []storage.Info) { clearSizes(infos) })},
		"ListPrefix/WholeFolder": {list: func(s storage.Store, _ string) iter.Seq2[storage.Info, error] { return s.List(ctx, "") }},
		"ListMany/OnePage": {list: func(s storage.Store, prefix string) iter.Seq2[storage.Info, error] {
			return func(yield func(storage.Info, error) bool) {
				n := 0
				for info, err := range s.List(ctx, prefix) {
					if n++; n > 1000 || !yield(info, err) {
						return
					}
				}
			}
		}},
		"Delete/Nothing":           {remove: func(storage.Store, string) error { return nil }},
		"CancelledContext/Ignored": {get: func(s storage.Store, key string) ([]byte, error) { return s.Get(ctx, key) }},
		"KeyErrors/Bare":           {stat: func(storage.Store, string) (storage.Info, error) { return storage.Info{}, storage.ErrNotFound }},
		"RacingWritersOfOther/AllLose": {put: func(_ storage.Store, key string, _ []byte) error {
			return storage.WrapKey("put", key, storage.ErrConflict)
		}},
		"RacingWritersOfSame/Rejected": {put: func(_ storage.Store, key string, _ []byte) error { return storage.WrapKey("put", key, storage.ErrFull) }},
		"BuffersAreTheCallers/Shared":  sharing(),
	}
}

// relist returns a List that changes what the store lists.
func relist(change func([]storage.Info)) func(storage.Store, string) iter.Seq2[storage.Info, error] {
	return func(s storage.Store, prefix string) iter.Seq2[storage.Info, error] {
		var infos []storage.Info
		for info, err := range s.List(context.Background(), prefix) {
			if err == nil {
				infos = append(infos, info)
			}
		}
		change(infos)
		return func(yield func(storage.Info, error) bool) {
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

func clearSizes(infos []storage.Info) {
	for i := range infos {
		infos[i].Size = 0
	}
}

// sharing hands out the same memory at each Get.
func sharing() broken {
	var first []byte
	return broken{get: func(s storage.Store, key string) ([]byte, error) {
		if first != nil {
			return first, nil
		}
		b, err := s.Get(context.Background(), key)
		first = b
		return b, err
	}}
}

var errFault = errors.New("fault")

func TestWithFault(t *testing.T) {
	t.Parallel()
	ops := map[Op]func(context.Context, storage.Store) error{
		Get: func(ctx context.Context, s storage.Store) error {
			_, err := s.Get(ctx, "k")
			return err
		},
		GetRange: func(ctx context.Context, s storage.Store) error { return s.GetRange(ctx, "k", 0, make([]byte, 1)) },
		Put:      func(ctx context.Context, s storage.Store) error { return s.Put(ctx, "new", []byte("y")) },
		Stat: func(ctx context.Context, s storage.Store) error {
			_, err := s.Stat(ctx, "k")
			return err
		},
		List: func(ctx context.Context, s storage.Store) error {
			_, err := collect(ctx, s, "k")
			return err
		},
		Delete: func(ctx context.Context, s storage.Store) error { return s.Delete(ctx, "k") },
	}
	for op, call := range ops {
		for name, c := range map[string]struct {
			fault   Fault
			applied bool
		}{"Rejected": {Fault{Rejected: errFault}, false}, "Lost": {Fault{Lost: errFault}, true}} {
			t.Run(fmt.Sprintf("%s/%s", op, name), func(t *testing.T) {
				t.Parallel()
				inner, calls := Counting(mem.New())
				if err := inner.Put(t.Context(), "k", []byte("x")); err != nil {
					t.Fatal(err)
				}
				calls.Reset()
				s := WithFault(inner, NthFault(op, 1, c.fault))
				var k *storage.KeyError
				if err := call(t.Context(), s); !errors.Is(err, errFault) || !errors.As(err, &k) {
					t.Errorf("first call: got %v, want the fault as *storage.KeyError", err)
				}
				if got := calls.Count(op) == 1; got != c.applied {
					t.Errorf("applied: %v, want %v", got, c.applied)
				}
				if err := call(t.Context(), s); err != nil {
					t.Errorf("second call: %v", err)
				}
			})
		}
	}
}

func TestNthFault(t *testing.T) {
	t.Parallel()
	hook := NthFault(Put, 2, Fault{Rejected: errFault})
	for i, c := range []struct {
		op   Op
		want error
	}{{Put, nil}, {Get, nil}, {Put, errFault}, {Put, nil}, {Delete, nil}} {
		if got := hook(Call{Op: c.op, Key: "k"}); !errors.Is(got.Rejected, c.want) {
			t.Errorf("call %d, %s: got %v, want %v", i, c.op, got.Rejected, c.want)
		}
	}
}

func TestCounting(t *testing.T) {
	t.Parallel()
	s, calls := Counting(mem.New())
	ctx := t.Context()
	err := errors.Join(s.Put(ctx, "b", nil), s.Put(ctx, "a", []byte("x")), s.GetRange(ctx, "a", 0, make([]byte, 1)), s.Delete(ctx, "b"))
	if _, listErr := collect(ctx, s, "a"); err != nil || listErr != nil {
		t.Fatal(err, listErr)
	}
	want := []Call{{Put, "b"}, {Put, "a"}, {GetRange, "a"}, {Delete, "b"}, {List, "a"}}
	if got := calls.All(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := calls.Keys(Put); !slices.Equal(got, []string{"b", "a"}) || calls.Count(Put) != 2 || calls.Count(Get) != 0 {
		t.Errorf("puts of %q", got)
	}
	calls.Reset()
	if got := calls.All(); len(got) != 0 {
		t.Errorf("after Reset: %v", got)
	}
}

func BenchmarkMem(b *testing.B) { Benchmark(b, func(testing.TB) storage.Store { return mem.New() }) }
