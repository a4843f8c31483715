//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package folder

import (
	"errors"
	"os"
)

// lock returns an error: without it, two processes could replace each other's
// objects.
func lock(path string) (unlock func() error, err error) {
	return nil, &os.PathError{Op: "lock", Path: path, Err: errors.ErrUnsupported}
}
