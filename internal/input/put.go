package input

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
)

// maxPutBytes bounds the bytes of chunks that one Put holds in memory.
const maxPutBytes = 128 << 20

// PutOptions say how an input is stored. The zero value works.
type PutOptions struct {
	// Name is what results call the input. Defaults to the last element of
	// the file's path, and to "-" for a stream.
	Name string
	// Level is the level of the chunks. Defaults to job.DefaultChunkLevel.
	Level int
	// Workers is how many chunks are hashed and sent at a time. Defaults to
	// twice the number of CPUs; never more chunks than 128 MiB hold.
	Workers int
	// Verify has the chunks that the store already has read back, through a
	// further 16 MiB for each worker, and those that are damaged sent again.
	// Defaults to believing their size.
	Verify bool
	// OnProgress is told the bytes sent so far and those the store already
	// had, never by two goroutines at a time. Defaults to nobody.
	OnProgress func(sent, skipped int64)
}

// PutStats tells what a Put had to do.
type PutStats struct {
	Chunks    int64 // of the input
	Sent      int64 // of the chunks, those the store lacked
	Bytes     int64 // of the input
	SentBytes int64
}

// Put splits the bytes of src into chunks, stores those the store lacks and
// then the manifest, and returns the stored input. Equal content in chunks of
// equal size gives an equal manifest.
//
// Nothing refers to what an interrupted Put has sent, but it is kept: the same
// call again sends only the rest. Put returns when ctx ends, even if a Read of
// src does not; src must not be used afterwards.
func Put(ctx context.Context, store storage.Store, src io.Reader, opt PutOptions) (job.Input, PutStats, error) {
	return putSource(ctx, store, newStream(src), opt.named("-"))
}

// PutFile is [Put] for the file at path, which is read in parallel. It returns
// job.ErrInputChanged if the file changed meanwhile, and the errors of
// [StatFile].
func PutFile(ctx context.Context, store storage.Store, path string, opt PutOptions) (job.Input, PutStats, error) {
	in, err := StatFile(path)
	if err != nil {
		return job.Input{}, PutStats{}, err
	}
	f, err := openFile(&in)
	if err != nil {
		return job.Input{}, PutStats{}, err
	}
	defer f.Close()
	return putSource(ctx, store, &fileSource{file: f}, opt.named(in.Name))
}

// named sets the name if the caller gave none.
func (o PutOptions) named(name string) PutOptions {
	if o.Name == "" {
		o.Name = name
	}
	return o
}

// withDefaults fills in what is not set, bounds the workers by the memory they
// need, and returns job.ErrInvalid for a level that chunks cannot have.
func (o PutOptions) withDefaults() (PutOptions, error) {
	if o.Level == 0 {
		o.Level = job.DefaultChunkLevel
	}
	if o.Level < 0 || o.Level > job.MaxLevel {
		return o, fmt.Errorf("%w: chunk level %d", job.ErrInvalid, o.Level)
	}
	size := job.LevelSize(o.Level)
	if _, err := job.ChunkLevel(size); err != nil {
		return o, err
	}
	if o.Workers <= 0 {
		o.Workers = 2 * runtime.GOMAXPROCS(0)
	}
	o.Workers = min(o.Workers, int(max(1, maxPutBytes/size)))
	if o.OnProgress == nil {
		o.OnProgress = func(_, _ int64) {}
	}
	return o, nil
}

// source hands out the chunks of an input, to several goroutines.
type source interface {
	// next fills buf with the next chunk and returns its index and its
	// length, or io.EOF when there is none left.
	next(ctx context.Context, buf []byte) (index int64, n int, err error)
	// verify reports whether what was handed out is what the input still is.
	verify() error
	// limit returns the size that a chunk's buffer needs, at most size.
	limit(size int64) int64
}

// putter is one Put under way. Its workers each take the next chunk, hash it,
// send it if need be and enter it in the manifest, so that one buffer for each
// is all the memory needed. The first error ends them all.
type putter struct {
	store storage.Store
	opt   PutOptions
	src   source
	pages pageWriter

	mu    sync.Mutex
	stats PutStats
}

