package words

import (
	"sync"
	"unicode"
)

// lower returns the lower-case form of a letter or digit, and 0 for any other
// rune: the definition of a word. What it returns it leaves unchanged.
func lower(r rune) rune {
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0
	}
	return unicode.ToLower(r)
}

// planeSize is the number of runes of the basic multilingual plane.
const planeSize = 1 << 16

// plane holds lower of every rune of the basic multilingual plane, whose
// lower-case forms are in it too.
var plane = sync.OnceValue(func() *[planeSize]uint16 {
	t := new([planeSize]uint16)
	for r := range t {
		t[r] = uint16(lower(rune(r)))
	}
	return t
})
