package testenv

import "syscall"

// childAttr keeps a terminal's Ctrl-C from the servers, which are needed until
// the tests have ended, and ends them should this process be killed.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
