package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/binglide/binglide/job"
)

// pin is what the file system says of a file; content that changed shows here.
type pin struct {
	device, inode       uint64
	size, mtime, change int64 // times in nanoseconds since 1970
}

// pinOf returns what the file system said when the input was submitted.
func pinOf(in *job.Input) pin {
	f := in.File
	return pin{f.Device, f.Inode, in.Size, f.ModTime, f.Change}
}

// fileReader reads a local file, or a block device, by position. The file stays
// open, so that what is read is one file even if its path comes to name
// another; that is noticed, and is an error all the same.
type fileReader struct {
	in     *job.Input
	file   *os.File
	device bool // a block device, of which size and times say nothing
	bufs   *buffers
}

// openFile opens the file of a spec, and returns job.ErrInputChanged if its path
// now names nothing, or something else.
func openFile(in *job.Input) (*fileReader, error) {
	f, err := os.OpenFile(in.File.Path, os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(in, "it is gone")
	}
	if err != nil {
		return nil, fmt.Errorf("open input: %w", err)
	}
	r := &fileReader{in: in, file: f, bufs: newBuffers(pieceSize)}
	if err := r.checkOpened(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// checkOpened checks the file before anything is read of it.
func (f *fileReader) checkOpened() error {
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("open input: %w", err)
	}
	f.device = isBlockDevice(info.Mode())
	if f.device {
		return f.checkDeviceSize()
	}
	return f.check()
}

// checkDeviceSize measures a block device, whose status tells no size.
func (f *fileReader) checkDeviceSize() error {
	size, err := f.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measure input: %w", err)
	}
	if size != f.in.Size {
		return changed(f.in, fmt.Sprintf("size %d, was %d", size, f.in.Size))
	}
	return f.check()
}

// check returns job.ErrInputChanged if the open file or the one now under its
// path is not the file of the spec. Both are looked at because a file that was
// renamed away is itself unchanged.
func (f *fileReader) check() error {
	info, err := f.file.Stat()
	if err == nil {
		err = f.compare(info)
	}
	if err != nil {
		return err
	}
	info, err = os.Stat(f.in.File.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return changed(f.in, "it is gone")
	}
	if err != nil {
		return fmt.Errorf("check input: %w", err)
	}
	return f.compare(info)
}

// compare checks one status against the spec. Of a block device only which one
// it is can be compared.
func (f *fileReader) compare(info fs.FileInfo) error {
	want, now := pinOf(f.in), filePin(info)
	if f.device {
		want = pin{device: want.device, inode: want.inode}
		now = pin{device: now.device, inode: now.inode}
	}
	if want == now {
		return nil
	}
	return changed(f.in, differences(want, now))
}

// differences says in words how a file differs from its spec.
func differences(want, now pin) string {
	if want.device != now.device || want.inode != now.inode {
		return "another file has its path"
	}
	var diffs []string
	if want.size != now.size {
		diffs = append(diffs, fmt.Sprintf("size %d, was %d", now.size, want.size))
	}
	if want.mtime != now.mtime {
		diffs = append(diffs, "its modification time differs")
	}
	if want.change != now.change {
		diffs = append(diffs, "its status change time differs")
	}
	return strings.Join(diffs, ", ")
}

// changed returns job.ErrInputChanged for a file, with what shows it.
func changed(in *job.Input, what string) error {
	return fmt.Errorf("%w: %s: %s: run again once nothing writes to it", job.ErrInputChanged, in.File.Path, what)
}

// Identity implements [job.Identifier].
func (f *fileReader) Identity(_ context.Context, r job.Range) (job.Identity, error) {
	return f.in.IdentityOf(job.Digest{}, r), checkRange(f.in, r)
}

// Scan implements part of [Reader]. That the file did not change while it was
// read is known at the end, from its times.
func (f *fileReader) Scan(ctx context.Context, r job.Range, visit func([]byte, int64) error) error {
	if err := checkRange(f.in, r); err != nil {
		return err
	}
	buf := f.bufs.get()
	defer f.bufs.put(buf)
	for w := range windows(r, pieceSize) {
		data := (*buf)[:w.Length]
		if err := f.read(ctx, w.Offset, data); err != nil {
			return err
		}
		if err := visit(data, w.Offset); err != nil {
			return err
		}
	}
	return f.check()
}

// read fills buf with the bytes at offset, in reads of at most a piece between
// which ctx is looked at. A file that ends before has shrunk.
func (f *fileReader) read(ctx context.Context, offset int64, buf []byte) error {
	for w := range windows(job.Range{Length: int64(len(buf))}, pieceSize) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := offset + w.Offset
		n, err := f.file.ReadAt(buf[w.Offset:w.End()], at)
		if errors.Is(err, io.EOF) && int64(n) < w.Length {
			return changed(f.in, fmt.Sprintf("it ends at byte %d, its size was %d", at+int64(n), f.in.Size))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read input %s at byte %d: %w", f.in.File.Path, at+int64(n), err)
		}
	}
	return nil
}

// Close implements part of [Reader].
func (f *fileReader) Close() error { return f.file.Close() }
