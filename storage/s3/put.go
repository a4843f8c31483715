package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// maxPutRounds bounds how often Put starts again because the object that was
// in its way has gone.
const maxPutRounds = 4

// Put implements [storage.Putter]. Where the object that holds the key is
// corrupt, the error is both ErrConflict and ErrCorrupt: Delete it and Put again.
func (s *Store) Put(ctx context.Context, key string, data []byte) error {
	err := check(ctx, key)
	if err == nil {
		err = s.put(ctx, key, data)
	}
	return storage.WrapKey("put", key, err)
}

// put creates the object, and where its key is taken compares. An object that
// goes between the two, because someone repairs it, is put again.
func (s *Store) put(ctx context.Context, key string, data []byte) error {
	for round := range maxPutRounds {
		if err := pauseBefore(ctx, round); err != nil {
			return err
		}
		err := s.create(ctx, key, data)
		if !isTaken(err) && !s.isThere(ctx, key, err) {
			return s.conn.explain(ctx, err)
		}
		if err = s.compare(ctx, key, data); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return fmt.Errorf("%s answers that the object is there and that it is not: others keep deleting it: try again", s.conn.config.Endpoint)
}

// isThere reports whether a PUT that ended in err finds its key taken all the
// same: servers that refuse a body before they have read it may reset the
// connection, so that the answer is lost, and answer a mere "internal error"
// where the object's metadata are damaged.
func (s *Store) isThere(ctx context.Context, key string, err error) bool {
	var answer minio.ErrorResponse
	if err == nil || ctx.Err() != nil || (errors.As(err, &answer) && !isInternal(err)) {
		return false
	}
	_, err = s.conn.stat(ctx, s.conn.config.Bucket, s.base+key, "")
	return err == nil || isInternal(err)
}

// create is one create-only PUT. Its errors are not sorted.
func (s *Store) create(ctx context.Context, key string, data []byte) error {
	return s.conn.watched(ctx, func(w *watch) error {
		opts := putOptions(data)
		opts.SetMatchETagExcept("*")
		body := &upload{data: bytes.NewReader(data), watch: w}
		_, err := s.conn.core.Client.PutObject(w, s.conn.config.Bucket, s.base+key, body, int64(len(data)), opts)
		return err
	})
}

// putOptions has the server check the bytes by a checksum that holds for every
// attempt, and take them in one request.
func putOptions(data []byte) minio.PutObjectOptions {
	return minio.PutObjectOptions{
		DisableMultipart: true, DisableContentSha256: true,
		UserMetadata: map[string]string{"x-amz-checksum-crc32c": checksum(data)},
		ContentType:  "application/octet-stream",
	}
}

// checksum returns the CRC-32C as S3 writes it.
func checksum(data []byte) string {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// compare returns nil if the object holds data, and ErrNotFound if it has gone.
func (s *Store) compare(ctx context.Context, key string, data []byte) error {
	have, err := s.get(ctx, key)
	switch {
	case err == nil && bytes.Equal(have, data):
		return nil
	case err == nil:
		return storage.ErrConflict
	case errors.Is(err, storage.ErrCorrupt):
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return err
}
