// Package folder keeps objects as files of one folder, which several processes
// of one machine may share.
//
// The key is the file's path below the folder. A file is written in ".tmp" and
// then linked to its place, so that it is there whole or not at all, and never
// replaces another. Because elements of keys never start with a dot, nothing
// in ".tmp" is an object.
//
// Facts and manifests (keys under jobs/, manifests/ and open/) are on the disk
// when Put returns. Other objects may be lost or torn if the machine, not just
// the process, stops soon after: they carry checksums or digests of their own
// and can be made again.
//
// A key must not continue another by '/': the file system cannot have a file
// and a folder of the same name.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/binglide/binglide/storage"
)

const (
	aside    = ".tmp"
	staleAge = 24 * time.Hour
	pieceMax = 4 << 20 // bytes read or written between looks at the context
)

// Store implements [storage.Store] on a folder.
//
// Several stores, in several processes, may be open on one folder: all that
// they share is the file system.
type Store struct {
	dir string // absolute

	// What tests replace to see a file system without links, or a full one.
	link  func(oldname, newname string) error
	flush func(*os.File) error
}

// Open returns the store in dir. It creates the folder, for this user only, if
// it is missing, and removes what processes that died have left in it more
// than a day ago. A folder that cannot be written to is [storage.ErrDenied].
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: abs, link: os.Link, flush: (*os.File).Sync}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", abs, s.explain(err))
	}
	return s, nil
}

// prepare makes the folders, sees whether files can be written, and sweeps.
func (s *Store) prepare() error {
	if err := os.MkdirAll(filepath.Join(s.dir, aside), 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(filepath.Join(s.dir, aside), "probe-")
	if err != nil {
		return err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return err
	}
	return s.sweep(time.Now().Add(-staleAge))
}

// sweep removes what was put aside before t. Files of puts still under way are
// younger; another process may sweep at the same time.
func (s *Store) sweep(t time.Time) error {
	entries, err := os.ReadDir(filepath.Join(s.dir, aside))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.Name() == lockName || !info.ModTime().Before(t) {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, aside, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Dir returns the absolute path of the folder.
func (s *Store) Dir() string { return s.dir }

// Get implements [storage.Getter].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := s.read(ctx, key)
	return data, s.wrap("get", key, err)
}

// read returns the bytes of an object; its errors are not wrapped.
func (s *Store) read(ctx context.Context, key string) ([]byte, error) {
	f, size, err := s.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, size)
	if err := readPieces(ctx, f, 0, data); err != nil {
		return nil, err
	}
	return data, nil
}

// GetRange implements [storage.RangeGetter].
func (s *Store) GetRange(ctx context.Context, key string, offset int64, buf []byte) error {
	return s.wrap("get", key, s.readRange(ctx, key, offset, buf))
}

func (s *Store) readRange(ctx context.Context, key string, offset int64, buf []byte) error {
	f, size, err := s.open(ctx, key)
	if err != nil {
		return err
	}
	defer f.Close()
	if offset < 0 || offset > size-int64(len(buf)) {
		return fmt.Errorf("%w: %d bytes at %d of an object of %d bytes", storage.ErrCorrupt, len(buf), offset, size)
	}
	return readPieces(ctx, f, offset, buf)
}

// Stat implements [storage.Statter].
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := check(ctx, key); err != nil {
		return storage.Info{}, s.wrap("stat", key, err)
	}
	info, err := os.Stat(s.path(key))
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Info{}, s.wrap("stat", key, orNotFound(err))
	}
	return storage.Info{Key: key, Size: info.Size()}, nil
}

// Delete implements [storage.Deleter]. The folders above stay.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := check(ctx, key)
	if err == nil {
		err = s.remove(key)
	}
	return s.wrap("delete", key, err)
}

// remove deletes the file of an object, but no folder.
func (s *Store) remove(key string) error {
	info, err := os.Lstat(s.path(key))
	if err == nil && !info.IsDir() {
		err = os.Remove(s.path(key))
	}
	if isAbsent(err) {
		return nil
	}
	return err
}

// open returns the file of an object and its size.
func (s *Store) open(ctx context.Context, key string) (*os.File, int64, error) {
	if err := check(ctx, key); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, 0, orNotFound(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = storage.ErrNotFound
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// readPieces fills buf from offset on. A file that ends before, and a disk that
// cannot read it, are ErrCorrupt; other errors may pass. It looks at the
// context before each piece.
func readPieces(ctx context.Context, r io.ReaderAt, offset int64, buf []byte) error {
	for len(buf) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.ReadAt(buf[:min(len(buf), pieceMax)], offset)
		switch {
		case n > 0: // an error comes again with the next piece
		case err == io.EOF, errors.Is(err, syscall.EIO): // truncated meanwhile, or a bad disk
			return fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
		case err != nil:
			return err
		}
		buf, offset = buf[n:], offset+int64(n)
	}
	return nil
}

// path returns the file of a valid key, or the folder of a valid prefix.
func (s *Store) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

// check returns ErrKey for a key that may not be used as a path, and the error
// of a context that has ended.
func check(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return storage.ErrKey
	}
	return ctx.Err()
}
