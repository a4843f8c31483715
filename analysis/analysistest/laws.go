package analysistest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Laws checks that a keeps the laws of package analysis on inputs from gen:
//
//   - identity: the summary of the empty string changes nothing;
//   - associativity: (A ⊕ B) ⊕ C = A ⊕ (B ⊕ C);
//   - split invariance: summaries of the parts of a string, stored, loaded and
//     merged, equal the summary of the whole, wherever it is cut;
//   - writing in pieces of any length equals one Write;
//   - the tree of a job, merged level by level, equals the whole;
//   - what Encode wrote, Decode reads, and both are canonical;
//   - Decode of anything else is an error, not a panic.
//
// Summaries are equal if their files and encodings are. Of an
// [analysis.Celled] only the files are compared, and for the tree the cells of
// the root's level and the two below, except where the cells must be the same
// in any case.
func Laws(t *testing.T, a analysis.Analysis, gen Generator) {
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			for i := range uint64(l.rounds) {
				c := newChecker(t.Context(), a, i)
				c.gen = gen
				if err := l.check(c); err != nil {
					t.Fatalf("round %d: %v", i, err)
				}
			}
		})
	}
}

// Fuzz checks split invariance, round trip and canonical encoding of a on
// strings, and Decode on anything.
func Fuzz(f *testing.F, a analysis.Analysis) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 5, 6, 13, 100, 5000} {
		f.Add(Mixed(r, n), uint16(r.Uint32()), uint16(r.Uint32()))
		f.Add(Text(r, n), uint16(n/2), uint16(0))
	}
	for _, text := range []string{"", "a\nb\n", "Été 2015"} {
		b, err := Whole(f, a, []byte(text)).Encode(f.Context(), new(MemBlobs))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint16(0), uint16(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut, offset uint16) {
		c := newChecker(t.Context(), a, 0)
		at := int(cut) % (len(data) + 1)
		err := errors.Join(
			c.cutAt(int64(offset), data, []int{at}),
			c.roundTrips(int64(offset), data),
			c.refuses(data),
		)
		if err != nil {
			t.Fatal(err)
		}
	})
}

type law struct {
	name   string
	rounds int
	check  func(*checker) error
}

var laws = []law{
	{"Identity", 8, (*checker).identity},
	{"Associativity", 8, (*checker).associativity},
	{"SplitInvariance", 24, (*checker).splitInvariance},
	{"PieceInvariance", 16, (*checker).pieceInvariance},
	{"Tree", 2, (*checker).tree},
	{"RoundTrip", 8, (*checker).roundTrip},
	{"Garbage", 4, (*checker).garbage},
}

// checker checks laws on one random input after another.
type checker struct {
	ctx   context.Context
	a     analysis.Analysis
	gen   Generator
	r     *rand.Rand
	blobs *MemBlobs
}

func newChecker(ctx context.Context, a analysis.Analysis, seed uint64) *checker {
	return &checker{ctx: ctx, a: a, r: rand.New(rand.NewPCG(seed, 7)), blobs: new(MemBlobs)}
}

// sizes are lengths around which summaries have their corners.
var sizes = []int{0, 1, 2, 5, 6, 7, 31, 100, 4095, 4096, 4097, 10_000, 70_000}

func (c *checker) input() []byte { return c.gen(c.r, sizes[c.r.IntN(len(sizes))]) }

// offset returns an offset behind which the largest inputs fit into one cell of
// wholeLevel. Half of them are on the grid of level 0.
func (c *checker) offset() int64 {
	cell := job.LevelSize(wholeLevel)
	in := c.r.Int64N(cell / 2)
	if c.r.IntN(2) == 0 {
		in -= in % job.CellSize
	}
	return c.r.Int64N(1000)*cell + in
}

// identity: S(ε) ⊕ S(A) = S(A) = S(A) ⊕ S(ε).
func (c *checker) identity() error {
	data, off := c.input(), c.offset()
	end := off + int64(len(data))
	left, err := c.merged(c.made(off, nil), c.made(off, data))
	if err != nil {
		return err
	}
	right, err := c.merged(c.made(off, data), c.made(end, nil))
	if err != nil {
		return err
	}
	return errors.Join(
		label("empty before", c.identical(left, c.made(off, data))),
		label("empty behind", c.identical(right, c.made(off, data))),
	)
}

func (c *checker) associativity() error {
	parts, off := [3][]byte{}, [4]int64{c.offset()}
	for i := range parts {
		parts[i] = c.input()
		off[i+1] = off[i] + int64(len(parts[i]))
	}
	of := func(i int) analysis.Summary { return c.made(off[i], parts[i]) }
	ab, err := c.merged(of(0), of(1))
	if err != nil {
		return err
	}
	left, err := c.merged(ab, of(2))
	if err != nil {
		return err
	}
	bc, err := c.merged(of(1), of(2))
	if err != nil {
		return err
	}
	right, err := c.merged(of(0), bc)
	if err != nil {
		return err
	}
	return c.equal(left, right)
}

