// Package storage keeps immutable objects by key. Everything binglide must not
// lose is an object: chunks, manifests, summaries and the facts of jobs.
//
// Keys are relative paths of lower-case letters, digits, '.', '-' and '_',
// with '/' between elements; [ValidKey] tells. Objects fit in memory; only
// inputs are larger, and those are read in ranges.
package storage

import (
	"context"
	"iter"
)

// Getter reads whole objects.
type Getter interface {
	// Get returns the object's bytes, or ErrNotFound, or ErrCorrupt where the
	// store itself noticed damage. The caller owns the result.
	Get(ctx context.Context, key string) ([]byte, error)
}

// RangeGetter reads parts of objects.
type RangeGetter interface {
	// GetRange fills buf with the object's bytes from offset on. An object
	// that ends before is ErrCorrupt, an absent one ErrNotFound.
	GetRange(ctx context.Context, key string, offset int64, buf []byte) error
}

// Putter writes objects.
type Putter interface {
	// Put stores data under a key that is free. If the key holds the same
	// bytes it returns nil; if it holds others, ErrConflict, and nothing is
	// changed. An object is there whole or not at all. After any other error
	// the object may or may not be there; the caller may repeat the call.
	Put(ctx context.Context, key string, data []byte) error
}

// Statter looks at objects without reading them.
type Statter interface {
	// Stat returns the object's size, or ErrNotFound. It says nothing of the
	// object's health.
	Stat(ctx context.Context, key string) (Info, error)
}

// Lister enumerates objects.
type Lister interface {
	// List yields the objects whose keys start with prefix, in the order of
	// their keys. Objects put or deleted meanwhile may or may not appear. A
	// yielded error ends the sequence.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Deleter removes objects.
type Deleter interface {
	// Delete removes the object; an absent one is no error.
	Delete(ctx context.Context, key string) error
}

// Store is all the roles. Implementations are safe for concurrent use, and
// every call ends when its context does. Errors are *KeyError.
type Store interface {
	Getter
	RangeGetter
	Putter
	Statter
	Lister
	Deleter
}

// Info is what listing an object tells.
type Info struct {
	Key  string
	Size int64 // bytes
}
