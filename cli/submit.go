package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/job"
)

const inputScheme = "input:"

func newSubmitCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "submit",
		Usage:     "have the cluster analyse inputs, and print a job id for each",
		ArgsUsage: "INPUT…",
		Description: `INPUT is one of

   FILE or -            split into chunks, of which those that the store lacks are sent
   s3://bucket/object   read where it is, pinned to its version or ETag, never copied
   input:<digest>       stored before by ` + "`binglide put`" + `

   binglide submit disk.img
   binglide submit --analysis words s3://logs/access.log
   binglide watch $(binglide submit disk.img)`,
		Flags: clusterFlags(append(requestFlags(), jsonFlag())...),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usagef("submit: no input named")
			}
			asked, err := e.request(c)
			if err != nil {
				return err
			}
			return e.withCluster(func(ctx context.Context, c *cli.Context, g *engine) error {
				return e.submit(ctx, c, g, asked)
			})(c)
		},
	}
}

func (e *env) submit(ctx context.Context, c *cli.Context, g *engine, asked *request) error {
	for _, name := range c.Args().Slice() {
		in, err := e.clusterInput(ctx, g.store, name, asked)
		if err != nil {
			return err
		}
		spec, err := asked.spec(in)
		if err != nil {
			return err
		}
		if err := g.client.Submit(ctx, spec); err != nil {
			return err
		}
		if err := e.tellSubmitted(spec, c.Bool("json")); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) tellSubmitted(spec *job.Spec, asJSON bool) error {
	if asJSON {
		return e.lines().write(map[string]any{"job": spec.ID, "input": spec.Input})
	}
	_, err := fmt.Fprintln(e.stdout, spec.ID)
	return err
}

// clusterInput returns the input that name stands for, where every process of
// the cluster can read it.
func (e *env) clusterInput(ctx context.Context, store *openedStore, name string, asked *request) (job.Input, error) {
	switch {
	case strings.HasPrefix(name, "s3://"):
		return e.objectInput(ctx, store, name)
	case strings.HasPrefix(name, inputScheme):
		return storedInput(ctx, store, strings.TrimPrefix(name, inputScheme))
	}
	limit, err := asked.streamLimit()
	if err != nil {
		return job.Input{}, err
	}
	return e.putInput(ctx, store, name, asked.level, limit)
}

// storedInput reads "<digest>" or "<digest>/<name>".
func storedInput(ctx context.Context, store *openedStore, text string) (job.Input, error) {
	digest, name, named := strings.Cut(text, "/")
	d, err := job.ParseDigest(digest)
	if err != nil {
		return job.Input{}, err
	}
	if !named {
		name = digest
	}
	return input.StatManifest(ctx, store, d, name)
}

func (e *env) objectInput(ctx context.Context, store *openedStore, text string) (job.Input, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return job.Input{}, fmt.Errorf("%w: input %q: want s3://bucket/object", job.ErrInvalid, text)
	}
	if u.User != nil {
		return job.Input{}, fmt.Errorf("%w: the input's URL holds credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead", job.ErrInvalid)
	}
	o := job.Object{Endpoint: u.Query().Get("endpoint"), Bucket: u.Host, Key: strings.TrimPrefix(u.Path, "/"), Version: u.Query().Get("version")}
	objects, err := e.objectReader(ctx, store, o.Endpoint)
	if err != nil {
		return job.Input{}, err
	}
	in, err := input.StatObject(ctx, objects, o)
	in.Name = path.Base(o.Key)
	return in, err
}

// putInput stores the file at path, or standard input for "-", of which at most
// limit bytes if that is not negative.
func (e *env) putInput(ctx context.Context, store *openedStore, name string, level int, limit int64) (in job.Input, err error) {
	p := e.newPutProgress(name)
	defer p.close()
	opt := input.PutOptions{Level: level, OnProgress: p.sent}
	if name != "-" {
		known, err := input.StatFile(name)
		if err == nil {
			p.total = known.Size
			in, _, err = input.PutFile(ctx, store, name, opt)
			return in, err
		}
		if !errors.Is(err, input.ErrStream) {
			return in, err
		}
	}
	return e.putStream(ctx, store, name, opt, limit)
}

func (e *env) putStream(ctx context.Context, store *openedStore, name string, opt input.PutOptions, limit int64) (job.Input, error) {
	src, opt, end, err := e.stream(ctx, name, opt, limit)
	if err != nil {
		return job.Input{}, err
	}
	defer end()
	in, _, err := input.Put(ctx, store, src, opt)
	return in, err
}

// putProgress draws how much of an input is stored.
type putProgress struct {
	*progress
	total int64 // bytes; 0 if unknown
}

func (e *env) newPutProgress(name string) *putProgress {
	return &putProgress{progress: e.newProgress("store " + path.Base(name))}
}

func (p *putProgress) sent(sent, skipped int64) {
	if p.total > 0 {
		p.update(job.Progress{BytesDone: sent + skipped, BytesTotal: p.total})
	}
}

func newPutCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "put",
		Usage:     "store inputs as chunks without running anything, and print what to submit",
		ArgsUsage: "FILE…",
		Description: `Only chunks that the store lacks are sent, so an interrupted put goes on where it
was. With --verify those it has are read back, and damaged ones sent again.

   binglide submit $(binglide put disk.img)`,
		Flags: []cli.Flag{storeFlag(), chunkFlag(), jsonFlag(),
			sizeFlag("length", "`SIZE` to store of an input without an end"),
			&cli.BoolFlag{Name: "verify", Usage: "read back what is stored"}},
		Action: func(c *cli.Context) error { return e.put(c.Context, c) },
	}
}

func (e *env) put(ctx context.Context, c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef("put: no file named")
	}
	asked, err := e.request(c)
	if err != nil {
		return err
	}
	limit, err := asked.streamLimit()
	if err != nil {
		return err
	}
	store, err := e.openStore(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range c.Args().Slice() {
		if err := e.putOne(ctx, c, store, name, asked.level, limit); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) putOne(ctx context.Context, c *cli.Context, store *openedStore, name string, level int, limit int64) error {
	p := e.newPutProgress(name)
	opt := input.PutOptions{Level: level, OnProgress: p.sent, Verify: c.Bool("verify")}
	var in job.Input
	var stats input.PutStats
	known, err := input.StatFile(name)
	switch {
	case err == nil && name != "-":
		p.total = known.Size
		in, stats, err = input.PutFile(ctx, store, name, opt)
	case name == "-" || errors.Is(err, input.ErrStream):
		src, opt, end, openErr := e.stream(ctx, name, opt, limit)
		if openErr != nil {
			return openErr
		}
		in, stats, err = input.Put(ctx, store, src, opt)
		end()
	}
	p.close()
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "%s: %s in %d chunks, %d sent\n", in.Name, formatSize(in.Size), stats.Chunks, stats.Sent)
	if c.Bool("json") {
		return e.lines().write(map[string]any{"input": in, "chunks": stats.Chunks, "sent": stats.Sent})
	}
	_, err = fmt.Fprintf(e.stdout, "%s%s/%s\n", inputScheme, in.Stored.Manifest, in.Name)
	return err
}
