package scheduler_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/histogram"
	"github.com/binglide/binglide/analysis/words"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage/layout"
)

func TestJob_EqualsOnePass(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	for _, n := range []int{0, 1, 65535, 65536, 65537, 1<<20 + 3, 3<<20 + 17} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			data := content(n)
			in := c.put(data)
			all := []analysis.Analysis{histogram.Analysis{}, digram.Analysis{}}
			if n < 1<<20 {
				all = append(all, words.Analysis{})
			}
			s := spec(in, all...)
			done := c.requireDone(s, data)
			if done.ChunksTotal != s.Tree().Leaves() || done.ChunksMapped != done.ChunksTotal {
				t.Errorf("%d of %d chunks mapped, want all %d", done.ChunksMapped, done.ChunksTotal, s.Tree().Leaves())
			}
			if done := c.requireDone(spec(in, all...), data); done.ChunksMapped != 0 {
				t.Errorf("the second time %d chunks were mapped", done.ChunksMapped)
			}
		})
	}
}

func TestJob_Region(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	data := content(800 * kib)
	s := spec(c.put(data), digram.Analysis{}, words.Analysis{})
	s.Region = job.Range{Offset: 100_001, Length: 200_003}
	c.requireDone(s, data[100_001:300_004])
}

func TestJob_Private(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	data := content(300 * kib)
	in := c.put(data)
	for range 2 {
		s := spec(in, histogram.Analysis{})
		s.Private = true
		if done := c.requireDone(s, data); done.ChunksMapped != done.ChunksTotal {
			t.Errorf("%d of %d chunks of a private job mapped", done.ChunksMapped, done.ChunksTotal)
		}
	}
}

func TestJob_OpenMark(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	data := content(100 * kib)
	s := spec(c.put(data), histogram.Analysis{})
	if err := c.facts.MarkOpen(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.facts.Create(t.Context(), s); err != nil {
		t.Fatal(err) // and never enqueued: its client died
	}
	c.all()
	c.requireResult(s, data)
}

func TestJob_RedisFlushed(t *testing.T) {
	t.Parallel()
	g := newGate(20)
	slow := toy{"slow", g.pass}
	c := newCluster(t, nil, slow).all()
	data := content(40 * 64 * kib)
	s := spec(c.put(data), slow)
	c.submit(s)
	c.until(s.ID, func(st job.Status) bool { return st.Progress.ChunksDone >= 18 })
	if err := c.rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	g.open()
	c.requireResult(s, data)
}

// TestJob_Damaged damages what a first job stored, one object at a time, and
// expects a second one to mend it, in the whole tree or where it is needed.
func TestJob_Damaged(t *testing.T) {
	t.Parallel()
	data := content(2<<20 + 5) // 33 chunks under 3 nodes under a root
	for _, tt := range []struct {
		name  string
		above int // levels over the damaged node that are gone
		level int
	}{
		{"root", 0, 3}, {"inner node", 1, 2}, {"chunk", 2, 1}, {"chunk under a stored node", 1, 1},
	} {
		for how, harm := range map[string]func(*cluster, string){"corrupt": (*cluster).damage, "gone": (*cluster).remove} {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, nil).all()
				in := c.put(data)
				first := spec(in, histogram.Analysis{})
				c.requireDone(first, data)
				harm(c, c.nodeKey(first, job.Node{Level: tt.level}))
				for n, up := first.Tree().Root(), 0; up < tt.above; up++ {
					c.remove(c.nodeKey(first, job.Node{Level: n.Level - up}))
				}
				c.requireDone(spec(in, histogram.Analysis{}), data)
			})
		}
	}
}

func (c *cluster) nodeKey(s *job.Spec, n job.Node) string {
	c.t.Helper()
	j, err := c.opener.OpenSpec(s)
	if err != nil {
		c.t.Fatal(err)
	}
	keys, err := j.Keys.Of(c.t.Context(), n)
	if err != nil {
		c.t.Fatal(err)
	}
	return layout.Node(s.Analyses[0].Name, keys[0])
}

func TestJob_Fails(t *testing.T) {
	t.Parallel()
	broken := toy{"broken", func(offset int64) error {
		if offset == 3*64*kib {
			return fmt.Errorf("%w: %w", job.ErrInvalid, errToy)
		}
		return nil
	}}
	c := newCluster(t, nil, broken).all()
	s := spec(c.put(content(5*64*kib)), broken)
	c.submit(s)
	st := c.wait(s.ID)
	if st.State != job.StateFailed {
		t.Fatalf("job is %s", st.State)
	}
	f, want := st.Failed, job.Range{Offset: 3 * 64 * kib, Length: 64 * kib}
	if f.Node != (job.Node{Level: 1, Index: 3}) || f.Range != want || !strings.Contains(f.Error, errToy.Error()) {
		t.Errorf("failed fact: %+v", f)
	}
}

func TestJob_UnknownAnalysis(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	s := spec(c.put(content(9)), toy{name: "nosuch"})
	c.submit(s)
	st := c.wait(s.ID)
	if st.State != job.StateFailed || !strings.Contains(st.Failed.Error, `unknown analysis "nosuch": have bytes`) {
		t.Errorf("job is %s: %+v", st.State, st.Failed)
	}
}

// TestJob_ManifestGone: what a job cannot make again has to be told.
func TestJob_ManifestGone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	in := c.put(content(100 * kib))
	for _, key := range c.objects(layout.Manifests) {
		c.remove(key)
	}
	s := spec(in, histogram.Analysis{})
	c.submit(s)
	st := c.wait(s.ID)
	if st.State != job.StateFailed || st.Failed.Range != s.Region || !strings.Contains(st.Failed.Error, "disk.img") {
		t.Errorf("job is %s: %+v", st.State, st.Failed)
	}
}

func TestJob_ChunkGone(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil).all()
	data := content(64 * kib)
	s := spec(c.put(data), histogram.Analysis{})
	for _, key := range c.objects(layout.Chunks) {
		c.remove(key)
	}
	c.submit(s)
	st := c.wait(s.ID)
	if st.State != job.StateFailed || !strings.Contains(st.Failed.Error, "put the input again") {
		t.Errorf("job is %s: %+v", st.State, st.Failed)
	}
}

func TestClient_UnknownJob(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	if _, err := c.client.Status(t.Context(), "abcdefghij234567"); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("Status = %v", err)
	}
	if err := c.client.Cancel(t.Context(), "abcdefghij234567"); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("Cancel = %v", err)
	}
	n := 0
	for _, err := range c.client.Watch(t.Context(), "abcdefghij234567") {
		if n++; !errors.Is(err, job.ErrNotFound) {
			t.Errorf("Watch yields %v", err)
		}
	}
	if n != 1 {
		t.Errorf("Watch yields %d times", n)
	}
}
