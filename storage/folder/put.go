package folder

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/binglide/binglide/storage"
)

// lockName is the file that is locked while an object is renamed to its place,
// on file systems that know no hard links.
const lockName = "lock"

// maxPutRounds bounds how often Put starts again because the object that was
// in its way has gone.
const maxPutRounds = 4

// Put implements [storage.Putter].
func (s *Store) Put(ctx context.Context, key string, data []byte) error {
	err := check(ctx, key)
	if err == nil {
		err = s.put(ctx, key, data)
	}
	return s.wrap("put", key, err)
}

func (s *Store) put(ctx context.Context, key string, data []byte) error {
	for range maxPutRounds {
		err := s.create(ctx, key, data)
		if errors.Is(err, fs.ErrExist) {
			err = s.compare(ctx, key, data)
		}
		switch {
		case errors.Is(err, storage.ErrNotFound):
			continue // deleted between the two
		case err == nil && isDurable(key):
			return s.syncParents(key)
		}
		return err
	}
	return errors.New("others keep deleting the object: try again")
}

// create writes a new object, or returns fs.ErrExist if its key is taken. It
// looks first, which saves writing what is there already; that nothing is
// replaced is up to place.
func (s *Store) create(ctx context.Context, key string, data []byte) error {
	if _, err := os.Lstat(s.path(key)); err == nil {
		return fs.ErrExist
	}
	tmp, err := s.writeAside(ctx, data, isDurable(key))
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	return s.place(tmp, key)
}

// isDurable reports whether an object must be on the disk when Put returns.
func isDurable(key string) bool {
	kind, _, _ := strings.Cut(key, "/")
	return kind == "jobs" || kind == "manifests" || kind == "open"
}

// writeAside returns the path of a new file that holds data, in the folder
// where nothing is an object yet. The caller removes it. On an error there is
// no such file.
func (s *Store) writeAside(ctx context.Context, data []byte, durable bool) (path string, err error) {
	f, err := s.createAside()
	if err != nil {
		return "", err
	}
	err = writePieces(ctx, f, data)
	if err == nil && durable {
		err = s.flush(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// createAside makes the folder again if someone has cleared the store.
func (s *Store) createAside() (*os.File, error) {
	dir := filepath.Join(s.dir, aside)
	f, err := os.CreateTemp(dir, "put-")
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		f, err = os.CreateTemp(dir, "put-")
	}
	return f, err
}

// writePieces writes data in pieces small enough that the end of the context
// is noticed soon, even on a slow disk.
func writePieces(ctx context.Context, f *os.File, data []byte) error {
	for len(data) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Write(data[:min(len(data), pieceMax)])
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// place gives the file its key, or returns fs.ErrExist if that is taken. A link
// is made whole or not at all and never replaces a file, on all file systems
// that know links, network ones included.
func (s *Store) place(tmp, key string) error {
	path := s.path(key)
	err := s.link(tmp, path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		err = s.link(tmp, path)
	}
	if lacksLinks(err) {
		return s.renameLocked(tmp, path)
	}
	return err
}

// lacksLinks reports whether err is what file systems without hard links say.
func lacksLinks(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EMLINK)
}

// renameLocked renames under a lock that all processes take, because a rename
// by itself replaces what is there.
func (s *Store) renameLocked(tmp, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(s.dir, aside, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fs.ErrExist)
	}
	return os.Rename(tmp, path)
}

// compare returns nil if the object holds data, and ErrConflict if it does not.
// An object that cannot be read is both ErrConflict and ErrCorrupt. For a key
// that must be durable the object is flushed, as whoever put it may have been
// stopped before that.
func (s *Store) compare(ctx context.Context, key string, data []byte) error {
	have, err := s.read(ctx, key)
	switch {
	case err == nil && !bytes.Equal(have, data):
		return storage.ErrConflict
	case errors.Is(err, storage.ErrCorrupt):
		return errors.Join(storage.ErrConflict, err)
	case err == nil && isDurable(key):
		return s.sync(s.path(key))
	}
	return err
}

// syncParents makes the names of an object durable: those of its file and of
// the folders that may have been made for it.
func (s *Store) syncParents(key string) error {
	for dir := filepath.Dir(s.path(key)); ; dir = filepath.Dir(dir) {
		if err := s.sync(dir); err != nil {
			return err
		}
		if dir == s.dir {
			return nil
		}
	}
}

// sync flushes a file, or the names in a folder.
func (s *Store) sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.flush(f)
}
