// Command run runs one of the pinned tools, building it first if need be:
//
//	go run ./internal/tools/run golangci-lint run ./...
//
// Without arguments it lists the tools. Its exit code is the tool's.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/binglide/binglide/internal/tools"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		for _, t := range tools.All() {
			fmt.Fprintf(stdout, "%s\t%s@%s\n", t.Name(), t.Package, t.Version)
		}
		return 0
	}
	err := execute(ctx, args, stdout, stderr)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(stderr, "tools:", err)
		return 1
	}
	return 0
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	tool, err := tools.Named(args[0])
	if err != nil {
		return err
	}
	cache, err := tools.UserCache()
	if err != nil {
		return err
	}
	cache.Log = func(line string) { fmt.Fprintln(stderr, "tools:", line) }
	path, err := cache.Ensure(ctx, tool)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	return cmd.Run()
}
