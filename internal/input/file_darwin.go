package input

import (
	"io/fs"
	"syscall"
)

// openFlags keep an open of what turned into a pipe from blocking.
const openFlags = syscall.O_NONBLOCK

func filePin(info fs.FileInfo) pin {
	p := pin{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		p.device, p.inode, p.change = uint64(st.Dev), st.Ino, st.Ctimespec.Nano()
	}
	return p
}
