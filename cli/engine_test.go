package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/storage"
)

func TestEngine_NoticesThatTheStoreIsFull(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("put a summary: %w", storage.ErrFull)
	for _, c := range []struct {
		name  string
		local bool
		err   error
		ends  bool
	}{
		{"full", true, full, true},
		{"another error", true, storage.ErrUnreachable, false},
		{"no error", true, nil, false},
		{"full, on a cluster", false, full, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := &engine{local: c.local, full: make(chan error, 1)}
			h := g.noticing(func(context.Context, queue.Task) (queue.Result, error) { return queue.Result{}, c.err })
			for range 3 { // more than the channel holds
				if _, err := h(t.Context(), queue.Task{}); !errors.Is(err, c.err) {
					t.Fatalf("the handler returns %v, want %v", err, c.err)
				}
			}
			if told := len(g.full) > 0; told != c.ends {
				t.Errorf("told that the store is full: %t, want %t", told, c.ends)
			}
			if !c.ends {
				return
			}
			ctx, cancel := g.unlessFull(t.Context())
			defer cancel()
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), storage.ErrFull) {
				t.Errorf("cause %v, want %v", context.Cause(ctx), storage.ErrFull)
			}
		})
	}
}
