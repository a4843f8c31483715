package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/binglide/binglide/job"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	permanent := fmt.Errorf("read: %w", job.ErrInputChanged)
	for _, tt := range []struct {
		name  string
		cause error // of the context's end
		err   error
		try   int
		want  Verdict
	}{
		{"success", nil, nil, 0, Done},
		{"success while stopping", ErrStopping, nil, 0, Done},
		{"success after cancel", job.ErrCancelled, nil, 0, Done},
		{"error", nil, errFlaky, 0, Retry},
		{"error at the last but one try", nil, errFlaky, 4, Retry},
		{"error at the last try", nil, errFlaky, 5, GiveUp},
		{"permanent", nil, permanent, 0, GiveUp},
		{"cancelled by error", nil, fmt.Errorf("x: %w", job.ErrCancelled), 5, Revoke},
		{"cancelled by cause", job.ErrCancelled, errFlaky, 5, Revoke},
		{"cancelled and permanent", job.ErrCancelled, permanent, 0, Revoke},
		{"stopping by error", nil, fmt.Errorf("x: %w", ErrStopping), 5, Requeue},
		{"stopping by cause", ErrStopping, errFlaky, 5, Requeue},
		{"stopping and permanent", ErrStopping, permanent, 0, Requeue},
		{"timed out", errTimeout, context.DeadlineExceeded, 0, Retry},
		{"timed out at the last try", errTimeout, context.DeadlineExceeded, 5, GiveUp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if tt.cause != nil {
				cancel(tt.cause)
			}
			if got := Decide(ctx, tt.err, Try{Number: tt.try, Max: 5}); got != tt.want {
				t.Errorf("Decide = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	most := 200 * time.Millisecond
	for n := range 70 {
		for range 20 {
			if d := delay(n); d <= most/2-1 || d > most {
				t.Fatalf("delay(%d) = %v, want %v to %v", n, d, most/2, most)
			}
		}
		most = min(2*most, 30*time.Second)
	}
}

func TestCountsAsTry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"retry", &outcome{verdict: Retry, err: errFlaky}, true},
		{"requeue", &outcome{verdict: Requeue, err: ErrStopping}, false},
		{"lease expired", asynq.ErrLeaseExpired, true},
		{"outlived its deadline", context.DeadlineExceeded, true},
		{"cancelled from the dashboard", context.Canceled, false},
	} {
		if got := countsAsTry(tt.err); got != tt.want {
			t.Errorf("%s: countsAsTry = %v", tt.name, got)
		}
	}
}

func TestOutcome_IsBoth(t *testing.T) {
	t.Parallel()
	var err error = &outcome{verdict: GiveUp, err: errFlaky, also: asynq.SkipRetry}
	if !errors.Is(err, asynq.SkipRetry) || !errors.Is(err, errFlaky) || err.Error() != "flaky" {
		t.Errorf("outcome = %v", err)
	}
	if errors.Is(&outcome{err: errFlaky}, asynq.SkipRetry) {
		t.Error("a plain outcome skips retries")
	}
}

func TestRecovered(t *testing.T) {
	t.Parallel()
	if err := recovered(errFlaky); !errors.Is(err, errFlaky) {
		t.Errorf("recovered(error) = %v", err)
	}
	if err := recovered(7); err.Error() != "handler panicked: 7" {
		t.Errorf("recovered(7) = %v", err)
	}
}
