package words

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/analysis/internal/wire"
	"github.com/binglide/binglide/job"
)

// faulty are blobs of which one is changed or lost.
type faulty struct {
	analysistest.MemBlobs
	bad    job.Digest
	change func([]byte) ([]byte, error)
}

var errLost = errors.New("lost")

func (f *faulty) GetBlob(ctx context.Context, d job.Digest) ([]byte, error) {
	b, err := f.MemBlobs.GetBlob(ctx, d)
	if err == nil && d == f.bad {
		return f.change(b)
	}
	return b, err
}

func (f *faulty) PutBlob(ctx context.Context, b []byte) (job.Digest, error) {
	if f.change != nil && f.bad == (job.Digest{}) {
		return job.Digest{}, errLost
	}
	return f.MemBlobs.PutBlob(ctx, b)
}

// manyWords has blocks and segments in tiny sizes: all long words differ only
// in their segments.
func manyWords() []byte {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, " word%d prefixprefix%d", i, i)
	}
	return []byte(b.String() + " ")
}

// load stores and loads the summary of manyWords.
func load(t *testing.T, blobs analysis.Blobs) *Summary {
	t.Helper()
	a := Analysis{&tiny}
	s, err := a.Decode(t.Context(), analysistest.Encode(t, analysistest.Whole(t, a, manyWords()), blobs), blobs)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Summary)
}

// use makes s read all its blobs in every way there is.
func use(t *testing.T, s *Summary, blobs analysis.Blobs) []error {
	t.Helper()
	_, err1 := s.Encode(t.Context(), blobs)
	_, _, err2 := s.Top(t.Context(), 3)
	return []error{err1, err2, s.Files()[0].Write(t.Context(), io.Discard)}
}

func TestBlobs_Complete(t *testing.T) {
	t.Parallel()
	blobs := new(faulty)
	s := load(t, blobs)
	all := s.Blobs()
	if len(all) < 20 || len(all) != blobs.Len() {
		t.Errorf("Blobs lists %d, the store has %d", len(all), blobs.Len())
	}
	for _, err := range use(t, s, blobs) {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestBlobs_Bad(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]byte) ([]byte, error){
		"lost":    func([]byte) ([]byte, error) { return nil, errLost },
		"empty":   func([]byte) ([]byte, error) { return nil, nil },
		"cut":     func(b []byte) ([]byte, error) { return b[:len(b)-1], nil },
		"longer":  func(b []byte) ([]byte, error) { return append(b, 0), nil },
		"garbage": func([]byte) ([]byte, error) { return []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range load(t, new(faulty)).Blobs() {
				blobs := new(faulty)
				s := load(t, blobs)
				blobs.bad, blobs.change = d, change
				checkBad(t, name, d, use(t, s, blobs)[2])
			}
		})
	}
}

// checkBad checks the error of writing files where blob d is bad.
func checkBad(t *testing.T, name string, d job.Digest, err error) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("blob %s %s: no error", d, name)
	case name == "lost" && !errors.Is(err, errLost):
		t.Errorf("blob %s lost: %v", d, err)
	case name != "lost" && !errors.Is(err, wire.ErrMalformed) && !strings.Contains(err.Error(), d.String()):
		t.Errorf("blob %s %s: %v names neither it nor a malformed summary", d, name, err)
	}
}

// TestBlobs_Exchanged has good blobs that are not those of the summary.
func TestBlobs_Exchanged(t *testing.T) {
	t.Parallel()
	blobs := new(faulty)
	s := load(t, blobs)
	blocks := s.runs[0].blocks
	blocks[0], blocks[1] = blocks[1], blocks[0]
	for i, err := range use(t, s, blobs) {
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("use %d of blocks out of order: %v", i, err)
		}
	}
	s.runs[0].blocks = blocks[:1]
	for i, err := range use(t, s, blobs) {
		if !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("use %d of too few blocks: %v", i, err)
		}
	}
}

func TestEncode_PutFails(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"block":   string(manyWords()),
		"segment": " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
		"edge":    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	} {
		s := analysistest.Whole(t, Analysis{&tiny}, []byte(data))
		_, err := s.Encode(t.Context(), &faulty{change: func(b []byte) ([]byte, error) { return b, nil }})
		if !errors.Is(err, errLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncode_Small(t *testing.T) {
	t.Parallel()
	blobs := new(analysistest.MemBlobs)
	s := analysistest.Whole(t, Analysis{}, distinct(0, 300_000))
	if n := len(analysistest.Encode(t, s, blobs)); n > 500 || blobs.Len() < 3 {
		t.Errorf("300,000 words encode to %d bytes and %d blobs", n, blobs.Len())
	}
	s = analysistest.Whole(t, Analysis{}, []byte("the the the"))
	if n := len(analysistest.Encode(t, s, nil)); n > 24 {
		t.Errorf("three words encode to %d bytes", n)
	}
}

// noTemp points the temporary files of the test to a folder, and checks in the
// end that none is left.
func noTemp(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestFiles_Spill(t *testing.T) {
	noTemp(t)
	a := Analysis{&sizes{block: 4000, inline: 1000, short: 12, segment: 5, words: 300, arena: 9000, sort: 2000, fan: 3}}
	data := append(manyWords(), distinct(0, 2000)...)
	data = append(data, distinct(1000, 300)...)
	checkWhole(t, analysistest.Whole(t, a, data), data)
}

func TestFiles_SpillWriteFails(t *testing.T) {
	noTemp(t)
	s := analysistest.Whole(t, Analysis{&tiny}, manyWords())
	r, w := io.Pipe()
	r.CloseWithError(errLost)
	if err := s.Files()[0].Write(t.Context(), w); !errors.Is(err, errLost) {
		t.Errorf("error = %v", err)
	}
}

func TestFiles_NoTempFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	s := analysistest.Whole(t, Analysis{&tiny}, manyWords())
	err := s.Files()[0].Write(t.Context(), io.Discard)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("error = %v, want one that says how to choose the folder", err)
	}
}

func TestFiles_Cancelled(t *testing.T) {
	t.Parallel()
	s := analysistest.Whole(t, Analysis{}, distinct(0, 20_000))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errLost)
	if err := s.Files()[0].Write(ctx, io.Discard); !errors.Is(err, errLost) {
		t.Errorf("error = %v, want the cause", err)
	}
}

func TestSpill_Truncated(t *testing.T) {
	t.Parallel()
	s, err := newSpill()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := errors.Join(s.write(&entry{word{head: []byte("word")}, 3}), s.endRun()); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n < s.off; n++ {
		err := s.merge([]section{{0, n}}, func(*entry) error { return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, s.off, err)
		}
	}
}

// FuzzBlock checks that a block of any bytes is an error or canonical.
func FuzzBlock(f *testing.F) {
	s, err := newRunWriter(&tiny, nil, nil), error(nil)
	for _, w := range []string{"a", "ab", "b", "bééé", "c"} {
		err = errors.Join(err, s.add(&entry{word{head: []byte(w)}, 7}))
	}
	f.Add(s.block.b)
	f.Add([]byte("\x00\x19prefixprefix\x06" + strings.Repeat("d", 64) + "\x01"))
	f.Add([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k := blockReader{sizes: &tiny}
		var w blockWriter
		var e entry
		k.reset(b)
		for {
			more, err := k.next(&e)
			if err != nil {
				return
			}
			if !more {
				break
			}
			w.add(&e)
		}
		if string(w.b) != string(b) {
			t.Errorf("read %x, which is written as %x", b, w.b)
		}
	})
}
