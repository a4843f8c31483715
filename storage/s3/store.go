package s3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// Store implements [storage.Store] on a bucket, below a prefix.
type Store struct {
	conn *conn
	base string // prefix with its slash, or empty
}

// Get implements [storage.Getter].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if err := check(ctx, key); err != nil {
		return nil, storage.WrapKey("get", key, err)
	}
	data, err := s.get(ctx, key)
	return data, storage.WrapKey("get", key, err)
}

// get returns the bytes of an object; its errors are sorted, but not wrapped.
func (s *Store) get(ctx context.Context, key string) ([]byte, error) {
	var r *read
	err := s.conn.runAnew(ctx, func() *read {
		r = s.read(key)
		return r
	})
	if err != nil {
		return nil, err
	}
	return r.buf, nil
}

// read begins a read of a whole object.
func (s *Store) read(key string) *read {
	return &read{bucket: s.conn.config.Bucket, object: s.base + key}
}

// GetRange implements [storage.RangeGetter].
func (s *Store) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	err := check(ctx, key)
	if err == nil {
		err = s.getRange(ctx, key, offset, buf)
	}
	return storage.WrapKey("get", key, err)
}

func (s *Store) getRange(ctx context.Context, key string, offset int64, buf []byte) error {
	if len(buf) == 0 {
		return s.reaches(ctx, key, offset)
	}
	if err := checkRange(offset, len(buf)); err != nil {
		return err
	}
	return s.conn.runAnew(ctx, func() *read {
		r := s.read(key)
		r.offset, r.buf, r.sized = offset, buf, true
		return r
	})
}

// reaches is the read of no bytes, which S3 has no request for.
func (s *Store) reaches(ctx context.Context, key string, offset int64) error {
	info, err := s.conn.stat(ctx, s.conn.config.Bucket, s.base+key, "")
	if err == nil && (offset < 0 || offset > info.Size) {
		err = fmt.Errorf("%w: it ends at byte %d, before %d", storage.ErrCorrupt, info.Size, offset)
	}
	return err
}

// Stat implements [storage.Statter].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := check(ctx, key); err != nil {
		return storage.Info{}, storage.WrapKey("stat", key, err)
	}
	info, err := s.conn.stat(ctx, s.conn.config.Bucket, s.base+key, "")
	if err != nil {
		return storage.Info{}, storage.WrapKey("stat", key, err)
	}
	return storage.Info{Key: key, Size: info.Size}, nil
}

// Delete implements [storage.Deleter].
func (s *Store) Delete(ctx context.Context, key string) error {
	err := check(ctx, key)
	if err == nil {
		err = s.remove(ctx, key)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return storage.WrapKey("delete", key, err)
}

// remove deletes an object. MinIO refuses to delete one whose metadata are
// damaged unless it is forced to; other servers do not know that header.
func (s *Store) remove(ctx context.Context, key string) error {
	err := s.removeBy(ctx, key, minio.RemoveObjectOptions{})
	if isInternal(err) {
		err = s.removeBy(ctx, key, minio.RemoveObjectOptions{ForceDelete: true})
	}
	return s.conn.explain(ctx, err)
}

// removeBy sends one DELETE. Its errors are not sorted.
func (s *Store) removeBy(ctx context.Context, key string, opts minio.RemoveObjectOptions) error {
	return s.conn.watched(ctx, func(w *watch) error {
		return s.conn.core.RemoveObject(w, s.conn.config.Bucket, s.base+key, opts)
	})
}

// List implements [storage.Lister]. It skips what has no valid key.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		err := ctx.Err()
		if !storage.ValidPrefix(prefix) {
			err = storage.ErrKey
		}
		if err == nil {
			err = s.list(ctx, prefix, yield)
		}
		if err != nil {
			yield(storage.Info{}, storage.WrapKey("list", prefix, err))
		}
	}
}

// list returns nil when yield wants no more. The progress deadline stands
// still while yield runs.
func (s *Store) list(ctx context.Context, prefix string, yield func(storage.Info, error) bool) error {
	err := s.conn.watched(ctx, func(w *watch) error {
		opts := minio.ListObjectsOptions{Prefix: s.base + prefix, Recursive: true}
		for object := range s.conn.core.ListObjectsIter(w, s.conn.config.Bucket, opts) {
			if object.Err != nil {
				return object.Err
			}
			key := strings.TrimPrefix(object.Key, s.base)
			w.pause()
			if storage.ValidKey(key) && !yield(storage.Info{Key: key, Size: object.Size}, nil) {
				return nil
			}
			w.moved()
		}
		return nil
	})
	return s.conn.explain(ctx, err)
}

// check returns ErrKey for a malformed key, and the error of a context that
// has ended.
func check(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return storage.ErrKey
	}
	return ctx.Err()
}
