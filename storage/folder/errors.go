package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/binglide/binglide/storage"
)

// wrap returns err as the contract wants it: sorted, and naming the key.
func (s *Store) wrap(op, key string, err error) error {
	return storage.WrapKey(op, key, s.explain(err))
}

// explain sorts the errors of the file system into those of the contract,
// and says what to do about those that a user can mend. The cause stays in the
// chain. Absent files are not its business: see orNotFound.
func (s *Store) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: folder %s: free some space or choose another store: %w", storage.ErrFull, s.dir, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: folder %s: make it writable for this user or choose another store: %w", storage.ErrDenied, s.dir, err)
	}
	return err
}

// orNotFound returns ErrNotFound if err says that there is no such file.
func orNotFound(err error) error {
	if isAbsent(err) {
		return storage.ErrNotFound
	}
	return err
}

// isAbsent reports whether err says that there is no such file, or that an
// element of its path is a file.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
