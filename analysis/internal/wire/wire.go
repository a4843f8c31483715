// Package wire reads the encodings of summaries: bytes and unsigned varints in
// their shortest form.
package wire

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed marks bytes that no summary encodes to.
var ErrMalformed = errors.New("malformed summary")

// Reader takes values from the front of a byte string. After the first error
// it returns zeros; Close tells.
type Reader struct {
	b   []byte
	err error
}

// NewReader returns a reader of b, which it does not change.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Uvarint reads what [binary.AppendUvarint] wrote. A longer form of the same
// number is malformed, so that every number has one encoding.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.Fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// UvarintMax reads a number of at most limit.
func (r *Reader) UvarintMax(limit uint64) uint64 {
	v := r.Uvarint()
	if v > limit {
		r.Fail()
		return 0
	}
	return v
}

// Bytes reads n bytes, as part of what the reader was made of; zeros after an
// error.
func (r *Reader) Bytes(n int) []byte {
	if n > len(r.b) {
		r.Fail()
		return make([]byte, n)
	}
	part := r.b[:n:n]
	r.b = r.b[n:]
	return part
}

// Len returns the number of bytes left.
func (r *Reader) Len() int { return len(r.b) }

// Fail makes the reader fail.
func (r *Reader) Fail() { r.b, r.err = nil, ErrMalformed }

// Check fails the reader unless ok.
func (r *Reader) Check(ok bool) {
	if !ok {
		r.Fail()
	}
}

// Err returns ErrMalformed if something read was malformed.
func (r *Reader) Err() error { return r.err }

// Close returns ErrMalformed if something read was malformed or bytes are left.
func (r *Reader) Close() error {
	r.Check(len(r.b) == 0)
	return r.err
}
