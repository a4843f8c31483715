package storage_test

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/storagetest"
)

func TestValidKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"a", "0", "-", "_", "a/b", "a.b", "a..b", "a.", "-/-", "a-b_c.d/0", "jobs/abc/spec", strings.Repeat("a", 512),
	} {
		if !storage.ValidKey(key) {
			t.Errorf("%q is not valid, want it to be", key)
		}
	}
	for _, key := range storagetest.BadKeys() {
		if storage.ValidKey(key) {
			t.Errorf("%q is valid, want it not to be", key)
		}
	}
}

func TestValidKey_EveryByte(t *testing.T) {
	t.Parallel()
	const inside = "abcdefghijklmnopqrstuvwxyz0123456789-_./"
	for c := range 256 {
		want := strings.IndexByte(inside, byte(c)) >= 0
		if got := storage.ValidKey("a" + string([]byte{byte(c)}) + "a"); got != want {
			t.Errorf("byte %#x: valid %v, want %v", c, got, want)
		}
	}
}

func FuzzValidKey(f *testing.F) {
	for _, key := range append(storagetest.BadKeys(), "jobs/abc/spec", "a..b") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if !storage.ValidKey(key) {
			return
		}
		if path.Clean("/"+key) != "/"+key || strings.Contains("/"+key, "/.") {
			t.Errorf("%q is valid and not a plain path", key)
		}
		for i := range key {
			if !storage.ValidPrefix(key[:i]) {
				t.Errorf("%q is valid, its beginning %q no valid prefix", key, key[:i])
			}
		}
	})
}

func TestValidPrefix(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]bool{
		"": true, "a": true, "a/": true, "jobs/ab": true, "a.": true, strings.Repeat("a", 512): true,
		"/": false, ".": false, "a//": false, "a/.": false, "../": false, "A": false, strings.Repeat("a", 513): false,
	} {
		if got := storage.ValidPrefix(prefix); got != want {
			t.Errorf("%q: valid %v, want %v", prefix, got, want)
		}
	}
}

func TestWrapKey(t *testing.T) {
	t.Parallel()
	if err := storage.WrapKey("get", "k", nil); err != nil {
		t.Errorf("nil: got %v", err)
	}
	err := storage.WrapKey("get", "k", storage.ErrNotFound)
	var k *storage.KeyError
	if !errors.As(err, &k) || k.Op != "get" || k.Key != "k" || !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %#v", err)
	}
	if got := err.Error(); got != "get k: not found" {
		t.Errorf("got %q", got)
	}
}

func TestIsMissing(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		storage.ErrNotFound: true, storage.ErrCorrupt: true, storage.ErrConflict: false, storage.ErrDenied: false,
		storage.ErrFull: false, storage.ErrUnreachable: false, storage.ErrKey: false, nil: false,
	} {
		wrapped := err
		if err != nil {
			wrapped = storage.WrapKey("get", "k", fmt.Errorf("wrapped: %w", err))
		}
		if got := storage.IsMissing(wrapped); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}
