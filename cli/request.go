package cli

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/job"
)

const defaultAnalyses = "bytes,digram,stats"

// requestFlags are the flags that say what is asked of an input.
func requestFlags() []cli.Flag {
	return []cli.Flag{
		analysisFlag(defaultAnalyses), chunkFlag(),
		sizeFlag("offset", "first `BYTE` of the region"),
		sizeFlag("length", "`SIZE` of the region"),
		&cli.BoolFlag{Name: "no-cache", Usage: "neither look results up nor keep them"},
	}
}

// request is what is asked of an input.
type request struct {
	analyses   []job.AnalysisID
	level      int // of the chunks
	levelSet   bool
	offset     int64
	length     int64
	lengthSet  bool
	private    bool
	submission time.Time
}

func (e *env) request(c *cli.Context) (*request, error) {
	r := &request{private: c.Bool("no-cache"), submission: e.now()}
	names, err := e.listSetting(c, "analysis", defaultAnalyses)
	if err != nil {
		return nil, err
	}
	known := builtin()
	for _, name := range names {
		a, err := known.Named(name)
		if err != nil {
			return nil, err
		}
		r.analyses = append(r.analyses, a.ID())
	}
	size, err := e.sizeSetting(c, "chunk", 0)
	if err != nil {
		return nil, err
	}
	r.level = job.DefaultChunkLevel
	if r.levelSet = size != 0; r.levelSet {
		if r.level, err = job.ChunkLevel(size); err != nil {
			return nil, err
		}
	}
	if r.offset, _, err = sizeOf(c, "offset"); err != nil {
		return nil, err
	}
	r.length, r.lengthSet, err = sizeOf(c, "length")
	return r, err
}

// spec returns the spec of a new job over an input.
func (r *request) spec(in job.Input) (*job.Spec, error) {
	level := r.level
	if in.Stored != nil && !r.levelSet {
		level = in.Stored.ChunkLevel
	}
	if r.offset > in.Size {
		return nil, fmt.Errorf("%w: --offset %d is beyond the end of %q (%d bytes)", job.ErrInvalid, r.offset, in.Name, in.Size)
	}
	length := in.Size - r.offset
	if r.lengthSet {
		length = r.length
	}
	s := &job.Spec{
		ID: job.NewID(), Input: in, Region: job.Range{Offset: r.offset, Length: length},
		Analyses: r.analyses, ChunkLevel: level, Private: r.private,
		Created: job.Now(r.submission),
	}
	return s, s.Validate()
}

// streamLimit returns how much of a stream the region needs, or -1 for all.
func (r *request) streamLimit() (int64, error) {
	if !r.lengthSet {
		return -1, nil
	}
	if r.length > job.LevelSize(job.MaxLevel)-r.offset {
		return 0, fmt.Errorf("%w: --offset %d and --length %d: want at most %d bytes in all", job.ErrInvalid, r.offset, r.length, job.LevelSize(job.MaxLevel))
	}
	return r.offset + r.length, nil
}
