// Command services runs a command with test servers around it:
//
//	go run ./e2e/services -- go test ./...
//
// It starts a Redis, a MinIO and a VersityGW on free ports of loopback, tells
// the command of them in its environment, removes them when it has ended, and
// exits with its code. They are containers where a Docker engine answers, else
// processes; BINGLIDE_TEST_ENGINE=docker or process chooses. Package
// internal/testenv describes the environment.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/binglide/binglide/internal/testenv"
)

// Times that are waited at the end.
const (
	commandGrace = 10 * time.Second // for an interrupted command
	downTimeout  = time.Minute      // for the servers to be removed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(stderr, "usage: go run ./e2e/services -- COMMAND ARGUMENT…")
		return 2
	}
	code, err := runWithServices(ctx, args, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "services:", err)
	}
	return code
}

func runWithServices(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, err error) {
	if err := testenv.Sweep(ctx); err != nil {
		return 1, err
	}
	env, err := testenv.Up(ctx, func(s *testenv.Service) { fmt.Fprintln(stderr, s) })
	if err != nil {
		return 1, err
	}
	defer func() {
		down, cancel := context.WithTimeout(context.WithoutCancel(ctx), downTimeout)
		defer cancel()
		if e := env.Down(down); e != nil {
			code, err = max(code, 1), errors.Join(err, e)
		}
	}()
	return execute(ctx, args, env.Variables(), stdout, stderr)
}

// execute runs the command. If ctx ends, the command is asked to end as well.
func execute(ctx context.Context, args, vars []string, stdout, stderr io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = slices.Concat(os.Environ(), vars)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 130, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), nil
	case err != nil:
		return 1, err
	}
	return 0, nil
}
