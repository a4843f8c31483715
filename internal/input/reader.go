package input

import (
	"context"
	"fmt"
	"iter"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
)

// maxRead is the size in bytes of the largest read from a store: long enough
// to spread the cost of a request, short enough to be held in memory.
const maxRead = 16 << 20

// pieceSize is the size in bytes of the pieces that are visited: that for which
// analyses are made, analysis.PieceSize.
const pieceSize = 1 << 20

// Reader reads one input and tells the identity of its ranges. It is safe for
// concurrent use.
type Reader interface {
	// Identity names the bytes of r, which does not cross a chunk's border.
	job.Identifier
	// Scan visits the bytes of r, which does not cross a chunk's border, in
	// order and in pieces of at most analysis.PieceSize that end on the
	// 4 KiB grid of the input or at the end of r. data is valid during the
	// call only. An error of visit ends the scan and is returned as it is.
	//
	// Only a scan that returns nil has visited the bytes the spec is about;
	// after any error what was visited must be discarded. The error is
	// job.ErrInputChanged if the input is no longer the one that was
	// submitted, storage.ErrCorrupt or storage.ErrNotFound if a stored chunk
	// is damaged or gone, the cause of ctx if that ended.
	Scan(ctx context.Context, r job.Range, visit func(data []byte, offset int64) error) error
	// Close releases what the reader holds. No scan may be running.
	Close() error
}

// Sources are the places inputs are read from. Only those that an input needs
// have to be set.
type Sources struct {
	// Store holds the chunks of stored inputs.
	Store storage.Store
	// Objects returns the reader for the objects of an endpoint (a URL, or
	// empty for the store's own).
	Objects func(ctx context.Context, endpoint string) (ObjectReader, error)
}

// Open returns the reader of an input. An input that already differs from what
// in says is job.ErrInputChanged.
func Open(ctx context.Context, in *job.Input, src Sources) (Reader, error) {
	switch {
	case in.File != nil:
		f, err := openFile(in)
		if err != nil {
			return nil, err
		}
		return f, nil
	case in.Object != nil && src.Objects != nil:
		return openObject(ctx, in, src.Objects)
	case in.Stored != nil && src.Store != nil:
		return openStored(ctx, in, src.Store)
	}
	return nil, fmt.Errorf("%w: input %q: this process has no source for its bytes", job.ErrInvalid, in.Name)
}

// checkRange returns job.ErrInvalid if r is not part of the input.
func checkRange(in *job.Input, r job.Range) error {
	if r.Offset < 0 || r.Length < 0 || r.Offset > in.Size || r.Length > in.Size-r.Offset {
		return fmt.Errorf("%w: bytes %s of input %q of %d bytes", job.ErrInvalid, r, in.Name, in.Size)
	}
	return nil
}

// windows cuts r at the multiples of size.
func windows(r job.Range, size int64) iter.Seq[job.Range] {
	return func(yield func(job.Range) bool) {
		for off := r.Offset; off < r.End(); {
			end := min(r.End(), off-off%size+size)
			if !yield(job.Range{Offset: off, Length: end - off}) {
				return
			}
			off = end
		}
	}
}