func (c *checker) splitInvariance() error {
	data := c.input()
	cuts := make([]int, 1+c.r.IntN(4))
	for i := range cuts {
		cuts[i] = c.r.IntN(len(data) + 1)
	}
	return c.cutAt(c.offset(), data, cuts)
}

// cutAt checks that summaries of the parts of data between the cuts, stored
// and loaded, merge into that of the whole.
func (c *checker) cutAt(off int64, data []byte, cuts []int) error {
	sum := c.a.New(off, wholeLevel)
	for _, part := range split(data, cuts) {
		s, err := c.reload(c.made(off, part))
		if err != nil {
			return err
		}
		if err := sum.Merge(s); err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		off += int64(len(part))
	}
	return label(fmt.Sprintf("cut at %d of %d", cuts, len(data)), c.equal(sum, c.made(off-int64(len(data)), data)))
}

func (c *checker) pieceInvariance() error {
	data, off := c.input(), c.offset()
	s, at := c.a.New(off, wholeLevel), off
	var p analysis.Piece
	for rest := data; len(rest) > 0; {
		n := 1 + c.r.IntN(min(len(rest), 1+len(data)/3))
		p.Reset(rest[:n], at)
		if err := s.Write(&p); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		rest, at = rest[n:], at+int64(n)
	}
	return c.identical(s, c.made(off, data))
}

func (c *checker) roundTrip() error { return c.roundTrips(c.offset(), c.input()) }

func (c *checker) roundTrips(off int64, data []byte) error {
	s, err := c.reload(c.made(off, data))
	if err != nil {
		return err
	}
	whole := c.made(off, data)
	if err := c.identical(s, whole); err != nil {
		return label("loaded", err)
	}
	return c.equalCells(s, whole, job.Range{Offset: off, Length: int64(len(data))}, 0)
}

// garbage changes valid encodings in all kinds of ways.
func (c *checker) garbage() error {
	b, err := c.made(c.offset(), c.input()).Encode(c.ctx, c.blobs)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	for range 50 {
		bad := bytes.Clone(b[:c.r.IntN(len(b)+1)])
		for range c.r.IntN(3) {
			if len(bad) > 0 {
				bad[c.r.IntN(len(bad))] ^= 1 << c.r.IntN(8)
			}
		}
		if err := c.refuses(bad); err != nil {
			return err
		}
	}
	return label("byte added", c.refuses(append(b, 0)))
}

// refuses checks that Decode reads b only if it is what Encode would write.
func (c *checker) refuses(b []byte) error {
	s, err := c.a.Decode(c.ctx, bytes.Clone(b), c.blobs)
	if err != nil {
		return nil
	}
	again, err := s.Encode(c.ctx, c.blobs)
	if err == nil && !bytes.Equal(b, again) {
		return fmt.Errorf("decode accepts %d bytes that encode as others: %x, not %x", len(b), clip(again), clip(b))
	}
	return nil
}

// made returns the summary of data; a failing Write shows as a nil summary.
func (c *checker) made(off int64, data []byte) analysis.Summary {
	s, err := write(c.a, wholeLevel, off, data)
	if err != nil {
		return broken{err}
	}
	return s
}

func (c *checker) merged(s, next analysis.Summary) (analysis.Summary, error) {
	if err := s.Merge(next); err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	return s, nil
}

// reload stores and loads s.
func (c *checker) reload(s analysis.Summary) (analysis.Summary, error) {
	b, err := s.Encode(c.ctx, c.blobs)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	s, err = c.a.Decode(c.ctx, b, c.blobs)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return s, nil
}

// equal checks what the law promises of two summaries of one string.
func (c *checker) equal(got, want analysis.Summary) error {
	if err := c.equalFiles(got, want); err != nil {
		return err
	}
	if _, ok := want.(analysis.Celled); ok {
		return nil
	}
	return c.equalEncoding(got, want)
}

// identical checks that two summaries cannot be told apart.
func (c *checker) identical(got, want analysis.Summary) error {
	return cmp.Or(c.equalFiles(got, want), c.equalEncoding(got, want))
}

func (c *checker) equalFiles(got, want analysis.Summary) error {
	g, err := files(c.ctx, got)
	if err != nil {
		return err
	}
	w, err := files(c.ctx, want)
	if err != nil {
		return err
	}
	for name := range maps.Keys(w) {
		if g[name] != w[name] {
			return fmt.Errorf("%s differs: %q, not %q", name, clip([]byte(g[name])), clip([]byte(w[name])))
		}
	}
	if len(g) != len(w) {
		return fmt.Errorf("%d files, not %d", len(g), len(w))
	}
	return nil
}

func (c *checker) equalEncoding(got, want analysis.Summary) error {
	g, err := got.Encode(c.ctx, c.blobs)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	w, err := want.Encode(c.ctx, c.blobs)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if !bytes.Equal(g, w) {
		return fmt.Errorf("encodings differ: %d bytes %x, not %d bytes %x", len(g), clip(g), len(w), clip(w))
	}
	return nil
}
