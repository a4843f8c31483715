// Command bench measures whole commands side by side in one run and prints the
// figures as a table of Markdown. Ratios hold on a noisy machine, absolute
// figures less so.
//
//	go run ./bench [-size 1GiB-in-bytes] [-sparse bytes] [-runs n]
//
// The latency of a cluster is measured if BINGLIDE_TEST_REDIS names a Redis;
// peers are measured where they are installed. What is left out is named.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

func main() {
	size := flag.Int64("size", 1<<30, "bytes of the file of real data")
	sparse := flag.Int64("sparse", 8<<30, "bytes of the sparse file")
	runs := flag.Int("runs", 3, "runs of each command; the median counts")
	only := flag.String("direct", "", "analyse this `file` without queue, tree and store, and print nothing")
	flag.Parse()
	if *only != "" {
		if err := direct(*only); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	b := &bench{size: *size, sparse: *sparse, runs: *runs}
	if err := b.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of all measurements.
type bench struct {
	size, sparse int64 // bytes
	runs         int
	dir          string // of files that go with the run
	program      string // binglide, built here
}

func (b *bench) run(ctx context.Context) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "binglide-bench-"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(b.dir)
	b.program = filepath.Join(b.dir, "binglide")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.program, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build binglide: %w: %s", err, out)
	}
	fmt.Printf("%s/%s, %d processors, %s; medians of %d runs\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.runs)
	fmt.Println("| what | figure | target |")
	fmt.Println("| --- | ---: | ---: |")
	for _, part := range []func(context.Context) error{b.embedded, b.latency} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// row prints one figure.
func row(what, target, format string, args ...any) {
	fmt.Printf("| %s | %s | %s |\n", what, fmt.Sprintf(format, args...), target)
}
