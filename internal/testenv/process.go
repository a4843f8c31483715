package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// process is a server that runs as a child of this process.
type process struct {
	path string
	args []string
	env  []string
	dir  string // holds its data and log
	cmd  *exec.Cmd
	gone chan struct{} // closed when cmd has ended
}

func newProcess(s *Service, prog program) (*process, error) {
	dir, err := os.MkdirTemp("", "binglide-test-")
	if err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	return &process{path: prog.path, args: s.def.args(host, port, data), env: s.def.env, dir: dir}, nil
}

// up implements runner.
func (p *process) up(ctx context.Context, probe func(context.Context) error) error {
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return fmt.Errorf("make a log: %w", err)
	}
	defer log.Close()
	// The server outlives ctx: remove ends it.
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = slices.Concat(os.Environ(), p.env)
	cmd.SysProcAttr = childAttr()
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	p.cmd, p.gone = cmd, gone
	go func() {
		defer close(gone)
		_ = cmd.Wait() // how it ended is in its log
	}()
	if err := await(ctx, probe, gone); err != nil {
		return fmt.Errorf("%w; its log ends:\n%s", err, p.logTail())
	}
	return nil
}

func (p *process) logTail() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return tail(string(b))
}

// do implements runner.
func (p *process) do(_ context.Context, a action) error {
	if p.cmd == nil {
		return nil
	}
	sig := map[action]syscall.Signal{kill: syscall.SIGKILL, pause: syscall.SIGSTOP, unpause: syscall.SIGCONT}[a]
	err := p.cmd.Process.Signal(sig)
	if a != kill {
		return err
	}
	<-p.gone // SIGKILL cannot be refused; only an error to send it is of interest
	return nil
}

// remove implements runner.
func (p *process) remove(ctx context.Context) error {
	if err := p.do(ctx, kill); err != nil {
		return err
	}
	return os.RemoveAll(p.dir)
}
