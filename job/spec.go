package job

import (
	"cmp"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// ID names one submission. It is fresh each time: that two jobs ask for the
// same shows in the keys of their nodes, not in their IDs. It holds lower-case
// letters and digits only.
type ID string

// NewID returns a fresh ID of 16 letters and digits (80 random bits).
func NewID() ID {
	var b [10]byte
	rand.Read(b[:])
	return ID(strings.ToLower(base32.StdEncoding.EncodeToString(b[:])))
}

// ParseID checks that s looks like an ID, or returns ErrInvalid.
func ParseID(s string) (ID, error) {
	bad := strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if len(s) != 16 || bad >= 0 {
		return "", fmt.Errorf("%w: job id %q: want 16 letters and digits, as `binglide ls` prints them", ErrInvalid, s)
	}
	return ID(s), nil
}

// AnalysisID names an analysis, the version of its algorithm and summary
// format, and its parameters in canonical form. Any change of what it computes
// or how that is encoded needs a new version.
type AnalysisID struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Params  string `json:"params,omitempty"`
}

// String returns the ID as name/version, followed by the parameters if any.
func (a AnalysisID) String() string {
	s := fmt.Sprintf("%s/%d", a.Name, a.Version)
	if a.Params != "" {
		s += "?" + a.Params
	}
	return s
}

// Input names the bytes of a job: exactly one of Stored, Object and File is set.
type Input struct {
	// Name is what results call the input: the last element of its path or
	// object key, or "-" for standard input.
	Name string `json:"name"`
	// Size is the size of the whole input in bytes.
	Size int64 `json:"size"`

	Stored *Stored `json:"stored,omitempty"`
	Object *Object `json:"object,omitempty"`
	File   *File   `json:"file,omitempty"`
}

// Stored is an input split into chunk objects of our store, named by their
// SHA-256 and listed in a manifest.
type Stored struct {
	Manifest   Digest `json:"manifest"`
	ChunkLevel int    `json:"chunk_level"`
}

// Object is an object of S3-compatible storage, pinned to one version (where
// the bucket keeps versions) or else to its ETag.
type Object struct {
	Endpoint string `json:"endpoint,omitempty"` // URL; empty: the store's own
	Bucket   string `json:"bucket"`
	Key      string `json:"key"`
	Version  string `json:"version,omitempty"`
	ETag     string `json:"etag"`
}

// File is a local file, pinned to what the file system says of it. Changed
// content with the same size and both times unchanged goes unnoticed.
type File struct {
	Path    string `json:"path"` // absolute
	Device  uint64 `json:"device"`
	Inode   uint64 `json:"inode"`
	ModTime int64  `json:"mtime_ns"` // nanoseconds since 1970
	Change  int64  `json:"ctime_ns"` // nanoseconds since 1970
}

// Spec is what was asked. It is stored once, and never changes.
type Spec struct {
	ID         ID           `json:"id"`
	Input      Input        `json:"input"`
	Region     Range        `json:"region"`
	Analyses   []AnalysisID `json:"analyses"`
	ChunkLevel int          `json:"chunk_level"`
	// Private keeps the job's summaries out of the cache: they are found by no
	// other job, and it finds none.
	Private bool `json:"private,omitempty"`
	// Created is when the job was submitted, in nanoseconds since 1970.
	Created int64 `json:"created_ns"`
}

// Tree returns the tree of the job.
func (s *Spec) Tree() Tree { return Tree{s.Region, s.ChunkLevel} }

// Validate returns ErrInvalid, naming the field, if the spec cannot be run.
func (s *Spec) Validate() error {
	return cmp.Or(s.validateInput(), s.validateRegion(), s.validateChunk(), s.validateAnalyses())
}

func (s *Spec) validateInput() error {
	n := 0
	for _, set := range []bool{s.Input.Stored != nil, s.Input.Object != nil, s.Input.File != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("%w: input %q: want exactly one of stored, object and file", ErrInvalid, s.Input.Name)
	}
	if s.Input.Size < 0 || s.Input.Size > LevelSize(MaxLevel) {
		return fmt.Errorf("%w: input %q: size of %d bytes", ErrInvalid, s.Input.Name, s.Input.Size)
	}
	return nil
}

func (s *Spec) validateRegion() error {
	r, size := s.Region, s.Input.Size
	switch {
	case r.Offset < 0:
		return fmt.Errorf("%w: offset %d: want 0 or more", ErrInvalid, r.Offset)
	case r.Length < 0:
		return fmt.Errorf("%w: length %d: want 0 or more", ErrInvalid, r.Length)
	case r.Offset > size || r.Length > size-r.Offset:
		return fmt.Errorf("%w: region of %d bytes at %d reaches beyond the end of %q (%d bytes)",
			ErrInvalid, r.Length, r.Offset, s.Input.Name, size)
	}
	return nil
}

func (s *Spec) validateChunk() error {
	if s.ChunkLevel < minChunkLevel || s.ChunkLevel > maxChunkLevel {
		return fmt.Errorf("%w: chunk level %d: want %d to %d", ErrInvalid, s.ChunkLevel, minChunkLevel, maxChunkLevel)
	}
	if st := s.Input.Stored; st != nil && st.ChunkLevel != s.ChunkLevel {
		return fmt.Errorf("%w: chunk size of %d bytes: the input is stored in chunks of %d bytes",
			ErrInvalid, LevelSize(s.ChunkLevel), LevelSize(st.ChunkLevel))
	}
	return nil
}

func (s *Spec) validateAnalyses() error {
	if len(s.Analyses) == 0 {
		return fmt.Errorf("%w: no analysis named", ErrInvalid)
	}
	seen := make(map[string]bool)
	for _, a := range s.Analyses {
		if seen[a.Name] {
			return fmt.Errorf("%w: analysis %q is named twice", ErrInvalid, a.Name)
		}
		seen[a.Name] = true
	}
	return nil
}
