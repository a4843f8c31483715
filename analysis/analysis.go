// Package analysis is the extension point of binglide: what a map-reduce job
// computes of its input.
//
// An analysis maps a string of bytes A to a summary S(A) such that
//
//	S(A·B) = S(A) ⊕ S(B)
//
// for any two strings: it is a homomorphism from byte strings to summaries,
// where · is concatenation and ⊕ is [Summary.Merge]. That one law is what lets
// the input be cut anywhere, mapped in any order and merged level by level,
// with a result equal to one pass over the whole. Whatever crosses a cut (an
// n-gram, a word, a group of bytes) is the summary's business: it carries its
// first and last few bytes and joins them when it is merged. No chunk reads
// its neighbours, so a summary depends on its own bytes alone.
//
// What is counted in a summary is integers, whose sums do not depend on order.
// Ratios, entropies and other floats are computed when a summary is shown.
package analysis

import (
	"context"
	"io"

	"github.com/binglide/binglide/job"
)

// Analysis makes and reads the summaries of one kind. Implementations are
// values without state and safe for concurrent use.
type Analysis interface {
	// ID names the analysis. It goes into the key of every summary.
	ID() job.AnalysisID
	// New returns the summary of the empty string at an offset of the input,
	// for a node of the given level.
	New(offset int64, level int) Summary
	// Decode reads what Encode wrote; anything else is an error, never a
	// panic. It may keep b.
	Decode(ctx context.Context, b []byte, blobs Blobs) (Summary, error)
}

// Summary describes a string of bytes. It is used by one goroutine at a time.
type Summary interface {
	// Write extends the string by the bytes of p, which follow it in the
	// input. It keeps no reference to p.
	Write(p *Piece) error
	// Merge extends the string by the one that next describes, which follows
	// it in the input. next has the same type, comes from the same analysis,
	// and is not used again.
	Merge(next Summary) error
	// Encode returns the summary in canonical form: equal summaries encode to
	// equal bytes on every platform. What would make it large goes to blobs.
	Encode(ctx context.Context, blobs Blobs) ([]byte, error)
	// Files lists the files that describe the summary in a result folder.
	Files() []File
}

// Celled is a summary that also describes the cells under its node.
type Celled interface {
	Summary
	// CellsHeader returns the first line of the cells' CSV file.
	CellsHeader() string
	// AppendCells appends one CSV line for each cell of a level, where r is
	// the range the summary describes. The level is at most the node's own;
	// a summary made by Write has the cells of every level below it, one
	// made by Merge those of its own level and the two below.
	AppendCells(dst []byte, level int, r job.Range) ([]byte, error)
}

// File is one file of a result folder.
type File struct {
	// Name is the file's name. A file ending in ".json" is also part of the
	// answers on standard output.
	Name string
	// Write writes the content, the same bytes for the same summary.
	Write func(ctx context.Context, w io.Writer) error
}

// Blobs stores byte strings by their digest, for summaries that are not small.
type Blobs interface {
	// PutBlob stores b, at most a few MiB, and returns its digest.
	PutBlob(ctx context.Context, b []byte) (job.Digest, error)
	// GetBlob returns the bytes with that digest, verified. An absent or
	// corrupt blob is an error.
	GetBlob(ctx context.Context, d job.Digest) ([]byte, error)
}

// Referrer is a summary that keeps some of its bytes in blobs.
type Referrer interface {
	// Blobs lists the digests of the blobs that the summary needs.
	Blobs() []job.Digest
}
