package input

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// ObjectReader reads objects of S3-compatible storage that are not ours.
// Implementations are safe for concurrent use, and every call ends when its
// context does.
type ObjectReader interface {
	// Stat returns o pinned to the version (where the bucket keeps versions)
	// and ETag that it has now, and its size in bytes; storage.ErrNotFound
	// if there is none.
	Stat(ctx context.Context, o job.Object) (job.Object, int64, error)
	// ReadAt fills buf with the bytes at offset of exactly the version that
	// o is pinned to, which has the given size. If the object is no longer
	// that one the error is job.ErrInputChanged, wrapped.
	ReadAt(ctx context.Context, o job.Object, size, offset int64, buf []byte) error
}

// StatObject describes the object of which o names bucket and key, pinned to
// what it is now. An absent one is storage.ErrNotFound.
func StatObject(ctx context.Context, objects ObjectReader, o job.Object) (job.Input, error) {
	pinned, size, err := objects.Stat(ctx, o)
	if err != nil {
		return job.Input{}, fmt.Errorf("look at %s: %w", objectURL(&o), err)
	}
	return job.Input{Name: path.Base(o.Key), Size: size, Object: &pinned}, nil
}

// objectURL returns what users call an object.
func objectURL(o *job.Object) string { return "s3://" + o.Bucket + "/" + o.Key }

// objectReader reads an object by ranges that are pinned to one version of it.
// Nothing of it is checked between reads: every read checks for itself.
type objectReader struct {
	in      *job.Input
	objects ObjectReader
	bufs    *buffers
}

// openObject finds the endpoint's reader. It asks nothing of the object: that
// it was overwritten shows at the first read.
func openObject(ctx context.Context, in *job.Input, open func(context.Context, string) (ObjectReader, error)) (Reader, error) {
	objects, err := open(ctx, in.Object.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", objectURL(in.Object), err)
	}
	return &objectReader{in, objects, newBuffers(min(maxRead, max(1, in.Size)))}, nil
}

// Identity implements [job.Identifier].
func (o *objectReader) Identity(_ context.Context, r job.Range) (job.Identity, error) {
	return o.in.IdentityOf(job.Digest{}, r), checkRange(o.in, r)
}

// Scan implements part of [Reader]. Each read is drained before it is visited.
func (o *objectReader) Scan(ctx context.Context, r job.Range, visit func([]byte, int64) error) error {
	if err := checkRange(o.in, r); err != nil {
		return err
	}
	buf := o.bufs.get()
	defer o.bufs.put(buf)
	for w := range windows(r, maxRead) {
		data := (*buf)[:w.Length]
		if err := o.read(ctx, w.Offset, data); err != nil {
			return err
		}
		if err := visitPieces(ctx, data, w.Offset, visit); err != nil {
			return err
		}
	}
	return nil
}

// read fills buf with the bytes at offset. An object that was deleted counts as
// changed, since no further attempt would find it.
func (o *objectReader) read(ctx context.Context, offset int64, buf []byte) error {
	err := o.objects.ReadAt(ctx, *o.in.Object, o.in.Size, offset, buf)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("%w: %s is gone: submit it again once it is back: %w", job.ErrInputChanged, objectURL(o.in.Object), err)
	case errors.Is(err, job.ErrInputChanged):
		return fmt.Errorf("read %s at byte %d: %w: submit it again", objectURL(o.in.Object), offset, err)
	}
	return fmt.Errorf("read %s at byte %d: %w", objectURL(o.in.Object), offset, err)
}

// Close implements part of [Reader].
func (o *objectReader) Close() error { return nil }
