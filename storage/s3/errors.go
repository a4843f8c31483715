package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/binglide/binglide/storage"
)

// codeClasses sorts the error codes of S3 into the store's taxonomy.
var codeClasses = map[string]error{
	"NoSuchKey":                       storage.ErrNotFound,
	"NoSuchVersion":                   storage.ErrNotFound,
	"InvalidRange":                    storage.ErrCorrupt,
	"AccessDenied":                    storage.ErrDenied,
	"SignatureDoesNotMatch":           storage.ErrDenied,
	"InvalidAccessKeyId":              storage.ErrDenied,
	"InvalidTokenId":                  storage.ErrDenied,
	"ExpiredToken":                    storage.ErrDenied,
	"XMinioStorageFull":               storage.ErrFull,
	"XMinioAdminBucketQuotaExceeded":  storage.ErrFull,
	"QuotaExceeded":                   storage.ErrFull,
	"SlowDown":                        storage.ErrUnreachable,
	"ServiceUnavailable":              storage.ErrUnreachable,
	"XMinioServerNotInitialized":      storage.ErrUnreachable,
	"XMinioServerNotInitializedError": storage.ErrUnreachable,
}

// statusClasses sorts what the codes above do not.
var statusClasses = map[int]error{
	http.StatusUnauthorized:                 storage.ErrDenied,
	http.StatusForbidden:                    storage.ErrDenied,
	http.StatusRequestedRangeNotSatisfiable: storage.ErrCorrupt,
	http.StatusInsufficientStorage:          storage.ErrFull,
	http.StatusBadGateway:                   storage.ErrUnreachable,
	http.StatusServiceUnavailable:           storage.ErrUnreachable,
	http.StatusGatewayTimeout:               storage.ErrUnreachable,
}

// explain sorts an error of a call made with ctx. The endpoint is named
// wherever it may be to blame.
func (c *conn) explain(ctx context.Context, err error) error {
	var answer minio.ErrorResponse
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errStalled):
		return fmt.Errorf("%w: %s: no bytes moved for %v: is the server overloaded or the network down?",
			storage.ErrUnreachable, c.config.Endpoint, c.config.StallTimeout)
	case errors.As(err, &answer):
		return c.explainAnswer(answer)
	}
	return fmt.Errorf("%w: %s: is the server running, and the endpoint right? %w", storage.ErrUnreachable, c.config.Endpoint, err)
}

// explainAnswer sorts what the server said: by its code, then by the HTTP
// status. What is in neither table may pass and has no class.
func (c *conn) explainAnswer(answer minio.ErrorResponse) error {
	class, ok := codeClasses[answer.Code]
	if !ok {
		class = statusClasses[answer.StatusCode]
	}
	if class == nil && isInternal(answer) && strings.Contains(answer.Message, "no space left on device") {
		class = storage.ErrFull // MinIO has no code for it
	}
	switch {
	case class == nil:
		return answerError{answer}
	case errors.Is(class, storage.ErrNotFound):
		return class
	case errors.Is(class, storage.ErrFull):
		return fmt.Errorf("%w: %s: free some space on the server: %w", class, c.config.Endpoint, answerError{answer})
	case errors.Is(class, storage.ErrDenied):
		return fmt.Errorf("%w: %s: check the credentials and what they allow: %w", class, c.config.Endpoint, answerError{answer})
	}
	return fmt.Errorf("%w: %s: %w", class, c.config.Endpoint, answerError{answer})
}

// answerError shows the code and status of a server's answer, which its own
// text lacks and by which its documentation is searched.
type answerError struct{ minio.ErrorResponse }

func (e answerError) Error() string {
	return fmt.Sprintf("%s (%s, HTTP %d)", e.ErrorResponse.Error(), e.Code, e.StatusCode)
}

func (e answerError) Unwrap() error { return e.ErrorResponse }

// isTaken reports whether a create-only PUT found its key taken, or another
// such PUT under way.
func isTaken(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) &&
		(answer.StatusCode == http.StatusPreconditionFailed || answer.Code == "PreconditionFailed" || answer.Code == "ConditionalRequestConflict")
}

// isServerFault reports whether the server answered that it could not.
func isServerFault(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && answer.StatusCode >= http.StatusInternalServerError
}

// isInternal reports whether the server answered that it could not, for a
// reason that damage of the object may be: MinIO says SlowDownRead of damaged
// data and InternalError of damaged metadata.
func isInternal(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && (answer.Code == "InternalError" || answer.Code == "SlowDownRead" ||
		answer.StatusCode == http.StatusInternalServerError)
}
