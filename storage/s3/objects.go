package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/binglide/binglide/storage"
)

// ErrChanged means that an object is no longer the one that was looked at: it
// was overwritten or deleted. It is never retried.
var ErrChanged = errors.New("object changed")

// ObjectInfo is one version of an object that others keep.
type ObjectInfo struct {
	Bucket, Key string
	Version     string // empty where the bucket keeps no versions
	ETag        string // without its quotes
	Size        int64  // bytes
}

// Objects reads objects of any bucket of one server. It is safe for
// concurrent use.
type Objects struct{ conn *conn }

// OpenObjects returns the objects of the server that c describes; it has no use
// for the bucket and prefix. It sends nothing: whether the server answers
// shows with the first call.
func OpenObjects(ctx context.Context, c Config) (*Objects, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := dial(c, osEnvironment())
	if err != nil {
		return nil, err
	}
	return &Objects{conn}, nil
}

// Objects returns the objects of the server that the store is on.
func (s *Store) Objects() *Objects { return &Objects{s.conn} }

// Stat describes the given version of an object, or the current one if version
// is empty. An absent one is [storage.ErrNotFound]. It ends within the
// configured OpenTimeout.
func (o *Objects) Stat(ctx context.Context, bucket, key, version string) (found ObjectInfo, err error) {
	if err := checkBucket(bucket); err != nil {
		return ObjectInfo{}, err
	}
	err = o.conn.inTime(ctx, func(ctx context.Context) error {
		info, err := o.conn.stat(ctx, bucket, key, version)
		found = ObjectInfo{bucket, key, info.VersionID, info.ETag, info.Size}
		return err
	})
	if err != nil {
		return ObjectInfo{}, fmt.Errorf("look at s3://%s/%s at %s: %w", bucket, key, o.conn.config.Endpoint, err)
	}
	if found.Version == "null" {
		found.Version = "" // of a bucket that has stopped keeping versions: it is overwritten
	}
	return found, nil
}

// ReadAt fills buf with the bytes from offset on of exactly that version of the
// object, or of the object with that ETag where there is no version. If there
// is none the error is [ErrChanged]; bytes beyond the end are
// [storage.ErrCorrupt].
func (o *Objects) ReadAt(ctx context.Context, info ObjectInfo, offset int64, buf []byte) error {
	err := checkRange(offset, len(buf))
	if err == nil && len(buf) > 0 {
		err = o.readAt(ctx, info, offset, buf)
	}
	if err != nil {
		return fmt.Errorf("read %d bytes at %d of s3://%s/%s: %w", len(buf), offset, info.Bucket, info.Key, err)
	}
	return nil
}

// readAt reads a range that lies within the object. Both the version and the
// ETag are asked for: where there are no versions, the ETag alone tells.
func (o *Objects) readAt(ctx context.Context, info ObjectInfo, offset int64, buf []byte) error {
	if offset+int64(len(buf)) > info.Size {
		return fmt.Errorf("%w: the object has %d bytes", storage.ErrCorrupt, info.Size)
	}
	r := &read{
		bucket: info.Bucket, object: info.Key, version: info.Version, etag: info.ETag,
		offset: offset, buf: buf, sized: true,
	}
	err := o.conn.run(ctx, r)
	if isTaken(err) || errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w since it was looked at", ErrChanged)
	}
	return err
}
