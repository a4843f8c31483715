//go:build unix && !linux

package testenv

import "syscall"

// childAttr keeps a terminal's Ctrl-C from the servers, which are needed until
// the tests have ended.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
