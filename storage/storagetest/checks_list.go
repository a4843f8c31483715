package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/binglide/binglide/storage"
)

// listKeys are in order of their bytes, in which '-' and '.' come before '/'
// and digits and letters after it.
func listKeys() []string {
	return []string{
		"a-b", "a.b/c", "a/-", "a/b", "a/b-/x", "a/b0", "a/c/d/e/f", "a0", "a0-/x", "a_b", "ab/c", "jobs/1/spec", "jobs/10/spec", "z",
	}
}

func putListKeys(ctx context.Context, s storage.Store) error {
	var all error
	for i, key := range listKeys() {
		// Not in the order of the keys.
		key = listKeys()[(i*5+3)%len(listKeys())]
		all = errors.Join(all, s.Put(ctx, key, pattern(len(key), 1)))
	}
	return all
}

func checkListOrder(ctx context.Context, s storage.Store) error {
	if keys, err := collect(ctx, s, ""); err != nil || len(keys) != 0 {
		return fmt.Errorf("list of an empty store: got %q, %w", keys, orNone(err))
	}
	if err := putListKeys(ctx, s); err != nil {
		return err
	}
	var keys []string
	for info, err := range s.List(ctx, "") {
		if err != nil {
			return err
		}
		if info.Size != int64(len(info.Key)) {
			return fmt.Errorf("list: %s has %d bytes, want %d", info.Key, info.Size, len(info.Key))
		}
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, listKeys()) {
		return fmt.Errorf("list:\ngot  %q\nwant %q", keys, listKeys())
	}
	return nil
}

func checkListPrefix(ctx context.Context, s storage.Store) error {
	if err := putListKeys(ctx, s); err != nil {
		return err
	}
	for prefix, want := range map[string][]string{
		"a/": {"a/-", "a/b", "a/b-/x", "a/b0", "a/c/d/e/f"}, "a/b": {"a/b", "a/b-/x", "a/b0"}, "a/b-/": {"a/b-/x"},
		"a/b/": nil, "a/c/d": {"a/c/d/e/f"}, "a.": {"a.b/c"}, "jobs/1": {"jobs/1/spec", "jobs/10/spec"},
		"jobs/1/": {"jobs/1/spec"}, "z": {"z"}, "z/": nil, "y": nil, "y/y/y/": nil,
	} {
		if keys, err := collect(ctx, s, prefix); err != nil || !slices.Equal(keys, want) {
			return fmt.Errorf("list %q: got %q, %w; want %q", prefix, keys, orNone(err), want)
		}
	}
	return nil
}

// checkListStops wants a listing to end when its reader does.
func checkListStops(ctx context.Context, s storage.Store) error {
	if err := putListKeys(ctx, s); err != nil {
		return err
	}
	for stop := 1; stop <= 3; stop++ {
		n := 0
		for _, err := range s.List(ctx, "a") {
			if err != nil {
				return err
			}
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			return fmt.Errorf("list: ended after %d keys, want %d", n, stop)
		}
	}
	return nil
}

// checkListMany needs more keys than S3 lists in one answer.
func checkListMany(ctx context.Context, s storage.Store) error {
	const n = 1100
	want := make([]string, n)
	for i := range want {
		want[i] = fmt.Sprintf("many/%02d/%04d", i/100, i)
	}
	err := inParallel(16, func(w int) error {
		for i := w; i < n; i += 16 {
			if err := s.Put(ctx, want[i], nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	keys, err := collect(ctx, s, "many/")
	if err != nil || !slices.Equal(keys, want) {
		return fmt.Errorf("list: got %d keys in order %v, %w; want %d", len(keys), slices.IsSorted(keys), orNone(err), n)
	}
	return nil
}
