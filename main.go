// Command binglide gives progressive answers about files too big to look at.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/binglide/binglide/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Main(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
