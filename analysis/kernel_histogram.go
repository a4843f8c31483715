package analysis

import (
	"encoding/binary"
	"math/bits"
)

// histogramTables counts bytes.
//
// Idea: to increment a counter takes a load, an add and a store, and a second
// increment of the same counter has to wait for the first one's store. With
// four tables, neighbours of equal value go to different counters and do not
// wait. Bytes are read one by one through an array pointer, which needs no
// bounds checks. Where 32 bytes are all alike (holes, padding, erased flash)
// one addition counts them.
type histogramTables [4]Histogram

// count sets h to the histogram of b.
func (t *histogramTables) count(h *Histogram, b []byte) {
	clear(t[:])
	for len(b) >= 32 {
		p := (*[32]byte)(b)
		b = b[32:]
		if uniform(p) {
			t[0][p[0]] += 32
			continue
		}
		t.block(p)
	}
	for _, v := range b {
		t[0][v]++
	}
	for v := range h {
		h[v] = t[0][v] + t[1][v] + t[2][v] + t[3][v]
	}
}

func (t *histogramTables) block(p *[32]byte) {
	t0, t1, t2, t3 := &t[0], &t[1], &t[2], &t[3]
	t0[p[0]]++
	t1[p[1]]++
	t2[p[2]]++
	t3[p[3]]++
	t0[p[4]]++
	t1[p[5]]++
	t2[p[6]]++
	t3[p[7]]++
	t0[p[8]]++
	t1[p[9]]++
	t2[p[10]]++
	t3[p[11]]++
	t0[p[12]]++
	t1[p[13]]++
	t2[p[14]]++
	t3[p[15]]++
	t0[p[16]]++
	t1[p[17]]++
	t2[p[18]]++
	t3[p[19]]++
	t0[p[20]]++
	t1[p[21]]++
	t2[p[22]]++
	t3[p[23]]++
	t0[p[24]]++
	t1[p[25]]++
	t2[p[26]]++
	t3[p[27]]++
	t0[p[28]]++
	t1[p[29]]++
	t2[p[30]]++
	t3[p[31]]++
}

// uniform reports whether all 32 bytes are alike: the words are, and a word is
// the same turned by one byte.
func uniform(p *[32]byte) bool {
	w := binary.LittleEndian.Uint64(p[:])
	return w == binary.LittleEndian.Uint64(p[8:]) &&
		w == binary.LittleEndian.Uint64(p[16:]) &&
		w == binary.LittleEndian.Uint64(p[24:]) &&
		w == bits.RotateLeft64(w, 8)
}
