package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage/s3"
)

// objectReader returns what reads the objects of a server: the store's own
// where no endpoint is named.
func (e *env) objectReader(ctx context.Context, store *openedStore, endpoint string) (input.ObjectReader, error) {
	if endpoint == "" && store.objects != nil {
		return objects{store.objects}, nil
	}
	o, err := e.openObjects(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	return objects{o}, nil
}

// objects makes an input.ObjectReader of what storage/s3 offers.
type objects struct{ *s3.Objects }

// Stat implements part of [input.ObjectReader].
func (o objects) Stat(ctx context.Context, at job.Object) (job.Object, int64, error) {
	info, err := o.Objects.Stat(ctx, at.Bucket, at.Key, at.Version)
	if err != nil {
		return at, 0, err
	}
	at.Version, at.ETag = info.Version, info.ETag
	return at, info.Size, nil
}

// ReadAt implements part of [input.ObjectReader].
func (o objects) ReadAt(ctx context.Context, at job.Object, size, offset int64, buf []byte) error {
	info := s3.ObjectInfo{Bucket: at.Bucket, Key: at.Key, Version: at.Version, ETag: at.ETag, Size: size}
	err := o.Objects.ReadAt(ctx, info, offset, buf)
	if errors.Is(err, s3.ErrChanged) {
		return fmt.Errorf("%w: s3://%s/%s was overwritten or deleted: %w", job.ErrInputChanged, at.Bucket, at.Key, err)
	}
	return err
}
