package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// errStalled is the cause of a context whose transfer made no progress.
var errStalled = errors.New("no bytes moved")

// watch ends a context when nothing has moved for too long.
type watch struct {
	context.Context //nolint:containedctx // it is a context, for one transfer
	cancel          context.CancelCauseFunc
	timer           *time.Timer
	limit           time.Duration
}

func newWatch(parent context.Context, limit time.Duration) *watch {
	ctx, cancel := context.WithCancelCause(parent)
	return &watch{ctx, cancel, time.AfterFunc(limit, func() { cancel(errStalled) }), limit}
}

// moved starts the time anew.
func (w *watch) moved() { w.timer.Reset(w.limit) }

// pause stops the time until something moves.
func (w *watch) pause() { w.timer.Stop() }

// stop ends the context. It must be called in the end.
func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain returns errStalled in place of an error that the watch brought about.
func (w *watch) explain(err error) error {
	if err != nil && context.Cause(w) == errStalled { //nolint:errorlint // set by us, never wrapped
		return errStalled
	}
	return err
}

// watchedReader tells the watch of what is read.
type watchedReader struct {
	io.Reader
	watch *watch
}

func (r watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.watch.moved()
	}
	return n, err
}

// upload is the body of a PUT. The transport of an earlier attempt may still
// be reading when the next one starts it anew.
type upload struct {
	mu    sync.Mutex
	data  *bytes.Reader
	watch *watch
}

func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.watch.moved()
	return u.data.Read(p)
}

func (u *upload) Seek(offset int64, whence int) (int64, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.data.Seek(offset, whence)
}
