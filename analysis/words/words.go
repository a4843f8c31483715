// Package words counts the words of a string.
//
// A word is a maximal run of letters and digits ([unicode.IsLetter],
// [unicode.IsDigit]), each rune lower-cased by [unicode.ToLower]. Everything
// else separates words, each byte that is not part of valid UTF-8 too.
//
// # Cuts
//
// Validity of UTF-8 is local: a byte that starts a rune decides, with the
// continuation bytes behind it, and a rune takes at most four bytes. Of a
// string cut out of another, only its first bytes may be in doubt, if they are
// continuation bytes (three at most can belong to a rune that starts before the
// string), and its last, if a rune starts there and does not end. A summary
// carries those bytes as they are, and of the text between them the word
// before the first separator, the word behind the last, and how often every
// word in between occurs. So strings join exactly wherever they are cut.
//
// # Sizes
//
// There is no limit to the length of a word, nor to the number of different
// words. The words in between are a run: sorted, in blocks of about 1 MiB that
// are kept as blobs, unless all are less than 64 KiB. A block ends when its
// encoding reaches the block size, so equal counts are cut alike. Of a word
// longer than 64 KiB the rest is kept in segments of 1 MiB, each a blob, and
// the run refers to them.
//
// Merge only collects the runs; Encode merges all of them in one pass with one
// block of each in memory. A summary made by Write keeps its words in memory:
// at most half a million in a hash table, others in compressed runs, which is
// less than the bytes written.
package words

import (
	"bytes"
	"fmt"

	"github.com/binglide/binglide/analysis"
	"github.com/binglide/binglide/job"
)

// Analysis counts words. The blobs given to the Encode of its summaries must
// hold what those of Decode do.
type Analysis struct {
	sizes *sizes // nil: the default sizes
}

// sizes are the limits that tests lower. All are in bytes but words.
type sizes struct {
	block   int // a block ends when it reaches this
	inline  int // a run of less is kept in the summary; at most block
	short   int // of a longer word the rest is kept in segments
	segment int
	words   int // different words in the table before it is frozen
	arena   int // bytes of words in the table before it is frozen
	sort    int // memory for sorting before it spills to a file
	fan     int // runs merged at once when sorting
}

var defaultSizes = sizes{
	block:   1 << 20,
	inline:  64 << 10,
	short:   64 << 10,
	segment: 1 << 20,
	words:   1 << 19,
	arena:   16 << 20,
	sort:    64 << 20,
	fan:     64,
}

// ID implements part of [analysis.Analysis].
func (Analysis) ID() job.AnalysisID { return job.AnalysisID{Name: "words", Version: 1} }

// New implements part of [analysis.Analysis].
func (a Analysis) New(int64, int) analysis.Summary { return a.empty() }

func (a Analysis) empty() *Summary {
	if a.sizes == nil {
		a.sizes = &defaultSizes
	}
	return &Summary{sizes: a.sizes}
}

// Summary is the words of a string, and its edges.
type Summary struct {
	sizes *sizes
	edges edges

	// The words in between are in these four together; one word may be in
	// several.
	table *table  // nil: empty
	long  []entry // not sorted; words longer than sizes.short
	runs  []*run

	blobs   analysis.Blobs // of Decode; nil: nothing is in blobs
	scanner scanner
}

// entry is a word and how often it occurs.
type entry struct {
	word
	count uint64
}

// Write implements part of [analysis.Summary].
func (s *Summary) Write(p *analysis.Piece) error {
	var e edges
	text := e.cut(p.Data)
	if len(text) > 0 {
		s.scanner.scan(s.words(), text, &e, s.add)
	}
	s.edges.join(&e, s.add)
	return s.bound()
}

// Merge implements part of [analysis.Summary].
func (s *Summary) Merge(next analysis.Summary) error {
	o, ok := next.(*Summary)
	if !ok {
		return fmt.Errorf("merge a %T into words", next)
	}
	s.edges.join(&o.edges, s.add)
	s.long = append(s.long, o.long...)
	s.runs = append(s.runs, o.runs...)
	if s.blobs == nil {
		s.blobs = o.blobs
	}
	if o.table != nil {
		o.table.each(s.words().add)
	}
	return s.bound()
}

// add counts a word that stands between separators, and does not keep its head.
func (s *Summary) add(w word) {
	if len(w.rest) == 0 && len(w.head) <= s.sizes.short {
		s.words().add(w.head, 1)
		return
	}
	w.head = bytes.Clone(w.head)
	s.long = append(s.long, entry{w, 1})
}

func (s *Summary) words() *table {
	if s.table == nil {
		s.table = newTable()
	}
	return s.table
}

// bound freezes the table when it is large: a run takes much less.
func (s *Summary) bound() error {
	t := s.table
	if t == nil || t.len() < s.sizes.words && len(t.arena) < s.sizes.arena {
		return nil
	}
	w := newRunWriter(s.sizes, nil, nil)
	if err := mergeSources(nil, t.sources(), w.add); err != nil {
		return fmt.Errorf("freeze words: %w", err)
	}
	frozen, err := w.finish()
	s.runs, s.table = append(s.runs, frozen), nil
	return err
}

// Total returns the number of words of the string, taken as a whole.
func (s *Summary) Total() uint64 {
	n := s.edges.total()
	for _, e := range s.long {
		n += e.count
	}
	for _, r := range s.runs {
		n += r.tally.total
	}
	if s.table != nil {
		s.table.each(func(_ []byte, count uint64) { n += count })
	}
	return n
}
