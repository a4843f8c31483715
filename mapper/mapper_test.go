package mapper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/input"
	"github.com/binglide/binglide/internal/jobs"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/mapper"
	"github.com/binglide/binglide/storage/mem"
)

// fixture is a mapper with a job over a file of 100,000 bytes in two chunks.
type fixture struct {
	*mapper.Mapper
	board *coord.Redis
	tasks *queue.Client
	store *mem.Store
	data  []byte
	path  string
	spec  *job.Spec
}

func newFixture(t *testing.T, extra ...analysis.Analysis) *fixture {
	t.Helper()
	r, stop, err := queue.Embedded(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	rdb, tasks := redis.NewClient(r.Options()), queue.NewClient(queue.ClientConfig{Redis: r})
	t.Cleanup(func() { rdb.Close(); tasks.Close(); stop() })
	f := &fixture{store: mem.New(), board: coord.NewRedis(rdb), tasks: tasks}
	facts := jobs.NewFacts(f.store)
	all := append([]analysis.Analysis{histogram.Analysis{}, digram.Analysis{}}, extra...)
	f.Mapper = &mapper.Mapper{
		Jobs:   jobs.NewCache(&jobs.Opener{Facts: facts, Registry: analysis.NewRegistry(all...), Sources: input.Sources{Store: f.store}}),
		Commit: &coord.Committer{Facts: facts, Board: f.board, Queue: tasks, Log: slog.New(slog.DiscardHandler)},
	}
	f.data = analysistest.Mixed(rand.New(rand.NewPCG(1, 2)), 100_000)
	f.path = filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(f.path, f.data, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := input.StatFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	f.spec = &job.Spec{ID: job.NewID(), Input: in, Region: job.Range{Length: in.Size}, ChunkLevel: 1}
	for _, a := range all {
		f.spec.Analyses = append(f.spec.Analyses, a.ID())
	}
	if err := facts.Create(t.Context(), f.spec); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) handle(t *testing.T, n job.Node) (queue.Result, error) {
	t.Helper()
	return f.Handle(t.Context(), queue.Task{Kind: queue.MapChunk, Job: f.spec.ID, Node: n, Attempt: 1})
}

func chunk(i int64) job.Node { return job.Node{Level: 1, Index: i} }

func TestHandle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, want := range []int64{65536, 100_000 - 65536} {
		r, err := f.handle(t, chunk(int64(i)))
		if err != nil || r.Bytes != want || r.Computed != 2 {
			t.Errorf("chunk %d: %+v, %v; want %d bytes and 2 summaries", i, r, err, want)
		}
	}
	f.requireSummary(t, chunk(1), f.data[65536:])
	if n, err := f.board.MappedCount(t.Context(), f.spec.ID); n != 2 || err != nil {
		t.Errorf("%d chunks recorded as mapped, %v", n, err)
	}
	parent := queue.Task{Kind: queue.ReduceNode, Job: f.spec.ID, Node: job.Node{Level: 2}, Attempt: 1}
	if state, err := f.tasks.Queued(t.Context(), parent); state != queue.Pending || err != nil {
		t.Errorf("the parent is %s, %v; want it enqueued by its last child", state, err)
	}
}

// requireSummary checks what is stored of a chunk.
func (f *fixture) requireSummary(t *testing.T, n job.Node, data []byte) {
	t.Helper()
	j, err := f.Jobs.Open(t.Context(), f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range j.Analyses {
		got, err := j.Summary(t.Context(), i, n)
		if err != nil {
			t.Fatal(err)
		}
		want := analysistest.Files(t, analysistest.Whole(t, a, data))
		for name, content := range analysistest.Files(t, got) {
			if want[name] != content {
				t.Errorf("%s of chunk %s differs from one pass", name, n)
			}
		}
	}
}

func TestHandle_Again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.handle(t, chunk(0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(f.path); err != nil { // what is stored is not read again
		t.Fatal(err)
	}
	r, err := f.handle(t, chunk(0))
	if err != nil || r.Bytes != 0 || r.Computed != 0 {
		t.Errorf("a stored chunk: %+v, %v; want nothing read nor computed", r, err)
	}
}

func TestHandle_OneAnalysisMissing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.handle(t, chunk(0)); err != nil {
		t.Fatal(err)
	}
	j, err := f.Jobs.Open(t.Context(), f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Drop(t.Context(), 1, chunk(0)); err != nil {
		t.Fatal(err)
	}
	if r, err := f.handle(t, chunk(0)); err != nil || r.Computed != 1 || r.Bytes != 65536 {
		t.Errorf("%+v, %v; want one summary of 65536 bytes", r, err)
	}
	f.requireSummary(t, chunk(0), f.data[:65536])
}

func TestHandle_WrongNode(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, n := range []job.Node{chunk(2), chunk(-1), {Level: 2}, {Level: 0}} {
		if _, err := f.handle(t, n); !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), n.String()) {
			t.Errorf("node %s: %v, want ErrInvalid", n, err)
		}
	}
}

func TestHandle_UnknownJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.Handle(t.Context(), queue.Task{Job: "abcdefghij234567"}); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("Handle = %v, want ErrNotFound", err)
	}
}

