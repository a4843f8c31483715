package jobs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/reducer"
	"github.com/binglide/binglide/storage/mem"
)

const chunk = 64 << 10

// size is an analysis that counts bytes.
type size struct{}

func (size) ID() job.AnalysisID { return job.AnalysisID{Name: "size", Version: 1} }

func (size) New(int64, int) analysis.Summary { return new(sizeSum) }

func (size) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	if len(b) != 8 {
		return nil, errors.New("decode size: want 8 bytes")
	}
	s := sizeSum(binary.BigEndian.Uint64(b))
	return &s, nil
}

type sizeSum uint64

func (s *sizeSum) Write(p *analysis.Piece) error { *s += sizeSum(len(p.Data)); return nil }

func (s *sizeSum) Merge(next analysis.Summary) error { *s += *next.(*sizeSum); return nil }

func (s *sizeSum) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, uint64(*s)), nil
}

func (*sizeSum) Files() []analysis.File { return nil }

// kept is an analysis that keeps each chunk in a blob of its own.
type kept struct{}

func (kept) ID() job.AnalysisID { return job.AnalysisID{Name: "kept", Version: 1} }

func (kept) New(int64, int) analysis.Summary { return new(keptSum) }

func (kept) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	s := new(keptSum)
	for len(b) >= len(job.Digest{}) {
		s.blobs = append(s.blobs, job.Digest(b[:len(job.Digest{})]))
		b = b[len(job.Digest{}):]
	}
	if len(b) > 0 {
		return nil, errors.New("decode kept: half a digest")
	}
	return s, nil
}

type keptSum struct {
	blobs []job.Digest
	data  []byte // written and not in a blob yet
}

func (s *keptSum) Write(p *analysis.Piece) error { s.data = append(s.data, p.Data...); return nil }

func (s *keptSum) Merge(next analysis.Summary) error {
	s.blobs = append(s.blobs, next.(*keptSum).blobs...)
	return nil
}

func (s *keptSum) Encode(ctx context.Context, blobs analysis.Blobs) ([]byte, error) {
	if len(s.data) > 0 {
		d, err := blobs.PutBlob(ctx, s.data)
		if err != nil {
			return nil, err
		}
		s.blobs, s.data = append(s.blobs, d), nil
	}
	var b []byte
	for _, d := range s.blobs {
		b = append(b, d[:]...)
	}
	return b, nil
}

func (*keptSum) Files() []analysis.File { return nil }

func (s *keptSum) Blobs() []job.Digest { return s.blobs }

// pattern returns n bytes of which no two chunks are equal.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// opener opens jobs kept in s.
func opener(s *mem.Store) *jobs.Opener {
	return &jobs.Opener{
		Facts: jobs.NewFacts(s), Registry: analysis.NewRegistry(size{}, kept{}), Sources: input.Sources{Store: s},
	}
}

// goneFile is the description of a file that does not exist.
func goneFile(t *testing.T) job.Input {
	t.Helper()
	return job.Input{Name: "gone", Size: 3 * chunk, File: &job.File{Path: t.TempDir() + "/gone", Device: 1, Inode: 2}}
}

// specOf asks for both analyses of the whole of an input, in chunks of 64 KiB.
func specOf(in job.Input) *job.Spec {
	return &job.Spec{
		ID: job.NewID(), Input: in, Region: job.Range{Length: in.Size}, ChunkLevel: 1,
		Analyses: []job.AnalysisID{size{}.ID(), kept{}.ID()},
	}
}

// stored puts bytes as an input in chunks of 64 KiB.
func stored(t *testing.T, s *mem.Store, data []byte) job.Input {
	t.Helper()
	in, _, err := input.Put(t.Context(), s, bytes.NewReader(data), input.PutOptions{Level: 1, Name: "disk.img"})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// open opens a job over three chunks in s, none of which is mapped.
func open(t *testing.T, s *mem.Store) *jobs.Job {
	t.Helper()
	o, spec := opener(s), specOf(stored(t, s, pattern(3*chunk)))
	if err := o.Facts.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	j, err := o.Open(t.Context(), spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// fill computes all nodes of a job.
func fill(t *testing.T, j *jobs.Job) {
	t.Helper()
	which := []int{0, 1}
	for n := range j.Tree.Row(j.Tree.ChunkLevel) {
		sums, err := mapper.Map(t.Context(), j, n, which)
		keep(t, j, n, sums, err)
	}
	root := j.Tree.Root()
	sums, err := reducer.Reduce(t.Context(), j, root, which)
	keep(t, j, root, sums, err)
}

func keep(t *testing.T, j *jobs.Job, n job.Node, sums []analysis.Summary, err error) {
	t.Helper()
	for i, sum := range sums {
		err = errors.Join(err, j.Put(t.Context(), i, n, sum))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func keysOf(t *testing.T, j *jobs.Job, n job.Node) []job.Key {
	t.Helper()
	keys, err := j.Keys.Of(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
