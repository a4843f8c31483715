// Package mem keeps objects in memory, for tests and jobs so small that
// nothing needs to outlive the process.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/binglide/binglide/storage"
)

// Store implements [storage.Store] in memory. It has no bound of its own.
// The zero value is an empty store; it must not be copied once used.
type Store struct {
	// OnConflict is told the key of each Put that would have changed an
	// object, before that Put returns [storage.ErrConflict]. A test sets it to
	// fail at once, whatever the caller makes of the error. It is set before
	// the store is first used. Defaults to nobody.
	OnConflict func(key string)

	mu      sync.RWMutex
	objects map[string][]byte
}

// New returns an empty store.
func New() *Store { return new(Store) }

// Get implements [storage.Getter].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := s.find(ctx, key)
	if err != nil {
		return nil, storage.WrapKey("get", key, err)
	}
	return append([]byte{}, data...), nil
}

// GetRange implements [storage.RangeGetter].
func (s *Store) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	data, err := s.find(ctx, key)
	if err == nil && (offset < 0 || offset > int64(len(data))-int64(len(buf))) {
		err = fmt.Errorf("%w: %d bytes at %d of an object of %d bytes", storage.ErrCorrupt, len(buf), offset, len(data))
	}
	if err != nil {
		return storage.WrapKey("get", key, err)
	}
	copy(buf, data[offset:])
	return nil
}

// Stat implements [storage.Statter].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	data, err := s.find(ctx, key)
	if err != nil {
		return storage.Info{}, storage.WrapKey("stat", key, err)
	}
	return storage.Info{Key: key, Size: int64(len(data))}, nil
}

// Put implements [storage.Putter].
func (s *Store) Put(ctx context.Context, key string, data []byte) error {
	err := check(ctx, key)
	if err == nil && !s.insert(key, data) {
		err = storage.ErrConflict
		if s.OnConflict != nil {
			s.OnConflict(key)
		}
	}
	return storage.WrapKey("put", key, err)
}

// List implements [storage.Lister]. It yields what is there when it starts.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if !storage.ValidPrefix(prefix) {
			yield(storage.Info{}, storage.WrapKey("list", prefix, storage.ErrKey))
			return
		}
		if ctx.Err() != nil {
			yield(storage.Info{}, storage.WrapKey("list", prefix, ctx.Err()))
			return
		}
		for _, info := range s.snapshot(prefix) {
			if !yield(info, nil) {
				return
			}
		}
	}
}

// Delete implements [storage.Deleter].
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return storage.WrapKey("delete", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}

// Replace stores data under key whatever is there, as a failing disk would:
// it is how tests damage an object. No other method changes one.
func (s *Store) Replace(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(key, data)
}

// insert reports whether the key holds data now.
func (s *Store) insert(key string, data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.objects[key]; ok {
		return bytes.Equal(have, data)
	}
	s.set(key, data)
	return true
}

// set stores a copy of data. The caller holds the lock.
func (s *Store) set(key string, data []byte) {
	if s.objects == nil {
		s.objects = make(map[string][]byte)
	}
	s.objects[key] = bytes.Clone(data)
}

// find returns the bytes stored, which are never written to.
func (s *Store) find(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	data, ok := s.objects[key]
	if !ok {
		return nil, storage.ErrNotFound
	}
	return data, nil
}

// snapshot returns what List yields, in the order of the keys.
func (s *Store) snapshot(prefix string) []storage.Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var infos []storage.Info
	for key, data := range s.objects {
		if strings.HasPrefix(key, prefix) {
			infos = append(infos, storage.Info{Key: key, Size: int64(len(data))})
		}
	}
	slices.SortFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.Key, b.Key) })
	return infos
}

// check returns ErrKey for a malformed key, and the error of a context that
// has ended: even a store that never waits must not act for one.
func check(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return storage.ErrKey
	}
	return ctx.Err()
}