func TestHandle_InputChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := os.Truncate(f.path, 70_000); err != nil {
		t.Fatal(err)
	}
	_, err := f.handle(t, chunk(1))
	var ne *job.NodeError
	if !errors.Is(err, job.ErrInputChanged) || !job.IsPermanent(err) || !errors.As(err, &ne) || ne.Node != chunk(1) {
		t.Errorf("Handle = %v, want ErrInputChanged of node 1.1", err)
	}
	if n, err := f.board.MappedCount(t.Context(), f.spec.ID); n != 0 || err != nil {
		t.Errorf("%d chunks recorded as mapped, %v", n, err)
	}
}

var errRefused = errors.New("refused")

// refusing is an analysis that refuses every piece.
type refusing struct{ analysis.Analysis }

func (refusing) ID() job.AnalysisID { return job.AnalysisID{Name: "refusing", Version: 1} }

func (r refusing) New(off int64, level int) analysis.Summary {
	return refused{r.Analysis.New(off, level)}
}

type refused struct{ analysis.Summary }

func (refused) Write(*analysis.Piece) error { return errRefused }

func TestHandle_AnalysisFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t, refusing{histogram.Analysis{}})
	_, err := f.handle(t, chunk(0))
	if !errors.Is(err, errRefused) || job.IsPermanent(err) || !strings.Contains(err.Error(), "map bytes 0+65536: analysis refusing") {
		t.Errorf("Handle = %v, want the analysis named", err)
	}
	for info := range f.store.List(t.Context(), "nodes/") {
		t.Errorf("%s was stored though one analysis failed", info.Key)
	}
}

func TestHandle_Cancelled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	j, err := f.Jobs.Open(t.Context(), f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(job.ErrCancelled)
	if _, err := mapper.Map(ctx, j, chunk(0), []int{0}); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("Map = %v, want the cause", err)
	}
}

func ExampleMap() {
	store := mem.New()
	in, _, err := input.Put(context.Background(), store, bytes.NewReader([]byte("banana")), input.PutOptions{Level: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	o := &jobs.Opener{
		Facts: jobs.NewFacts(store), Registry: analysis.NewRegistry(digram.Analysis{}), Sources: input.Sources{Store: store},
	}
	j, err := o.OpenSpec(&job.Spec{
		Input: in, Region: job.Range{Length: in.Size}, ChunkLevel: 1, Analyses: []job.AnalysisID{digram.Analysis{}.ID()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sums, err := mapper.Map(context.Background(), j, j.Tree.FirstLeaf(), []int{0})
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer
	sums[0].Files()[0].Write(context.Background(), io.Writer(&out))
	fmt.Print(out.String())
	// Output:
	// first,second,count
	// 97,110,2
	// 98,97,1
	// 110,97,2
}
