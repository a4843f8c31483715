// Command images makes the images that compose.yaml needs from this checkout
// and from programs of this machine, where none can be pulled. It prints the
// settings that make compose use them:
//
//	env $(go run ./e2e/images) docker compose up
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/binglide/binglide/internal/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	for _, image := range []struct {
		variable string
		make     func(context.Context) (string, error)
	}{
		{"REDIS_IMAGE", service(testenv.Redis)},
		{"MINIO_IMAGE", service(testenv.MinIO)},
		{"BINGLIDE_IMAGE", testenv.BinglideImage},
	} {
		name, err := image.make(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s=%s\n", image.variable, name)
	}
	return nil
}

func service(kind testenv.Kind) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return testenv.ServiceImage(ctx, kind) }
}
