package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// errBroken marks a read that broke off after the server had begun to answer.
var errBroken = errors.New("the answer broke off")

// read is one read of an object, in as many attempts as it takes.
type read struct {
	bucket, object string
	version, etag  string // either may be empty
	offset         int64
	buf            []byte
	sized          bool // buf is as long as what is wanted
	got            int  // bytes of buf that are there
}

// run reads, or returns a sorted error; or, unsorted, one for which isTaken
// holds: the object that was begun with is no longer there. What the server
// sends of an object it finds damaged breaks off each time, so it takes all
// attempts to know.
func (c *conn) run(ctx context.Context, r *read) (err error) {
	for attempt := range c.config.Attempts {
		if err := pauseBefore(ctx, attempt); err != nil {
			return err
		}
		err = c.watched(ctx, func(w *watch) error { return c.attempt(w, r) })
		if !mayPass(err) {
			return c.explainRead(ctx, err)
		}
		if isServerFault(err) && attempt > 0 {
			break // it was asked requestAttempts times each
		}
	}
	if ctx.Err() == nil && c.isDamaged(ctx, r, err) {
		return fmt.Errorf("%w: the server has the object but fails to send it: %w", storage.ErrCorrupt, err)
	}
	return c.explainRead(ctx, err)
}

// runAnew runs a read from its beginning again if the object was deleted and
// put again between two attempts.
func (c *conn) runAnew(ctx context.Context, begin func() *read) (err error) {
	for range c.config.Attempts {
		if err = c.run(ctx, begin()); !isTaken(err) {
			return err
		}
	}
	return c.explain(ctx, err)
}

// attempt reads what is missing, in one request. What arrived before it failed
// is kept. The answer is drained into memory before anyone computes on it,
// because a server may lock an object for as long as it is being sent.
func (c *conn) attempt(w *watch, r *read) error {
	opts := minio.GetObjectOptions{VersionID: r.version}
	if r.etag != "" {
		opts.Set("If-Match", `"`+r.etag+`"`)
	}
	if r.sized {
		first := r.offset + int64(r.got)
		opts.Set("Range", fmt.Sprintf("bytes=%d-%d", first, r.offset+int64(len(r.buf))-1))
	}
	body, info, _, err := c.core.GetObject(w, r.bucket, r.object, opts)
	if err != nil {
		return err
	}
	defer body.Close()
	w.moved()
	if err := r.begin(info); err != nil {
		return err
	}
	n, err := io.ReadFull(watchedReader{body, w}, r.buf[r.got:])
	r.got += n
	if err != nil {
		return fmt.Errorf("%w after %d of %d bytes: %w", errBroken, r.got, len(r.buf), err)
	}
	return nil
}

// begin checks the head of an answer. Later attempts must meet the same object.
func (r *read) begin(info minio.ObjectInfo) error {
	if !r.sized {
		r.buf, r.sized = make([]byte, info.Size), true
	}
	if want := int64(len(r.buf) - r.got); info.Size != want {
		return fmt.Errorf("%w: %d bytes at %d are there, %d wanted", storage.ErrCorrupt, info.Size, r.offset+int64(r.got), want)
	}
	r.etag = info.ETag
	return nil
}

// mayPass reports whether a read that ended in err is worth another attempt.
func mayPass(err error) bool {
	var answer minio.ErrorResponse
	switch {
	case err == nil, errors.Is(err, storage.ErrCorrupt):
		return false
	case errors.As(err, &answer):
		return isServerFault(err)
	}
	return true
}

// isDamaged tells an object that the server cannot send from a server that
// cannot be reached or is overloaded. Of the one, HEAD still answers that it is
// there; or, where even that fails, another object can still be asked about.
func (c *conn) isDamaged(ctx context.Context, r *read, err error) bool {
	if !errors.Is(err, errBroken) && !isInternal(err) || errors.Is(err, errStalled) {
		return false
	}
	_, err = c.stat(ctx, r.bucket, r.object, r.version)
	if isInternal(err) && c.witness != "" {
		_, err = c.stat(ctx, c.config.Bucket, c.witness, "")
	}
	return err == nil
}

// explainRead sorts an error, but leaves the verdicts of this file alone.
func (c *conn) explainRead(ctx context.Context, err error) error {
	if errors.Is(err, storage.ErrCorrupt) || isTaken(err) {
		return err
	}
	return c.explain(ctx, err)
}

// stat sends a HEAD. Its errors are sorted. It proves nothing of the object's
// health: MinIO answers it for objects whose data are gone.
func (c *conn) stat(ctx context.Context, bucket, object, version string) (info minio.ObjectInfo, err error) {
	err = c.watched(ctx, func(w *watch) error {
		info, err = c.core.StatObject(w, bucket, object, minio.StatObjectOptions{VersionID: version})
		return err
	})
	return info, c.explain(ctx, err)
}

// checkRange returns ErrCorrupt for bytes that no object has.
func checkRange(offset int64, length int) error {
	if offset < 0 || offset > math.MaxInt64-int64(length) {
		return fmt.Errorf("%w: no object has %d bytes at %d", storage.ErrCorrupt, length, offset)
	}
	return nil
}
