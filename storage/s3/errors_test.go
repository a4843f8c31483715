package s3

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	c := &conn{config: Config{Endpoint: "http://host:9000"}}
	full := minio.ErrorResponse{Code: "InternalError", StatusCode: 500, Message: "cause(no space left on device)"}
	for name, e := range map[string]struct {
		err, want error
	}{
		"NoSuchKey":     {minio.ErrorResponse{Code: "NoSuchKey", StatusCode: 404}, storage.ErrNotFound},
		"NoSuchVersion": {minio.ErrorResponse{Code: "NoSuchVersion", StatusCode: 404}, storage.ErrNotFound},
		"NoSuchBucket":  {minio.ErrorResponse{Code: "NoSuchBucket", StatusCode: 404}, nil},
		"AccessDenied":  {minio.ErrorResponse{Code: "AccessDenied", StatusCode: 403}, storage.ErrDenied},
		"BadSignature":  {minio.ErrorResponse{Code: "SignatureDoesNotMatch", StatusCode: 403}, storage.ErrDenied},
		"UnknownKey":    {minio.ErrorResponse{Code: "InvalidAccessKeyId", StatusCode: 403}, storage.ErrDenied},
		"ClockSkew":     {minio.ErrorResponse{Code: "RequestTimeTooSkewed", StatusCode: 403}, storage.ErrDenied},
		"StorageFull":   {minio.ErrorResponse{Code: "XMinioStorageFull", StatusCode: 507}, storage.ErrFull},
		"Status507":     {minio.ErrorResponse{StatusCode: 507}, storage.ErrFull},
		"DiskFull":      {full, storage.ErrFull},
		"Internal":      {minio.ErrorResponse{Code: "InternalError", StatusCode: 500}, nil},
		"SlowDown":      {minio.ErrorResponse{Code: "SlowDown", StatusCode: 503}, storage.ErrUnreachable},
		"Range":         {minio.ErrorResponse{Code: "InvalidRange", StatusCode: 416}, storage.ErrCorrupt},
		"Reset":         {&url.Error{Op: "Get", URL: "x", Err: io.ErrUnexpectedEOF}, storage.ErrUnreachable},
		"Stalled":       {errStalled, storage.ErrUnreachable},
	} {
		got := c.explain(t.Context(), e.err)
		if e.want != nil && !errors.Is(got, e.want) {
			t.Errorf("%s: got %v, want %v", name, got, e.want)
		}
		if e.want == nil && classOf(got) != nil {
			t.Errorf("%s: got %v, want no class", name, got)
		}
		if errors.Is(e.want, storage.ErrUnreachable) && !strings.Contains(got.Error(), "http://host:9000") {
			t.Errorf("%s: %v does not name the endpoint", name, got)
		}
	}
}

func classOf(err error) error {
	for _, class := range []error{
		storage.ErrNotFound, storage.ErrDenied, storage.ErrFull, storage.ErrUnreachable, storage.ErrCorrupt, storage.ErrConflict,
	} {
		if errors.Is(err, class) {
			return class
		}
	}
	return nil
}

func TestExplain_ContextFirst(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &conn{}
	if got := c.explain(ctx, io.ErrUnexpectedEOF); got != context.Canceled { //nolint:errorlint // exactly that
		t.Errorf("got %v", got)
	}
	if got := c.explain(ctx, nil); got != nil {
		t.Errorf("nil: got %v", got)
	}
}
