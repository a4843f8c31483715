package jobs

import (
	"context"
	"sync"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
)

// lazyInput opens an input when its bytes are first needed. The keys of results
// need less, so a result can be had after its file has changed or gone.
type lazyInput struct {
	in  *job.Input
	src input.Sources

	mu     sync.Mutex
	opened input.Reader
}

func newLazyInput(in *job.Input, src input.Sources) *lazyInput {
	return &lazyInput{in: in, src: src}
}

func (l *lazyInput) open(ctx context.Context) (input.Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened != nil {
		return l.opened, nil
	}
	r, err := input.Open(ctx, l.in, l.src)
	if err != nil {
		return nil, err
	}
	l.opened = r
	return r, nil
}

// Identity implements part of [input.Reader]. Only stored inputs have to be
// opened for it, to read their manifest.
func (l *lazyInput) Identity(ctx context.Context, r job.Range) (job.Identity, error) {
	if l.in.Stored == nil {
		return l.in.IdentityOf(job.Digest{}, r), nil
	}
	in, err := l.open(ctx)
	if err != nil {
		return job.Identity{}, err
	}
	return in.Identity(ctx, r)
}

// Scan implements part of [input.Reader].
func (l *lazyInput) Scan(ctx context.Context, r job.Range, visit func([]byte, int64) error) error {
	in, err := l.open(ctx)
	if err != nil {
		return err
	}
	return in.Scan(ctx, r, visit)
}

// Close implements part of [input.Reader].
func (l *lazyInput) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened == nil {
		return nil
	}
	return l.opened.Close()
}
