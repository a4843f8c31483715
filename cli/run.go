package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage/folder"
)

func newRunCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "analyse files in this process; no server is needed",
		ArgsUsage: "FILE…",
		Description: `FILE is a file, or - for standard input, which is stored as chunks first.
What was computed before, by any run, is answered from the store.

   binglide run disk.img
   binglide run --analysis words --out result access.log
   binglide run --offset 1GiB --length 64MiB --json disk.img
   zcat dump.gz | binglide run -`,
		Flags: append(requestFlags(), storeFlag(), workersFlag(), jsonFlag(), outFlag(), levelFlag()),
		Action: func(c *cli.Context) error {
			r, err := newRun(e, c)
			if err != nil {
				return err
			}
			return r.run(c.Context)
		},
	}
}

func outFlag() cli.Flag {
	return &cli.StringFlag{Name: "out", Usage: "write the result folder `DIR`; with several files, a folder for each in it"}
}

func levelFlag() cli.Flag {
	return &cli.IntFlag{Name: "level", Usage: "`LEVEL` of the cells in the result folder: 0 for 4 KiB, each level 16 times coarser"}
}

// run analyses files in this process.
type run struct {
	*env
	asked   *request
	paths   []string
	workers int
	json    bool
	out     string
	level   int
	open    func(context.Context) (*openedStore, error)

	store  *openedStore
	engine *engine
}

func newRun(e *env, c *cli.Context) (*run, error) {
	r := &run{env: e, paths: c.Args().Slice(), json: c.Bool("json"), out: c.String("out"), level: c.Int("level")}
	if len(r.paths) == 0 {
		return nil, usagef("run: no file named")
	}
	var err error
	if r.asked, err = e.request(c); err != nil {
		return nil, err
	}
	if r.workers, err = e.intSetting(c, "workers", 1024, runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	if r.level < 0 || r.level > job.MaxLevel {
		return nil, usagef("run: --level %d: want 0 to %d", r.level, job.MaxLevel)
	}
	r.open = func(ctx context.Context) (*openedStore, error) { return e.openStore(ctx, c) }
	return r, nil
}

func (r *run) run(ctx context.Context) (err error) {
	if err := r.check(); err != nil {
		return err
	}
	remove, err := r.openStore(ctx)
	if err != nil {
		return err
	}
	defer remove()
	engine, stop, err := r.embedded(ctx, r.store, r.workers)
	if err != nil {
		return err
	}
	r.engine = engine
	defer func() { err = errors.Join(err, stop()) }()
	for i, path := range r.paths {
		if err := r.file(ctx, path, r.folder(i)); err != nil {
			return err
		}
	}
	return nil
}

// check looks at all files before the first is analysed, so that a mistyped
// name is told at once.
func (r *run) check() error {
	for _, path := range r.paths {
		if path == "-" {
			continue
		}
		_, err := input.StatFile(path)
		if errors.Is(err, input.ErrStream) {
			err = r.checkStream(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkStream refuses devices that never end, unless a length is named.
func (r *run) checkStream(path string) error {
	limit := int64(-1)
	if r.asked.lengthSet {
		limit = 0
	}
	return endless(path, limit)
}

// openStore opens the store: with --no-cache one that goes with the run.
func (r *run) openStore(ctx context.Context) (remove func(), err error) {
	if !r.asked.private {
		r.store, err = r.open(ctx)
		return func() {}, err
	}
	dir, err := os.MkdirTemp("", "binglide-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for this run: %w", err)
	}
	s, err := folder.Open(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	r.store = &openedStore{Store: s, url: folderURL(s.Dir())}
	return func() { os.RemoveAll(dir) }, nil
}

// folder returns the result folder of the i-th file, or "" for none.
func (r *run) folder(i int) string {
	if r.out == "" || len(r.paths) == 1 {
		return r.out
	}
	name := resultName(r.paths[i])
	n := 1
	for _, earlier := range r.paths[:i] {
		if resultName(earlier) == name {
			n++
		}
	}
	if n > 1 {
		name = fmt.Sprintf("%s.%d", name, n)
	}
	return filepath.Join(r.out, name)
}

func resultName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return filepath.Base(path)
}

// file analyses one file and tells the result.
func (r *run) file(ctx context.Context, path, out string) error {
	start := r.now()
	in, err := r.input(ctx, path)
	if err != nil {
		return err
	}
	spec, err := r.asked.spec(in)
	if err != nil {
		return err
	}
	if err := r.engine.client.Submit(ctx, spec); err != nil {
		return err
	}
	st, err := r.finish(ctx, spec.ID)
	if err != nil {
		return err
	}
	j, err := r.engine.opener.OpenSpec(spec)
	if err != nil {
		return err
	}
	defer j.Close()
	a := &answer{env: r.env, job: j, status: st, store: r.store.url, out: out, level: r.level, elapsed: r.now().Sub(start)}
	return a.tell(ctx, r.json)
}

// finish waits for the end of a job, or for what keeps it from ending.
func (r *run) finish(ctx context.Context, id job.ID) (job.Status, error) {
	waiting, cancel := r.engine.unlessFull(ctx)
	defer cancel()
	st, err := r.follow(waiting, r.engine, id, r.json)
	if cause := context.Cause(waiting); err != nil && ctx.Err() == nil && cause != nil {
		// The cancellation cannot be stored either.
		return st, fmt.Errorf("run job %s: %w", id, cause)
	}
	if err != nil {
		r.abandon(ctx, id)
	}
	return st, err
}

// input returns the input that path names, storing streams as chunks.
func (r *run) input(ctx context.Context, path string) (job.Input, error) {
	if path != "-" {
		in, err := input.StatFile(path)
		if !errors.Is(err, input.ErrStream) {
			return in, err
		}
	}
	limit, err := r.asked.streamLimit()
	if err != nil {
		return job.Input{}, err
	}
	return r.putStream(ctx, r.store, path, input.PutOptions{Level: r.asked.level}, limit)
}

// abandon states that a job is cancelled, so that it is not taken for running.
func (r *run) abandon(ctx context.Context, id job.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := r.engine.client.Cancel(ctx, id); err != nil {
		r.warnf("job %s is not marked as cancelled: %v", id, err)
	}
}
