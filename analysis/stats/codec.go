package stats

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// Encode implements part of [analysis.Summary]. The format:
//
//	256 × uvarint  bytes of each value; their sum is the length
//	2 × uvarint    Σ b[i]·b[i+1], upper and lower 64 bits
//	6 × uvarint    groups inside the circle, by alignment
//	≤ 5 bytes      head, as long as the length allows
//	≤ 5 bytes      tail, likewise
func (s *Summary) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	var b []byte
	for _, c := range s.counts {
		b = binary.AppendUvarint(b, c)
	}
	b = binary.AppendUvarint(b, s.products.hi)
	b = binary.AppendUvarint(b, s.products.lo)
	for _, n := range s.inside {
		b = binary.AppendUvarint(b, n)
	}
	b = append(b, s.head...)
	return append(b, s.tail...), nil
}

// Decode implements part of [analysis.Analysis].
func (Analysis) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	const limit = 1 << 60
	r, s := wire.NewReader(b), new(Summary)
	for v := range s.counts {
		s.counts[v] = r.UvarintMax(limit)
		s.length += s.counts[v]
		r.Check(s.length <= uint64(job.LevelSize(job.MaxLevel)))
	}
	s.products = uint128{r.Uvarint(), r.Uvarint()}
	for a := range s.inside {
		s.inside[a] = r.UvarintMax(groups(s.length, uint64(a)))
	}
	n := int(min(s.length, edge))
	s.head = bytes.Clone(r.Bytes(n))
	s.tail = bytes.Clone(r.Bytes(n))
	r.Check(s.length > edge || bytes.Equal(s.head, s.tail))
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("decode statistics: %w", err)
	}
	return s, nil
}
