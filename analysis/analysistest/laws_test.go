package analysistest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/analysis/analysistest"
	"github.com/binglide/binglide/job"
)

// lines counts newlines. Its faults are those that laws must find.
type lines struct{ fault string }

func (a lines) ID() job.AnalysisID { return job.AnalysisID{Name: "lines", Version: 1} }

func (a lines) New(int64, int) analysis.Summary { return &count{a: a} }

func (a lines) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 && a.fault == "accepts anything" {
		return &count{a: a}, nil
	}
	if size <= 0 || len(b) != size || size != len(binary.AppendUvarint(nil, n)) {
		return nil, errors.New("not a count")
	}
	if a.fault == "loses on load" {
		n /= 2
	}
	return &count{a: a, n: n}, nil
}

type count struct {
	a lines
	n uint64
	// last is the last byte written, which a faulty merge looks at.
	last byte
}

func (c *count) Write(p *analysis.Piece) error {
	for _, b := range p.Data {
		if b == '\n' && (c.a.fault != "counts runs" || c.last != '\n') {
			c.n++
		}
		c.last = b
	}
	if c.a.fault == "counts pieces" {
		c.n++
	}
	return nil
}

func (c *count) Merge(next analysis.Summary) error {
	c.n += next.(*count).n
	if c.a.fault == "counts merges" {
		c.n++
	}
	return nil
}

func (c *count) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return binary.AppendUvarint(nil, c.n), nil
}

func (c *count) Files() []analysis.File {
	return []analysis.File{{Name: "lines.json", Write: func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintln(w, c.n)
		return err
	}}}
}

func TestLaws_Kept(t *testing.T) {
	t.Parallel()
	analysistest.Laws(t, lines{}, analysistest.Text)
}

func FuzzLines(f *testing.F) { analysistest.Fuzz(f, lines{}) }
