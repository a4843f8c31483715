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
// own position and y of that three bytes before. For a block of six positions
// two loads are needed, and the second serves the next block as well. The
// groups outside are counted, by the sign of radius2 - x² - y², without a
// branch. Where all bytes of both loads are below 0x80 (text, zeros) both
// coordinates are below half the radius each, and nothing is outside.
func countInside(b []byte) (inside [groupSize]uint64) {
	for a := range inside {
		inside[a] = groups(uint64(len(b)), uint64(a))
	}
	i := 0
	var o0, o1, o2, o3, o4, o5 uint64
	for ; i+14 <= len(b); i += groupSize {
		p := (*[14]byte)(b[i:])
		v, w := binary.BigEndian.Uint64(p[:]), binary.BigEndian.Uint64(p[6:])
		if (v|w)&highBits == 0 {
			continue
		}
		s3, s4, s5 := square(v>>16), square(v>>8), square(v)
		o0 += outside(square(v>>40), s3)
		o1 += outside(square(v>>32), s4)
		o2 += outside(square(v>>24), s5)
		o3 += outside(s3, square(w>>40))
		o4 += outside(s4, square(w>>32))
		o5 += outside(s5, square(w>>24))
	}
	for a, o := range [...]uint64{o0, o1, o2, o3, o4, o5} {
		inside[a] -= o
	}
	for ; i+groupSize <= len(b); i++ {
		if !isInside(b[i:]) {
			inside[i%groupSize]--
		}
	}
	return inside
}

// square returns the square of the lowest 24 bits of v.
func square(v uint64) uint64 {
	v &= 1<<24 - 1
	return v * v
}

// outside returns 1 if x2+y2 > radius2, else 0.
func outside(x2, y2 uint64) uint64 { return (radius2 - x2 - y2) >> 63 }
