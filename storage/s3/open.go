package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// probe is the name of an empty object, put to see whether that is allowed and
// left there for the next to see. It is no valid key.
const probe = ".writable"

// Open returns the store that c describes. It creates the bucket if it is
// missing, and sees whether objects can be put there. It ends within
// c.OpenTimeout: with [storage.ErrUnreachable] if the server does not answer,
// with [storage.ErrDenied] if there are no credentials or they do not allow it.
func Open(ctx context.Context, c Config) (*Store, error) { return open(ctx, c, osEnvironment()) }

func open(ctx context.Context, c Config, env environment) (*Store, error) {
	if err := checkBucket(c.Bucket); err != nil {
		return nil, err
	}
	conn, err := dial(c, env)
	if err != nil {
		return nil, err
	}
	s := &Store{conn: conn}
	if conn.config.Prefix != "" {
		s.base = conn.config.Prefix + "/"
	}
	if err := conn.inTime(ctx, s.prepare); err != nil {
		return nil, fmt.Errorf("open store %s: %w", conn.config, err)
	}
	return s, nil
}

// inTime bounds a call by the time allowed for opening.
func (c *conn) inTime(parent context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(parent, c.config.OpenTimeout, errTimeout)
	defer cancel()
	err := call(ctx)
	if err != nil && parent.Err() == nil && ctx.Err() != nil {
		return fmt.Errorf("%w: no answer within %v: is the server running, and the endpoint right?", storage.ErrUnreachable, c.config.OpenTimeout)
	}
	return err
}

// prepare sees to the bucket and finds out whether objects can be put there,
// so that wrong credentials show at once and not with the first result.
func (s *Store) prepare(ctx context.Context) error {
	bucket := s.conn.config.Bucket
	exists, err := s.conn.core.BucketExists(ctx, bucket)
	if err = s.conn.explain(ctx, err); err != nil && !errors.Is(err, storage.ErrDenied) {
		return fmt.Errorf("look for bucket %s: %w", bucket, err)
	}
	if err == nil && !exists {
		if err := s.createBucket(ctx); err != nil {
			return fmt.Errorf("create bucket %s: %w", bucket, err)
		}
	}
	// Those who may not look at the bucket may still be allowed to put.
	if err := s.create(ctx, probe, nil); err != nil && !isTaken(err) {
		return fmt.Errorf("put an object in bucket %s: %w", bucket, s.conn.explain(ctx, err))
	}
	s.conn.witness = s.base + probe
	return nil
}

// createBucket takes it for success that another creates the bucket meanwhile.
func (s *Store) createBucket(ctx context.Context) error {
	err := s.conn.core.MakeBucket(ctx, s.conn.config.Bucket, minio.MakeBucketOptions{Region: s.conn.config.Region})
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && (answer.Code == "BucketAlreadyOwnedByYou" || answer.Code == "BucketAlreadyExists") {
		return nil
	}
	return s.conn.explain(ctx, err)
}
