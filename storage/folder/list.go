package folder

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/binglide/binglide/storage"
)

// List implements [storage.Lister]. It holds the names of one folder per
// element of the key in memory.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		l := &lister{s, ctx, prefix, yield}
		start, _ := path.Split(prefix)
		if !storage.ValidPrefix(prefix) {
			l.fail(storage.ErrKey)
			return
		}
		l.walk(start)
	}
}

// lister is one run of List.
type lister struct {
	store  *Store
	ctx    context.Context //nolint:containedctx // lives for one call of List
	prefix string
	yield  func(storage.Info, error) bool
}

// walk yields the objects below a folder, given as the key's beginning with
// its final slash. It reports whether to go on.
func (l *lister) walk(dir string) bool {
	if err := l.ctx.Err(); err != nil {
		return l.fail(err)
	}
	entries, err := os.ReadDir(l.store.path(dir))
	if err != nil && !isAbsent(err) {
		return l.fail(err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return strings.Compare(keyElement(a), keyElement(b))
	})
	for _, e := range entries {
		if !l.visit(dir+keyElement(e), e) {
			return false
		}
	}
	return true
}

// visit yields an entry that is an object under the prefix, and walks one that
// is a folder which may hold some. Names that no key can have, such as those
// of files that others left, are passed over. It reports whether to go on.
func (l *lister) visit(key string, e fs.DirEntry) bool {
	switch {
	case e.IsDir() && (strings.HasPrefix(key, l.prefix) || strings.HasPrefix(l.prefix, key)):
		return !storage.ValidPrefix(key) || l.walk(key)
	case !e.Type().IsRegular() || !strings.HasPrefix(key, l.prefix) || !storage.ValidKey(key):
		return true
	}
	info, err := e.Info()
	if isAbsent(err) {
		return true // deleted meanwhile
	}
	if err != nil {
		return l.fail(err)
	}
	return l.yield(storage.Info{Key: key, Size: info.Size()}, nil)
}

// fail yields the error that ends the sequence.
func (l *lister) fail(err error) bool {
	l.yield(storage.Info{}, l.store.wrap("list", l.prefix, err))
	return false
}

// keyElement returns the name as it stands in keys, where a slash follows a
// folder's: "a-b", "a/…" and "a0" are in order.
func keyElement(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}
