package digram

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// bitmap is a set of byte values; bit v%8 of byte v/8 stands for v.
type bitmap [32]byte

func (m *bitmap) set(v int)      { m[v/8] |= 1 << (v % 8) }
func (m *bitmap) has(v int) bool { return m[v/8]>>(v%8)&1 == 1 }

func (m *bitmap) len() (n int) {
	for _, b := range m {
		n += bits.OnesCount8(b)
	}
	return n
}

// Encode implements part of [analysis.Summary]. The format:
//
//	uvarint   length of the string; nothing follows if it is 0
//	2 bytes   first and last byte
//	32 bytes  bitmap of the first bytes of pairs that occur
//	for each of them, ascending:
//	  32 bytes  bitmap of the second bytes
//	  uvarint   count, for each of them, ascending
func (s *Summary) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	b := binary.AppendUvarint(nil, s.length)
	if s.length == 0 {
		return b, nil
	}
	b = append(b, s.first, s.last)
	var rows bitmap
	columns := make([]bitmap, 256)
	for i, c := range &s.counts {
		if c > 0 {
			rows.set(i >> 8)
			columns[i>>8].set(i & 0xff)
		}
	}
	b = append(b, rows[:]...)
	for first := range columns {
		if rows.has(first) {
			b = s.appendRow(b, first, &columns[first])
		}
	}
	return b, nil
}

func (s *Summary) appendRow(b []byte, first int, seconds *bitmap) []byte {
	b = append(b, seconds[:]...)
	for second := range 256 {
		if seconds.has(second) {
			b = binary.AppendUvarint(b, s.counts[first<<8|second])
		}
	}
	return b
}

// Decode implements part of [analysis.Analysis].
func (Analysis) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	r, s := wire.NewReader(b), new(Summary)
	s.length = r.UvarintMax(uint64(job.LevelSize(job.MaxLevel)))
	if s.length > 0 {
		s.decode(r)
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("decode digrams: %w", err)
	}
	return s, nil
}

func (s *Summary) decode(r *wire.Reader) {
	edges := r.Bytes(2)
	s.first, s.last = edges[0], edges[1]
	rows := bitmap(r.Bytes(len(bitmap{})))
	for first := range 256 {
		if rows.has(first) {
			s.decodeRow(r, first)
		}
	}
	r.Check(s.isPath())
}

func (s *Summary) decodeRow(r *wire.Reader, first int) {
	seconds := bitmap(r.Bytes(len(bitmap{})))
	r.Check(seconds.len() > 0)
	for second := range 256 {
		if seconds.has(second) {
			c := r.UvarintMax(s.length)
			r.Check(c > 0)
			s.counts[first<<8|second] = c
		}
	}
}

// isPath reports whether the counts are those of a string with the given
// length and edges as far as sums tell: every value is left as often as it is
// entered, but that the first is left and the last entered once more.
func (s *Summary) isPath() bool {
	var degree [256]int64
	var total uint64
	for i, c := range &s.counts {
		total += c
		degree[i>>8] += int64(c)
		degree[i&0xff] -= int64(c)
	}
	degree[s.first]--
	degree[s.last]++
	return total == s.length-1 && degree == [256]int64{}
}
