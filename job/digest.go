package job

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Digest is the SHA-256 of some stored bytes.
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads the 64 hexadecimal digits that String writes.
// Anything else is ErrInvalid.
func ParseDigest(s string) (Digest, error) {
	d, err := parseHex(s)
	return Digest(d), err
}

// String returns d as 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Digest) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDigest(string(b))
	return err
}

// Key names a summary by its recipe: what was computed, from what. Equal keys
// mean equal summaries, whoever computed them and when.
type Key [sha256.Size]byte

// ParseKey reads the 64 hexadecimal digits that String writes.
// Anything else is ErrInvalid.
func ParseKey(s string) (Key, error) {
	d, err := parseHex(s)
	return Key(d), err
}

// String returns k as 64 hexadecimal digits.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (k *Key) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKey(string(b))
	return err
}

func parseHex(s string) (d [sha256.Size]byte, err error) {
	if len(s) != 2*len(d) {
		return d, fmt.Errorf("%w: digest %q: want %d hexadecimal digits", ErrInvalid, s, 2*len(d))
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return d, fmt.Errorf("%w: digest %q: want hexadecimal digits", ErrInvalid, s)
	}
	return d, nil
}

// Recipe hashes the canonical encoding of a recipe. Every field is written
// with its length before it, so no two different sequences of fields encode to
// the same bytes; the domain, written first, keeps recipes of different kinds
// and format versions apart.
type Recipe struct{ h hash.Hash }

// NewRecipe starts a recipe in the given domain, such as "binglide/leaf/1".
// A change to what a domain's recipes hold needs a new domain.
func NewRecipe(domain string) Recipe {
	r := Recipe{sha256.New()}
	r.Text(domain)
	return r
}

// Text adds a string.
func (r Recipe) Text(s string) { r.Bytes([]byte(s)) }

// Bytes adds a byte string.
func (r Recipe) Bytes(b []byte) {
	r.length(uint64(len(b)))
	r.h.Write(b)
}

// Int adds an integer as eight bytes, big-endian.
func (r Recipe) Int(n int64) {
	r.length(8)
	r.length(uint64(n))
}

func (r Recipe) length(n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	r.h.Write(b[:])
}

// Sum returns the hash of the fields added so far.
func (r Recipe) Sum() [sha256.Size]byte {
	var s [sha256.Size]byte
	r.h.Sum(s[:0])
	return s
}
