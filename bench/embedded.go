package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// embedded measures `binglide run` against ent, and its memory.
func (b *bench) embedded(ctx context.Context) error {
	real := filepath.Join(b.dir, "real")
	if err := b.realFile(real); err != nil {
		return err
	}
	holes := filepath.Join(b.dir, "sparse")
	if err := sparseFile(holes, b.sparse); err != nil {
		return err
	}
	ours, err := b.command(ctx, b.program, "run", "--no-cache", real)
	if err != nil {
		return err
	}
	row("run, real data, wall", "", "%.2f s, %.0f MB/s", ours.wall.Seconds(), rate(b.size, ours.wall))
	row("run, real data, CPU", "", "%.2f s, %.0f MB per CPU-second", ours.cpu.Seconds(), rate(b.size, ours.cpu))
	row("run, real data, peak memory", "≤ 512 MiB", "%d MiB", ours.peak>>20)
	if err := b.againstDirect(ctx, real, ours); err != nil {
		return err
	}
	if err := b.againstEnt(ctx, real, ours); err != nil {
		return err
	}
	sparse, err := b.command(ctx, b.program, "run", "--no-cache", holes)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("run, %d GiB sparse, peak memory", b.sparse>>30), "≤ 512 MiB", "%d MiB", sparse.peak>>20)
	row(fmt.Sprintf("run, %d GiB sparse, wall", b.sparse>>30), "", "%.2f s", sparse.wall.Seconds())
	return nil
}

// againstDirect compares the CPU time of a run with that of the same analyses
// over the same file without queue, tree or store.
func (b *bench) againstDirect(ctx context.Context, path string, ours usage) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	direct, err := b.command(ctx, self, "-direct", path)
	if err != nil {
		return err
	}
	share := 1 - direct.cpu.Seconds()/ours.cpu.Seconds()
	row("queue, tree and store, share of a run's CPU", "≤ 15 %", "%.1f %%", 100*share)
	return nil
}

func (b *bench) againstEnt(ctx context.Context, path string, ours usage) error {
	ent, err := exec.LookPath("ent")
	if err != nil {
		row("ent", "", "not installed")
		return nil
	}
	theirs, err := b.command(ctx, ent, path)
	if err != nil {
		return err
	}
	row("ent, real data, wall", "", "%.2f s, %.0f MB/s", theirs.wall.Seconds(), rate(b.size, theirs.wall))
	row("run against ent, wall", "≥ 5×", "%.1f×", theirs.wall.Seconds()/ours.wall.Seconds())
	return nil
}

// usage is what a process used.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// command runs a command several times and returns its median usage.
func (b *bench) command(ctx context.Context, name string, args ...string) (usage, error) {
	var all []usage
	for range b.runs {
		cmd := exec.CommandContext(ctx, name, args...)
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return usage{}, fmt.Errorf("run %s: %w: %s", name, err, out)
		}
		u := usage{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			u.peak = r.Maxrss << 10
		}
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b usage) int { return cmp.Compare(a.wall, b.wall) })
	return all[len(all)/2], nil
}

// rate returns megabytes (10⁶) per second.
func rate(n int64, d time.Duration) float64 { return float64(n) / 1e6 / d.Seconds() }

var errFull = errors.New("enough")

// realFile writes the files of the Go toolchain one behind the other, again and
// again until there are enough bytes.
func (b *bench) realFile(path string) error {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("find the Go toolchain: %w", err)
	}
	root := strings.TrimSpace(string(out))
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make a file of real data: %w", err)
	}
	defer f.Close()
	left := b.size
	for left > 0 && err == nil {
		before := left
		err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			n, err := appendFile(f, name, left)
			if left -= n; left == 0 && err == nil {
				err = errFull
			}
			return err
		})
		if left == before && err == nil {
			err = fmt.Errorf("%s holds no files", root)
		}
	}
	if errors.Is(err, errFull) {
		err = nil
	}
	return err
}

func appendFile(to io.Writer, name string, limit int64) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(to, io.LimitReader(f, limit))
}

func sparseFile(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make a sparse file: %w", err)
	}
	defer f.Close()
	return f.Truncate(size)
}
