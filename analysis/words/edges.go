package words

import "unicode/utf8"

// maxLead is the number of bytes of a rune behind its first.
const maxLead = utf8.UTFMax - 1

// edges is what a string shows to its neighbours: lead, then text, then trail.
// The text has no separator, and is the word head; or else starts with the
// word head and ends with the word tail, any of them perhaps empty.
type edges struct {
	lead  []byte // continuation bytes, at most maxLead
	trail []byte // start of a rune
	split bool   // the text has a separator
	head  word
	tail  word // if split
}

// cut sets lead and trail to those of b, and returns what is between them.
func (e *edges) cut(b []byte) []byte {
	n := 0
	for n < min(len(b), maxLead) && !utf8.RuneStart(b[n]) {
		n++
	}
	e.lead, b = b[:n], b[n:]
	n = len(b) - incomplete(b)
	e.trail = b[n:]
	return b[:n]
}

// incomplete returns the number of bytes at the end of b that are the start of
// a rune which more bytes might complete.
func incomplete(b []byte) int {
	for n := 1; n <= min(len(b), maxLead); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// bare reports whether the string is lead and nothing else.
func (e *edges) bare() bool { return !e.split && e.head.empty() && len(e.trail) == 0 }

// join extends the string by the one that o describes. A word that is now
// between separators goes to add, which must not keep its head.
func (e *edges) join(o *edges, add func(word)) {
	if e.bare() {
		e.lead = append(e.lead[:len(e.lead):len(e.lead)], o.lead...)
		if len(e.lead) > maxLead {
			e.lead = e.lead[:maxLead]
			e.separate(add)
		}
	} else {
		middle := append(e.trail[:len(e.trail):len(e.trail)], o.lead...)
		n := len(middle)
		if o.bare() {
			n -= incomplete(middle)
		}
		e.decode(middle[:n], add)
		e.trail = middle[n:]
		if o.bare() {
			return
		}
	}
	e.body(o, add)
	e.trail = append([]byte(nil), o.trail...)
}

// decode extends the text by bytes whose neighbours do not matter.
func (e *edges) decode(b []byte, add func(word)) {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		if l := lower(r); l != 0 {
			e.last().write(utf8.AppendRune(nil, l))
		} else {
			e.separate(add)
		}
	}
}

// body extends the text by that of o.
func (e *edges) body(o *edges, add func(word)) {
	e.last().append(o.head)
	if o.split {
		e.separate(add)
		e.tail.append(o.tail)
	}
}

// last returns the word that bytes behind the text extend.
func (e *edges) last() *word {
	if e.split {
		return &e.tail
	}
	return &e.head
}

// separate extends the text by a separator.
func (e *edges) separate(add func(word)) {
	if e.split && !e.tail.empty() {
		add(e.tail)
	}
	e.split, e.tail = true, word{head: e.tail.head[:0]}
}

// whole returns the words at the edges of a string that has no neighbours. Its
// lead and trail are no valid UTF-8, so they separate.
func (e *edges) whole() []entry {
	var all []entry
	for _, w := range []word{e.head, e.tail} {
		if !w.empty() {
			all = append(all, entry{w, 1})
		}
	}
	return all
}

func (e *edges) total() uint64 { return uint64(len(e.whole())) }
