package analysis

import "encoding/binary"

// count adds the adjacent pairs of b.
//
// Idea: two bytes loaded at once, big-endian and at any address, are the index
// of their counter. One table of 256 KiB fits into the second-level cache;
// more would not. 32 bytes all alike are 31 equal pairs and one with the byte
// behind them.
func (t *Pairs) count(b []byte) {
	for len(b) > 32 {
		p := (*[33]byte)(b)
		b = b[32:]
		t[binary.BigEndian.Uint16(p[31:])]++
		block := (*[32]byte)(p[:])
		if uniform(block) {
			t[binary.BigEndian.Uint16(p[:])] += 31
			continue
		}
		t.block(block)
	}
	for i := 1; i < len(b); i++ {
		t[uint16(b[i-1])<<8|uint16(b[i])]++
	}
}

// block counts the 31 pairs inside p.
func (t *Pairs) block(p *[32]byte) {
	t[binary.BigEndian.Uint16(p[0:])]++
	t[binary.BigEndian.Uint16(p[1:])]++
	t[binary.BigEndian.Uint16(p[2:])]++
	t[binary.BigEndian.Uint16(p[3:])]++
	t[binary.BigEndian.Uint16(p[4:])]++
	t[binary.BigEndian.Uint16(p[5:])]++
	t[binary.BigEndian.Uint16(p[6:])]++
	t[binary.BigEndian.Uint16(p[7:])]++
	t[binary.BigEndian.Uint16(p[8:])]++
	t[binary.BigEndian.Uint16(p[9:])]++
	t[binary.BigEndian.Uint16(p[10:])]++
	t[binary.BigEndian.Uint16(p[11:])]++
	t[binary.BigEndian.Uint16(p[12:])]++
	t[binary.BigEndian.Uint16(p[13:])]++
	t[binary.BigEndian.Uint16(p[14:])]++
	t[binary.BigEndian.Uint16(p[15:])]++
	t[binary.BigEndian.Uint16(p[16:])]++
	t[binary.BigEndian.Uint16(p[17:])]++
	t[binary.BigEndian.Uint16(p[18:])]++
	t[binary.BigEndian.Uint16(p[19:])]++
	t[binary.BigEndian.Uint16(p[20:])]++
	t[binary.BigEndian.Uint16(p[21:])]++
	t[binary.BigEndian.Uint16(p[22:])]++
	t[binary.BigEndian.Uint16(p[23:])]++
	t[binary.BigEndian.Uint16(p[24:])]++
	t[binary.BigEndian.Uint16(p[25:])]++
	t[binary.BigEndian.Uint16(p[26:])]++
	t[binary.BigEndian.Uint16(p[27:])]++
	t[binary.BigEndian.Uint16(p[28:])]++
	t[binary.BigEndian.Uint16(p[29:])]++
	t[binary.BigEndian.Uint16(p[30:])]++
}
