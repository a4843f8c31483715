package analysis_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// newlines is a whole analysis: it counts line feeds. The law is kept without
// edges, for no line feed lies across a cut.
type newlines struct{}

func (newlines) ID() job.AnalysisID { return job.AnalysisID{Name: "newlines", Version: 1} }

func (newlines) New(int64, int) analysis.Summary { return new(newlineCount) }

func (newlines) Decode(_ context.Context, b []byte, _ analysis.Blobs) (analysis.Summary, error) {
	if len(b) != 8 {
		return nil, errors.New("decode newlines: want 8 bytes")
	}
	return &newlineCount{binary.BigEndian.Uint64(b)}, nil
}

type newlineCount struct{ n uint64 }

func (c *newlineCount) Write(p *analysis.Piece) error {
	c.n += uint64(bytes.Count(p.Data, []byte{'\n'}))
	return nil
}

func (c *newlineCount) Merge(next analysis.Summary) error {
	c.n += next.(*newlineCount).n
	return nil
}

func (c *newlineCount) Encode(context.Context, analysis.Blobs) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, c.n), nil
}

func (c *newlineCount) Files() []analysis.File {
	return []analysis.File{{Name: "newlines.json", Write: func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, "{\"newlines\": %d}\n", c.n)
		return err
	}}}
}

// An analysis of one's own: two parts of a string are mapped, the second is
// stored and loaded, and both are merged.
func Example() {
	ctx := context.Background()
	all := analysis.NewRegistry(newlines{})
	a, err := all.Named("newlines")
	if err != nil {
		fmt.Println(err)
		return
	}
	left, right := a.New(0, 0), a.New(4, 0)
	left.Write(&analysis.Piece{Data: []byte("one\n")})
	right.Write(&analysis.Piece{Data: []byte("two\nthree\n"), Offset: 4})

	stored, _ := right.Encode(ctx, nil)
	loaded, _ := a.Decode(ctx, stored, nil)
	if err := left.Merge(loaded); err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range left.Files() {
		fmt.Print(f.Name, ": ")
		f.Write(ctx, os.Stdout)
	}
	// Output: newlines.json: {"newlines": 3}
}

func ExamplePiece() {
	p := analysis.Piece{Data: []byte("banana"), Offset: 4093}
	for i, cell := range p.Cells() {
		fmt.Printf("cell %d: %d × a, %d × n\n", i, cell['a'], cell['n'])
	}
	fmt.Println("an:", p.Pairs()['a'<<8|'n'])
	// Output:
	// cell 0: 1 × a, 1 × n
	// cell 1: 2 × a, 1 × n
	// an: 2
}
