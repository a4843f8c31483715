package cli

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/job"
)

var start = time.Unix(1_795_000_000, 0)

func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	if _, ok := m.left(1); ok {
		t.Error("a time is known before anything is done")
	}
	for i := range 300 {
		m.update(start.Add(time.Duration(i)*100*time.Millisecond), int64(i)*10<<20)
	}
	if rate := m.rate / (100 << 20); math.Abs(rate-1) > 1e-9 {
		t.Errorf("rate is %g of what is steady", rate)
	}
	m.update(m.at.Add(rateWindow), m.bytes)
	if share := m.rate / (100 << 20); math.Abs(share-1/math.E) > 1e-9 {
		t.Errorf("rate is %g of what it was a window ago, want 1/e", share)
	}
	if left, ok := m.left(int64(m.rate * 90)); !ok || left.Round(time.Second) != 90*time.Second {
		t.Errorf("left = %v, %t", left, ok)
	}
	if _, ok := m.left(math.MaxInt64); ok {
		t.Error("a time of years is told")
	}
	m.update(m.at.Add(time.Second), 0)
	if m.bytes != 0 {
		t.Error("a restart is not taken up")
	}
}

func TestProgressLine_Golden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, width := range []int{0, 20, 40, 60, 79, 200} {
		fmt.Fprintf(&b, "width %d\n", width)
		for _, p := range []job.Progress{
			{BytesTotal: 8 << 30, ChunksTotal: 512},
			{BytesTotal: 8 << 30, BytesDone: 3 << 30, ChunksTotal: 512},
			{BytesTotal: 8 << 30, BytesDone: 8 << 30, ChunksTotal: 512, ChunksDone: 512},
			{ChunksTotal: 1},
			{ChunksTotal: 1, ChunksDone: 1},
		} {
			m := meter{}
			if p.BytesDone > 0 {
				m.rate = 850 << 20
			}
			line := progressLine("a very long name of a disk\x1b.img", p, &m, width)
			if n := utf8.RuneCountInString(line); width > 0 && n > width {
				t.Errorf("width %d: %d columns", width, n)
			}
			b.WriteString("|" + line + "|\n")
		}
	}
	analysistest.Golden(t, filepath.Join("testdata", "progress.txt"), []byte(b.String()))
}

func TestFormatLeft(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Millisecond: "0:01", 7 * time.Second: "0:07", 754 * time.Second: "12:34", 127 * time.Minute: "2h07m",
	} {
		if got := formatLeft(d); got != want {
			t.Errorf("formatLeft(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	now := start
	p := &progress{name: "f", w: &b, now: func() time.Time { return now }, width: func() int { return 60 }}
	state := job.Progress{BytesTotal: 100}
	for range 10 {
		p.update(state)
		state.BytesDone += 10
		now = now.Add(redrawEvery / 2)
	}
	if n := strings.Count(b.String(), "\r"); n != 5 {
		t.Errorf("drawn %d times, want 5", n)
	}
	p.close()
	p.close()
	if !strings.HasSuffix(b.String(), "\x1b[K\r\x1b[K") || strings.Contains(b.String(), "\n") {
		t.Errorf("drawn %q", b.String())
	}
}

func TestProgress_NoTerminal(t *testing.T) {
	t.Parallel()
	e := newProcess(t, nil)
	p := e.newProgress("f")
	p.update(job.Progress{BytesTotal: 100})
	p.close()
	if e.err.Len() > 0 {
		t.Errorf("printed %q", e.err.String())
	}
}
