package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
)

// stream opens an input that is read once and in order: standard input for "-",
// a pipe or a device. At most limit bytes are read of it if limit is not
// negative; a device that never ends needs one. Waiting for it ends when ctx does.
func (e *env) stream(ctx context.Context, name string, opt input.PutOptions, limit int64) (io.Reader, input.PutOptions, func(), error) {
	src, end := e.stdin, func() {}
	opt.Name = "-"
	if name != "-" {
		if err := endless(name, limit); err != nil {
			return nil, opt, nil, err
		}
		f, err := openStream(ctx, name)
		if err != nil {
			return nil, opt, nil, err
		}
		src, end, opt.Name = f, func() { f.Close() }, filepath.Base(name)
	}
	src = &interruptible{ctx: ctx, src: src}
	if limit >= 0 {
		src = io.LimitReader(src, limit)
	}
	return src, opt, end, nil
}

// endless refuses a device that never ends if there is no limit to it.
func endless(name string, limit int64) error {
	info, err := os.Stat(name)
	if err == nil && limit < 0 && info.Mode()&os.ModeCharDevice != 0 {
		err = fmt.Errorf("%w: %s is a device without an end: say how much of it with --length", job.ErrInvalid, name)
	}
	return err
}