// putSource is what Put and PutFile have in common. The statistics count what
// was done, with an error too.
func putSource(ctx context.Context, store storage.Store, src source, opt PutOptions) (job.Input, PutStats, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return job.Input{}, PutStats{}, err
	}
	p := &putter{store: store, opt: opt, src: src, pages: pageWriter{store: store}}
	in, err := p.run(ctx)
	if ctx.Err() != nil && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("store input %q: %w", opt.Name, err)
	}
	return in, p.stats, err
}

// run stores the chunks, then what refers to them. The order is the promise: a
// manifest is stored only when all of its chunks are, and when the input was
// found unchanged after the last of them was read.
func (p *putter) run(ctx context.Context) (job.Input, error) {
	g, gctx := errgroup.WithContext(ctx)
	for range p.opt.Workers {
		g.Go(func() error { return p.work(gctx) })
	}
	if err := g.Wait(); err != nil {
		return job.Input{}, err
	}
	if err := p.src.verify(); err != nil {
		return job.Input{}, err
	}
	d, err := p.pages.finish(ctx, p.stats.Bytes, job.LevelSize(p.opt.Level))
	if err != nil {
		return job.Input{}, err
	}
	stored := &job.Stored{Manifest: d, ChunkLevel: p.opt.Level}
	return job.Input{Name: p.opt.Name, Size: p.stats.Bytes, Stored: stored}, nil
}

// work is one worker.
func (p *putter) work(ctx context.Context) error {
	buf := make([]byte, p.src.limit(job.LevelSize(p.opt.Level)))
	for {
		index, n, err := p.src.next(ctx, buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.chunk(ctx, index, buf[:n]); err != nil {
			return fmt.Errorf("chunk %d: %w", index, err)
		}
	}
}

// chunk stores one chunk and enters it in the manifest.
func (p *putter) chunk(ctx context.Context, index int64, data []byte) error {
	d, crc := job.DigestOf(data), crc32.Checksum(data, castagnoli())
	have, err := p.has(ctx, Entry{index, job.Range{Length: int64(len(data))}, d, crc})
	if err != nil {
		return err
	}
	if !have {
		if err := putNamed(ctx, p.store, layout.Chunk(d), data); err != nil {
			return err
		}
	}
	if err := p.pages.add(ctx, index, d, crc); err != nil {
		return err
	}
	p.count(int64(len(data)), !have)
	return nil
}

// has reports whether the store has the chunk. Of one that it has but that is
// not whole, the remains are deleted. Two workers that have the same chunk at
// hand may both find that it is missing, and both send it: that is allowed.
func (p *putter) has(ctx context.Context, e Entry) (bool, error) {
	key := layout.Chunk(e.Digest)
	info, err := p.store.Stat(ctx, key)
	switch {
	case err == nil && info.Size == e.Range.Length && p.opt.Verify:
		err = VerifyChunk(ctx, p.store, e)
	case err == nil && info.Size != e.Range.Length:
		err = storage.ErrCorrupt
	}
	if errors.Is(err, storage.ErrCorrupt) {
		return false, p.store.Delete(ctx, key)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// count tells of one more chunk of n bytes.
func (p *putter) count(n int64, sent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Chunks++
	p.stats.Bytes += n
	if sent {
		p.stats.Sent++
		p.stats.SentBytes += n
	}
	p.opt.OnProgress(p.stats.SentBytes, p.stats.Bytes-p.stats.SentBytes)
}

// putNamed stores bytes under the name that their digest gives. Whatever else
// is stored under that name is damaged, and is replaced.
func putNamed(ctx context.Context, store storage.Store, key string, data []byte) error {
	err := store.Put(ctx, key, data)
	if !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrCorrupt) {
		return err
	}
	if err := store.Delete(ctx, key); err != nil {
		return err
	}
	return store.Put(ctx, key, data)
}
