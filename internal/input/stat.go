package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/binglide/binglide/job"
)

// ErrStream marks an input that can be read only once and in order, such as a
// pipe or a terminal. [Put] stores it as chunks, which can then be analysed.
var ErrStream = errors.New("a stream: store it as chunks first")

// StatFile describes the file at path, following symbolic links, so that it
// can go into a spec. It never blocks on a pipe.
//
// The identity of a block device never repeats, because nothing tells whether
// its content changed: a job about one is never answered from the cache.
//
// What cannot be opened, and a directory, is job.ErrInvalid; what is neither a
// regular file nor a block device, or has content that its size denies, is
// ErrStream.
func StatFile(path string) (job.Input, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return job.Input{}, fmt.Errorf("%w: input %q: %w", job.ErrInvalid, path, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return job.Input{}, unusable(abs, err)
	}
	if err := checkKind(abs, info.Mode()); err != nil {
		return job.Input{}, err
	}
	f, err := os.OpenFile(abs, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return job.Input{}, unusable(abs, err)
	}
	defer f.Close()
	return statOpen(f, abs)
}

// checkKind returns an error for what cannot be read by position.
func checkKind(path string, mode fs.FileMode) error {
	switch {
	case mode.IsDir():
		return fmt.Errorf("%w: input %s is a directory: name a file", job.ErrInvalid, path)
	case mode.IsRegular(), isBlockDevice(mode):
		return nil
	}
	return fmt.Errorf("input %s (%s) is %w", path, kindOf(mode), ErrStream)
}

// kindOf returns what users call a stream of that mode.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeCharDevice != 0:
		return "character device"
	}
	return "special file"
}

// isBlockDevice reports whether m is that of a disk or a part of one.
func isBlockDevice(m fs.FileMode) bool {
	return m&fs.ModeDevice != 0 && m&fs.ModeCharDevice == 0
}

// statOpen describes an open file. Its kind is checked once more, because the
// path may have come to name something else before it was opened.
func statOpen(f *os.File, path string) (job.Input, error) {
	info, err := f.Stat()
	if err != nil {
		return job.Input{}, unusable(path, err)
	}
	if err := checkKind(path, info.Mode()); err != nil {
		return job.Input{}, err
	}
	p := filePin(info)
	if isBlockDevice(info.Mode()) {
		p.mtime, p.change = time.Now().UnixNano(), 0
		if p.size, err = f.Seek(0, io.SeekEnd); err != nil {
			return job.Input{}, unusable(path, err)
		}
	} else if err := probe(f, path, p.size); err != nil {
		return job.Input{}, err
	}
	return job.Input{
		Name: filepath.Base(path),
		Size: p.size,
		File: &job.File{Path: path, Device: p.device, Inode: p.inode, ModTime: p.mtime, Change: p.change},
	}, nil
}

// probe reads one byte: it finds files that cannot be read, and those that
// claim to be empty because they are made up as they are read.
func probe(f *os.File, path string, size int64) error {
	n, err := f.ReadAt(make([]byte, 1), 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unusable(path, err)
	}
	if size == 0 && n > 0 {
		return fmt.Errorf("input %s has no size and is %w", path, ErrStream)
	}
	return nil
}

// unusable says why a path cannot be an input, and what to do about it.
func unusable(path string, err error) error {
	mend := "check the path"
	if errors.Is(err, fs.ErrPermission) {
		mend = "ask for the right to read it"
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%w: input %s: %w: %s", job.ErrInvalid, path, err, mend)
}
