package cli

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis/digram"
	"github.com/binglide/binglide/analysis/stats"
	"github.com/binglide/binglide/job"
)

const (
	summaryWidth = 80
	topPairs     = 8
	classBar     = 40 // columns
)

// wordCount is a word and how often it occurs.
type wordCount struct {
	Word  string
	Count uint64
}

// summary is what a person reads once a job is done.
type summary struct {
	Input  job.Input
	Region job.Range

	Counts *[256]uint64
	Pairs  []digram.Pair
	Stats  *stats.Values
	Words  []wordCount

	ChunksTotal, ChunksMapped int64
	Elapsed                   time.Duration
	Out                       string // result folder; "" if none was made
	Store                     string
	Private                   bool // nothing is kept in the store
}

// page lays a summary out in columns.
type page struct {
	b        strings.Builder
	coloured bool
}

// render returns the summary in lines of at most summaryWidth columns, but for
// the paths, which stay whole.
func (s *summary) render(coloured bool) string {
	p := &page{coloured: coloured}
	s.head(p)
	if s.Counts != nil {
		s.bytes(p)
	}
	s.pairs(p)
	s.stats(p)
	s.words(p)
	s.foot(p)
	return p.b.String()
}

func (s *summary) head(p *page) {
	size := formatSize(s.Input.Size)
	if s.Input.Size >= 1024 {
		size += " (" + formatCount(uint64(s.Input.Size)) + " bytes)"
	}
	p.b.WriteString(p.bold(fit(s.Input.Name, summaryWidth-len(size)-2)) + "  " + size + "\n")
	if s.Region != (job.Range{Length: s.Input.Size}) {
		p.line("region", fmt.Sprintf("%s bytes from offset %s", formatCount(uint64(s.Region.Length)), formatCount(uint64(s.Region.Offset))))
	}
	p.b.WriteByte('\n')
}

func (s *summary) bytes(p *page) {
	e, n := entropy(s.Counts)
	if n == 0 {
		p.line("entropy", "none: there are no bytes")
		return
	}
	p.line("entropy", fmt.Sprintf("%.3f bits/byte: %s", e, suggests(e)))
	p.line("bytes", "")
	for i, c := range classes(s.Counts) {
		share := float64(c) / float64(n)
		p.line("", fmt.Sprintf("%-9s  %s  %6.2f %%", classNames[i], bar(share, classBar), share*100))
	}
}

// classNames name the classes in the order of classes.
var classNames = [...]string{"NUL", "0xFF", "printable", "other"}

// classes returns the numbers of bytes of each class: NUL, 0xFF, printable ASCII
// and its white space, and all others.
func classes(counts *[256]uint64) (n [4]uint64) {
	for v, c := range counts {
		switch {
		case v == 0:
			n[0] += c
		case v == 0xff:
			n[1] += c
		case v >= ' ' && v <= '~', v >= '\t' && v <= '\r':
			n[2] += c
		default:
			n[3] += c
		}
	}
	return n
}

// entropy returns the Shannon entropy of counts in bits, and their sum.
func entropy(counts *[256]uint64) (bits float64, n uint64) {
	for _, c := range counts {
		n += c
	}
	for _, c := range counts {
		if c > 0 {
			share := float64(c) / float64(n)
			bits -= share * math.Log2(share)
		}
	}
	return max(0, bits), n
}

// suggests says what bytes of that entropy usually are.
func suggests(entropy float64) string {
	for _, t := range thoughts {
		if entropy < t.below {
			return t.text
		}
	}
	return "compressed, encrypted or random"
}

var thoughts = []struct {
	below float64
	text  string
}{
	{0.0005, "one value only"},
	{1, "almost constant"},
	{3.5, "sparse or repetitive"},
	{5.5, "like text or tables"},
	{7.2, "like machine code or mixed data"},
	{7.9, "partly compressed, or media"},
}

func (s *summary) pairs(p *page) {
	const columns = 2
	for i := 0; i < len(s.Pairs); i += columns {
		var line strings.Builder
		for _, pair := range s.Pairs[i:min(i+columns, len(s.Pairs))] {
			fmt.Fprintf(&line, "%02x %02x  %c%c  %-20s", pair.First, pair.Second, shown(pair.First), shown(pair.Second), formatCount(pair.Count))
		}
		p.line(first("digrams", i), strings.TrimRight(line.String(), " "))
	}
}

// shown returns a byte as a character, or a dot for what is none.
func shown(b byte) rune {
	if b < ' ' || b > '~' {
		return '·'
	}
	return rune(b)
}

func (s *summary) stats(p *page) {
	if s.Stats == nil {
		return
	}
	p.line("stats", fmt.Sprintf("mean %s  chi-square %s", number(s.Stats.Mean, 4), number(s.Stats.ChiSquare, 2)))
	p.line("", fmt.Sprintf("serial correlation %s  Monte Carlo pi %s", number(s.Stats.SerialCorrelation, 6), number(s.Stats.MonteCarloPi, 6)))
}

func number(v *float64, digits int) string {
	if v == nil {
		return "undefined"
	}
	return fmt.Sprintf("%.*f", digits, *v)
}

func (s *summary) words(p *page) {
	for i, w := range s.Words {
		p.line(first("words", i), fmt.Sprintf("%15s  %s", formatCount(w.Count), fit(w.Word, summaryWidth-28)))
	}
}

func (s *summary) foot(p *page) {
	p.b.WriteByte('\n')
	if s.Out != "" {
		p.line("result", printable(s.Out))
	}
	store := printable(s.Store)
	if s.Private {
		store += " (nothing kept)"
	}
	p.line("store", store)
	p.line("work", s.work())
}

// work says what was computed, and how fast.
func (s *summary) work() string {
	text := fmt.Sprintf("%s of %s chunks mapped, %s", formatCount(uint64(s.ChunksMapped)), formatCount(uint64(s.ChunksTotal)), formatDuration(s.Elapsed))
	switch {
	case s.ChunksMapped == 0:
		return "answered from cache: " + text
	case s.ChunksMapped == s.ChunksTotal && s.Elapsed > 0 && s.Region.Length > 0:
		return text + ", " + formatRate(float64(s.Region.Length)/s.Elapsed.Seconds())
	case s.ChunksMapped < s.ChunksTotal:
		return text + ", the others from cache"
	}
	return text
}

// first returns the label on the first line, and nothing on the others.
func first(label string, i int) string {
	if i == 0 {
		return label
	}
	return ""
}

// line writes text behind a label.
func (p *page) line(label, text string) {
	pad := strings.Repeat(" ", 9-utf8.RuneCountInString(label))
	p.b.WriteString(strings.TrimRight("  "+p.bold(label)+pad+text, " ") + "\n")
}

func (p *page) bold(s string) string {
	if !p.coloured || s == "" {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}
