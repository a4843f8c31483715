package words

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scanner splits text into words.
//
// Idea: most words are of ASCII and at most seven letters long. Eight bytes
// loaded at once show, by arithmetic on all of them together, where the word
// that starts there ends, where the next one starts, and the word in lower
// case, which as a number is its key in the table. Anything else (longer
// words, other scripts) goes through word, rune by rune.
type scanner struct {
	buf   []byte
	plane *[planeSize]uint16 // nil until a rune beyond ASCII comes
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// ascii looks at eight bytes. mask has the high bit of each that is an ASCII
// letter or digit; low has those in lower case.
func ascii(x uint64) (mask, low uint64) {
	x7 := x &^ highs
	l := x7 | 0x20*ones
	letter := (l + (0x80-'a')*ones) &^ (l + (0x7f-'z')*ones) & highs
	digit := (x7 + (0x80-'0')*ones) &^ (x7 + (0x7f-'9')*ones) & highs
	return (letter | digit) &^ x, x | letter>>2
}

// scan sets the text of e to that of b. The words of b that stand between
// separators it counts in t if they have a key, and gives to add, which must
// not keep them, if not. Every rune of b is whole.
func (k *scanner) scan(t *table, b []byte, e *edges, add func(word)) {
	w, i := k.word(b)
	e.head.write(w)
	if i == len(b) {
		return
	}
	e.split = true
	for {
		i = k.short(t, b, i)
		w, n := k.word(b[i:])
		if i += n; i == len(b) {
			e.tail.write(w)
			return
		}
		if n > 0 {
			add(word{head: w})
			continue
		}
		_, n = utf8.DecodeRune(b[i:])
		i += n
	}
}

// short counts words from b[i] on, as long as each is of less than eight ASCII
// letters. It returns where the first other one starts.
func (k *scanner) short(t *table, b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		mask, low := ascii(x)
		n := bits.TrailingZeros64(^mask&highs) / 8
		if n == 8 {
			break
		}
		size := k.separator(b[i+n:], (mask|x&highs)>>(8*n), 8-n)
		if size == 0 {
			break
		}
		if n > 0 {
			t.addKey(low&(1<<(8*n)-1), 1)
		}
		i += n + size
	}
	return i
}

// separator returns the number of bytes of the separators that b starts with,
// or of some of them: 0 if it starts with a letter or digit. stops has the high
// bit of each of the first n bytes that is no separator of ASCII.
func (k *scanner) separator(b []byte, stops uint64, n int) int {
	if size := bits.TrailingZeros64(stops) / 8; size > 0 {
		return min(size, n)
	}
	r, size := utf8.DecodeRune(b)
	if k.lower(r) != 0 {
		return 0
	}
	return size
}

// word returns the word that b starts with, in lower case, and the number of
// bytes it takes. The word is valid until the next call.
func (k *scanner) word(b []byte) (lowered []byte, n int) {
	w, i := k.buf[:0], 0
	for i < len(b) {
		if b[i] >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(b[i:])
			if r = k.lower(r); r == 0 {
				break
			}
			w, i = utf8.AppendRune(w, r), i+size
			continue
		}
		var x [8]byte
		copy(x[:], b[i:])
		mask, low := ascii(binary.LittleEndian.Uint64(x[:]))
		size := bits.TrailingZeros64(^mask&highs) / 8
		if size == 0 {
			break
		}
		w = binary.LittleEndian.AppendUint64(w, low)
		w, i = w[:len(w)-8+size], i+size
	}
	k.buf = w
	return w, i
}

func (k *scanner) lower(r rune) rune {
	if r >= planeSize {
		return lower(r)
	}
	if k.plane == nil {
		k.plane = plane()
	}
	return rune(k.plane[r])
}

// isWord reports whether b is a word, or the start of one, in lower case.
func (k *scanner) isWord(b []byte) bool {
	w, n := k.word(b)
	return n == len(b) && bytes.Equal(w, b)
}
