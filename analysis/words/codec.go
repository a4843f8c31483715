package words

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// Encode implements part of [analysis.Summary]. The format:
//
//	byte     1 if the text has a separator, else 0
//	uvarint  bytes of the lead, and those
//	uvarint  bytes of the trail, and those
//	word     head, in the form that blocks have
//	if the text has a separator:
//	  word     tail
//	  uvarint  number of different words in between
//	  if that is not 0:
//	    uvarint  number of words in between
//	    uvarint  number of segments they refer to, and 32 bytes for each
//	    uvarint  number of blocks, and 32 bytes for each; or 0 and the only block
//
// It reads the blocks of all summaries that were merged into s.
func (s *Summary) Encode(ctx context.Context, blobs analysis.Blobs) ([]byte, error) {
	get := func(d job.Digest) ([]byte, error) { return blobs.GetBlob(ctx, d) }
	put := func(b []byte) (job.Digest, error) { return blobs.PutBlob(ctx, b) }
	b, err := s.appendEdges(nil, get, put)
	if err != nil || !s.edges.split {
		return b, err
	}
	w := newRunWriter(s.sizes, get, put)
	if err := s.merged(get, nil, watched(ctx, w.add)); err != nil {
		return nil, err
	}
	r, err := w.finish()
	if err != nil {
		return nil, err
	}
	return appendRun(b, r), nil
}

// watched returns f, which now also returns the error of a context that is done.
func watched(ctx context.Context, f func(*entry) error) func(*entry) error {
	n := 0
	return func(e *entry) error {
		if n++; n%(1<<12) == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return f(e)
	}
}

// merged calls f with the words in between and some more, in order.
func (s *Summary) merged(get getter, more []entry, f func(*entry) error) error {
	long, err := sortEntries(get, slices.Concat(s.long, more))
	if err != nil {
		return err
	}
	sources := []source{&listSource{long}}
	if s.table != nil {
		sources = append(sources, s.table.sources()...)
	}
	for _, r := range s.runs {
		sources = append(sources, r.source(s.sizes, get))
	}
	return mergeSources(get, sources, f)
}

func sortEntries(get getter, list []entry) (_ []entry, err error) {
	slices.SortFunc(list, func(a, b entry) int {
		if err != nil {
			return 0
		}
		c, e := compare(get, &a.word, &b.word)
		err = e
		return c
	})
	return list, err
}

func (s *Summary) appendEdges(b []byte, get getter, put putter) ([]byte, error) {
	words := []word{s.edges.head}
	split := byte(0)
	if s.edges.split {
		words = append(words, s.edges.tail)
		split = 1
	}
	b = append(b, split)
	for _, raw := range [][]byte{s.edges.lead, s.edges.trail} {
		b = append(binary.AppendUvarint(b, uint64(len(raw))), raw...)
	}
	for _, w := range words {
		w, err := s.sizes.canonical(w, get, put)
		if err != nil {
			return nil, err
		}
		b = appendWord(b, w.head, w.rest)
	}
	return b, nil
}

func appendRun(b []byte, r *run) []byte {
	b = binary.AppendUvarint(b, r.tally.distinct)
	if r.tally.distinct == 0 {
		return b
	}
	b = binary.AppendUvarint(b, r.tally.total)
	b = appendDigests(b, r.tally.refs)
	if r.blocks[0].b != nil {
		return append(append(b, 0), r.blocks[0].b...)
	}
	blocks := make([]job.Digest, len(r.blocks))
	for i, k := range r.blocks {
		blocks[i] = k.d
	}
	return appendDigests(b, blocks)
}

func appendDigests(b []byte, all []job.Digest) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	for i := range all {
		b = append(b, all[i][:]...)
	}
	return b
}

// Decode implements part of [analysis.Analysis]. It reads no blob; that a block
// is absent or malformed shows when the summary is encoded or its files are
// written.
func (a Analysis) Decode(_ context.Context, b []byte, blobs analysis.Blobs) (analysis.Summary, error) {
	s, r := a.empty(), wire.NewReader(b)
	s.blobs = blobs
	s.decodeEdges(r)
	if s.edges.split && r.Err() == nil {
		s.decodeRun(r)
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("decode words: %w", err)
	}
	return s, nil
}

func (s *Summary) decodeEdges(r *wire.Reader) {
	e := &s.edges
	e.split = r.UvarintMax(1) == 1
	e.lead = r.Bytes(int(r.UvarintMax(maxLead)))
	e.trail = r.Bytes(int(r.UvarintMax(maxLead)))
	r.Check(incomplete(e.trail) == len(e.trail) && !slices.ContainsFunc(e.lead, utf8.RuneStart))
	e.head = s.decodeEdge(r)
	if e.split {
		e.tail = s.decodeEdge(r)
	}
}

func (s *Summary) decodeEdge(r *wire.Reader) word {
	w := s.sizes.readWord(r, nil)
	r.Check(w.empty() || isWord(&s.scanner, &w))
	return w
}

func (s *Summary) decodeRun(r *wire.Reader) {
	n := new(run)
	if n.tally.distinct = r.UvarintMax(maxCount); n.tally.distinct == 0 {
		return
	}
	n.tally.total = r.UvarintMax(maxCount)
	n.tally.refs = readDigests(r)
	for _, d := range readDigests(r) {
		n.blocks = append(n.blocks, block{d: d})
	}
	if len(n.blocks) == 0 {
		r.Check(r.Len() > 0 && r.Len() < s.sizes.inline)
		n.blocks = []block{{b: r.Bytes(r.Len())}}
		r.Check(r.Err() == nil && s.holds(n))
	}
	s.runs = []*run{n}
}

// holds reports whether a run in memory is well formed.
func (s *Summary) holds(r *run) bool {
	k := r.source(s.sizes, nil)
	var e entry
	for {
		if more, err := k.next(&e); !more || err != nil {
			return err == nil
		}
	}
}

func readDigests(r *wire.Reader) []job.Digest {
	n := r.Uvarint()
	if n > uint64(r.Len())/uint64(len(job.Digest{})) {
		r.Fail()
		return nil
	}
	all := make([]job.Digest, n)
	for i := range all {
		all[i] = job.Digest(r.Bytes(len(job.Digest{})))
	}
	return all
}

// Blobs implements [analysis.Referrer]: what the summaries need that were read
// by Decode and are merged into s.
func (s *Summary) Blobs() []job.Digest {
	var all tally
	for _, e := range append(s.edges.whole(), s.long...) {
		all.add(&e)
	}
	for _, r := range s.runs {
		for _, d := range r.tally.refs {
			all.refer(d)
		}
		for _, k := range r.blocks {
			if k.b == nil {
				all.refer(k.d)
			}
		}
	}
	return all.refs
}
