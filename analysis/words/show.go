package words

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Count is a word and how often it occurs.
type Count struct {
	Word  string // of a word longer than 64 KiB, the start
	Count uint64
}

// Top returns the n most frequent words of the string, taken as a whole, or
// fewer where there are fewer different ones: by falling count, words of equal
// count by their bytes. It also returns the number of different words. It
// reads the whole summary; an absent or malformed blob is an error.
func (s *Summary) Top(ctx context.Context, n int) (top []Count, distinct uint64, err error) {
	err = s.whole(ctx, func(e *entry) error {
		distinct++
		if len(top) == n && (n == 0 || e.count <= top[n-1].Count) {
			return nil
		}
		i, _ := slices.BinarySearchFunc(top, e.count, func(c Count, count uint64) int {
			if c.Count >= count {
				return -1
			}
			return 1
		})
		shown := e.head[:min(len(e.head), s.sizes.short)]
		shown = shown[:len(shown)-incomplete(shown)]
		top = slices.Insert(top, i, Count{string(shown), e.count})
		top = top[:min(n, len(top))]
		return nil
	})
	return top, distinct, err
}

// whole calls f with all words, those at the edges too, in order.
func (s *Summary) whole(ctx context.Context, f func(*entry) error) error {
	return s.merged(s.getter(ctx), s.edges.whole(), watched(ctx, f))
}

func (s *Summary) getter(ctx context.Context) getter {
	return func(d job.Digest) ([]byte, error) { return s.blobs.GetBlob(ctx, d) }
}

// Files implements part of [analysis.Summary]: words.tsv, one line for each
// word of the string, taken as a whole: count, tab, word; by falling count,
// words of equal count by their bytes. Where the words do not fit into 64 MiB
// it sorts them in a temporary file of [os.TempDir], which is gone in the end.
func (s *Summary) Files() []analysis.File {
	return []analysis.File{{Name: "words.tsv", Write: s.writeTSV}}
}

func (s *Summary) writeTSV(ctx context.Context, w io.Writer) error {
	sorted := newSorter(s.sizes)
	defer sorted.close()
	if err := s.whole(ctx, sorted.add); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	line := tsvWriter{w: out, get: s.getter(ctx)}
	if err := sorted.each(watched(ctx, line.write)); err != nil {
		return err
	}
	return out.Flush()
}

type tsvWriter struct {
	w   *bufio.Writer
	get getter
}

func (t *tsvWriter) write(e *entry) error {
	if _, err := t.w.Write(append(strconv.AppendUint(t.w.AvailableBuffer(), e.count, 10), '\t')); err != nil {
		return err
	}
	err := e.each(t.get, func(b []byte) error {
		_, err := t.w.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	return t.w.WriteByte('\n')
}
