// Package sealed keeps objects that prove, each time they are read, that they
// are what was written, whole, and where they belong.
//
// A sealed object is one line of text followed by the payload:
//
//	binglide sealed/1 <key> <payload length> sha256:<64 hexadecimal digits>
//
// The digest covers the line up to the digest and the payload. So a truncated,
// altered or misplaced object is noticed by its reader. Equal payloads under
// one key seal to equal bytes.
package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/binglide/binglide/storage"
)

// maxPutRounds bounds how often Put starts again after it has found the object
// corrupt or deleted meanwhile. One is enough unless others do the same.
const maxPutRounds = 4

// Store seals the objects of another store. It implements [storage.Store]; all
// sizes and offsets are those of payloads.
type Store struct{ inner storage.Store }

// New returns a store that seals the objects of inner. It panics if inner is nil.
func New(inner storage.Store) *Store {
	if inner == nil {
		panic("sealed: nil store")
	}
	return &Store{inner}
}

// Get implements [storage.Getter]: the payload it returns is what was put, or
// the error is [storage.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	object, err := s.inner.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	payload, err := Open(key, object)
	if err != nil {
		return nil, storage.WrapKey("get", key, err)
	}
	return payload, nil
}

// GetRange implements [storage.RangeGetter]. It reads the whole object, as
// nothing less can be verified.
func (s *Store) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	payload, err := s.Get(ctx, key)
	if err != nil {
		return err
	}
	if offset < 0 || offset > int64(len(payload)-len(buf)) {
		err := fmt.Errorf("%w: %d bytes at %d of a payload of %d bytes", storage.ErrCorrupt, len(buf), offset, len(payload))
		return storage.WrapKey("get", key, err)
	}
	copy(buf, payload[offset:])
	return nil
}

// Put implements [storage.Putter], and repairs: a corrupt object under the key
// is deleted, and the payload put in its place.
func (s *Store) Put(ctx context.Context, key string, payload []byte) error {
	object := Seal(key, payload)
	for range maxPutRounds {
		err := s.inner.Put(ctx, key, object)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
		if again, err := s.clear(ctx, key, payload); !again {
			return err
		}
	}
	return storage.WrapKey("put", key, errors.New("others keep deleting or damaging the object: try again"))
}

// clear makes room for a payload whose key is taken, and reports whether to put it again.
func (s *Store) clear(ctx context.Context, key string, payload []byte) (again bool, err error) {
	have, err := s.Get(ctx, key)
	switch {
	case err == nil && bytes.Equal(have, payload):
		return false, nil
	case err == nil:
		return false, storage.WrapKey("put", key, storage.ErrConflict)
	case errors.Is(err, storage.ErrNotFound):
		return true, nil
	case !errors.Is(err, storage.ErrCorrupt):
		return false, err
	}
	err = s.inner.Delete(ctx, key)
	return err == nil, err
}

// Stat implements [storage.Statter]. The size is derived from that of the
// sealed object, of which nothing is read.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.inner.Stat(ctx, key)
	if err != nil {
		return storage.Info{}, err
	}
	return unsealInfo(info), nil
}

// List implements [storage.Lister]. Sizes are meaningless for objects that are
// not sealed.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range s.inner.List(ctx, prefix) {
			if err == nil {
				info = unsealInfo(info)
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// Delete implements [storage.Deleter].
func (s *Store) Delete(ctx context.Context, key string) error { return s.inner.Delete(ctx, key) }
