//go:build unix

package input_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
)

func TestStatFile_Stream(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	fifo, socket := filepath.Join(folder, "fifo"), filepath.Join(folder, "socket")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, kind := range map[string]string{fifo: "pipe", socket: "socket", "/dev/zero": "character device"} {
		_, err := input.StatFile(path)
		requireError(t, err, input.ErrStream, path, kind)
		_, _, err = input.PutFile(t.Context(), nil, path, input.PutOptions{})
		requireError(t, err, input.ErrStream, path)
	}
}

// A reader does not wait for somebody to write to what became a pipe.
func TestFile_BecamePipe(t *testing.T) {
	t.Parallel()
	path := writeFile(t, content(10))
	in := statFile(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := input.Open(t.Context(), &in, input.Sources{})
	requireError(t, err, job.ErrInputChanged, path)
}

// A change that keeps size and modification time shows in the change time.
func TestFile_ModificationTimeSetBack(t *testing.T) {
	t.Parallel()
	path := writeFile(t, content(10))
	in := statFile(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	rd := open(t, &in, input.Sources{})
	in.File.Change-- // the clock of some file systems is too coarse to wait for
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	_, err = scan(t, rd, job.Range{Length: 10})
	requireError(t, err, job.ErrInputChanged, path, "status change time")
}
