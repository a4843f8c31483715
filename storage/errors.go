package storage

import (
	"errors"
	"fmt"
)

// The taxonomy: what callers do about an error depends on these alone. Any
// other error is a fault of transport or disk that may pass; callers may retry.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the key holds other bytes. Never retried.
	ErrConflict = errors.New("conflict: the key holds other bytes")
	// ErrCorrupt: the object is there but not whole or not what was written.
	// Its reader deletes it and has it computed again where that is possible.
	ErrCorrupt = errors.New("corrupt")
	// ErrDenied: the credentials do not allow it. Never retried.
	ErrDenied = errors.New("access denied")
	// ErrFull: the store has no room. Retried later.
	ErrFull = errors.New("no space left in the store")
	// ErrUnreachable: the store did not answer. Retried later.
	ErrUnreachable = errors.New("store unreachable")
	// ErrKey: the key is malformed: a programmer's error.
	ErrKey = errors.New("malformed key")
)

// KeyError says what was being done to which object.
type KeyError struct {
	Op  string // "get", "put", "stat", "list", "delete"
	Key string
	Err error
}

// Error implements error.
func (e *KeyError) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.Key, e.Err) }

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }

// WrapKey returns err as a *KeyError, and nil for nil.
func WrapKey(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &KeyError{Op: op, Key: key, Err: err}
}

// IsMissing reports whether err means that the object has to be made again: it
// is absent or corrupt.
func IsMissing(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrCorrupt)
}

// ValidKey reports whether key is well-formed: at most 512 bytes, no empty
// element, none that starts with a dot.
func ValidKey(key string) bool {
	if len(key) == 0 || len(key) > 512 {
		return false
	}
	prev := byte('/')
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		case (c == '.' || c == '/') && prev != '/':
		default:
			return false
		}
		prev = c
	}
	return prev != '/'
}
