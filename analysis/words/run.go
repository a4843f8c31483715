package words

import (
	"bytes"
	"fmt"

	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// run is words in order, each once.
type run struct {
	blocks []block
	tally  tally
}

// block is a block of a run: bytes in memory, or else a blob.
type block struct {
	b []byte // nil: in the blob
	d job.Digest
}

// bytes returns the bytes of k, reading them if need be.
func (k *block) bytes(get getter) ([]byte, error) {
	if k.b != nil {
		return k.b, nil
	}
	b, err := get(k.d)
	if err != nil {
		return nil, fmt.Errorf("read block of words: %w", err)
	}
	return b, nil
}

// runWriter makes a run of the entries added to it.
type runWriter struct {
	sizes *sizes
	get   getter
	put   putter // nil: the run stays in memory
	block blockWriter
	run   run
}

func newRunWriter(z *sizes, get getter, put putter) *runWriter {
	return &runWriter{sizes: z, get: get, put: put}
}

// add adds an entry, which follows those before in order. Where the run stays
// in memory, its word must be canonical.
func (w *runWriter) add(e *entry) (err error) {
	c := *e
	if c.word, err = w.sizes.canonical(e.word, w.get, w.put); err != nil {
		return err
	}
	w.run.tally.add(&c)
	w.block.add(&c)
	if len(w.block.b) < w.sizes.block {
		return nil
	}
	return w.flush()
}

func (w *runWriter) flush() error {
	var k block
	var err error
	if w.put == nil {
		k.b = bytes.Clone(w.block.b)
	} else if k.d, err = w.put(w.block.b); err != nil {
		return fmt.Errorf("store block of words: %w", err)
	}
	w.run.blocks = append(w.run.blocks, k)
	w.block.reset()
	return nil
}

// finish returns the run. If that is small, its only block is in memory.
func (w *runWriter) finish() (*run, error) {
	if len(w.run.blocks) == 0 && len(w.block.b) < w.sizes.inline {
		w.put = nil
	}
	if len(w.block.b) > 0 {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	return &w.run, nil
}

// runSource yields the entries of a run, with one block of it in memory, and
// checks at the end that they sum up to what the run says.
type runSource struct {
	run    *run
	get    getter
	blocks []block // not yet read
	block  blockReader
	tally  tally
}

func (r *run) source(z *sizes, get getter) *runSource {
	return &runSource{run: r, get: get, blocks: r.blocks, block: blockReader{sizes: z}}
}

func (s *runSource) next(e *entry) (bool, error) {
	for {
		more, err := s.block.next(e)
		if more {
			s.tally.add(e)
		}
		if more || err != nil {
			return more, err
		}
		if len(s.blocks) == 0 {
			return false, s.check()
		}
		b, err := s.blocks[0].bytes(s.get)
		if err != nil {
			return false, err
		}
		s.block.reset(b)
		s.blocks = s.blocks[1:]
	}
}

func (s *runSource) check() error {
	if !s.tally.equal(&s.run.tally) {
		return fmt.Errorf("read blocks of words: %w: %d words, %d different, where the summary says %d, %d", wire.ErrMalformed,
			s.tally.total, s.tally.distinct, s.run.tally.total, s.run.tally.distinct)
	}
	return nil
}
