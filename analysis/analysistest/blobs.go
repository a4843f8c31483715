package analysistest

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/binglide/binglide/job"
)

// MemBlobs keeps blobs in memory. The zero value is empty and ready. It
// implements [analysis.Blobs] and is safe for concurrent use.
type MemBlobs struct {
	mu sync.Mutex
	m  map[job.Digest][]byte
}

// PutBlob implements part of [analysis.Blobs].
func (s *MemBlobs) PutBlob(ctx context.Context, b []byte) (job.Digest, error) {
	if err := ctx.Err(); err != nil {
		return job.Digest{}, err
	}
	d := job.DigestOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = make(map[job.Digest][]byte)
	}
	s.m[d] = bytes.Clone(b)
	return d, nil
}

// GetBlob implements part of [analysis.Blobs].
func (s *MemBlobs) GetBlob(ctx context.Context, d job.Digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.m[d]
	if !ok {
		return nil, fmt.Errorf("get blob %s: not found", d)
	}
	return bytes.Clone(b), nil
}

// Len returns the number of different blobs.
func (s *MemBlobs) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.m)
}
