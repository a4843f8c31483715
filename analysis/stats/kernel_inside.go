package stats

import "encoding/binary"

const (
	// groupSize is the number of bytes of one group: two coordinates of 24 bits,
	// big-endian.
	groupSize = 6

	// radius2 is the square of the circle's radius.
	radius2 = (1<<24 - 1) * (1<<24 - 1)

	// highBits has the top bit of each byte.
	highBits = 0x8080808080808080
)

// isInside reports whether the group in front of b lies inside the circle.
func isInside(b []byte) bool {
	x := uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2])
	y := uint64(b[3])<<16 | uint64(b[4])<<8 | uint64(b[5])
	return x*x+y*y <= radius2
}

// countInside counts the groups inside the circle, for all six alignments.
//
// Idea: eight bytes loaded big-endian hold six coordinates, one at each of
// their first six positions. Each is squared once: it is x of the group at its
// own position and y of that three bytes before. A step of six positions takes
// the squares of one load and three that the last step left. The groups outside
// are counted, by the sign of radius2 - x² - y², without a branch. Where all
// bytes of two loads are below 0x80 (text, zeros) both coordinates are below
// half the radius each, and nothing is outside.
func countInside(b []byte) (inside [groupSize]uint64) {
	o, rest := countOutside(b)
	for a := range inside {
		inside[a] = groups(uint64(len(b)), uint64(a)) - o[a]
	}
	for i := len(b) - len(rest); i+groupSize <= len(b); i++ {
		if !isInside(b[i:]) {
			inside[i%groupSize]--
		}
	}
	return inside
}

// countOutside counts the groups outside the circle, by alignment, but for
// those that begin in rest, a whole number of groups behind the front of b.
func countOutside(b []byte) (o [groupSize]uint64, rest []byte) {
	if len(b) < 14 {
		return o, b
	}
	var o0, o1, o2, o3, o4, o5, x0, x1, x2 uint64
	skipped, v := true, binary.BigEndian.Uint64(b)
	for len(b) >= 14 {
		w := binary.BigEndian.Uint64((*[14]byte)(b)[groupSize:])
		b = b[groupSize:]
		if (v|w)&highBits == 0 {
			skipped, v = true, w
			continue
		}
		if skipped {
			skipped, x0, x1, x2 = false, square(v>>40), square(v>>32), square(v>>24)
		}
		left3, left4, left5 := radius2-square(v>>16), radius2-square(v>>8), radius2-square(v)
		o0 += (left3 - x0) >> 63
		o1 += (left4 - x1) >> 63
		o2 += (left5 - x2) >> 63
		x0, x1, x2, v = square(w>>40), square(w>>32), square(w>>24), w
		o3 += (left3 - x0) >> 63
		o4 += (left4 - x1) >> 63
		o5 += (left5 - x2) >> 63
	}
	return [groupSize]uint64{o0, o1, o2, o3, o4, o5}, b
}

// square returns the square of the lowest 24 bits of v.
func square(v uint64) uint64 {
	v &= 1<<24 - 1
	return v * v
}
