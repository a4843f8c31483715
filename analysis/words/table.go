package words

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// keySize is the length in bytes of the longest word that has a key.
const keySize = 8

// table counts words. It is two hash tables with linear probing,
// half full at most: one for words that fit into a key (the bytes as
// a little-endian number; no word has a NUL), one for others, whose bytes
// are in the arena. The hashes are seeded at random, so that no input can be
// made for which they collide; what is read from the table is sorted.
type table struct {
	keys    []keySlot // a power of two of them
	keyed   int       // in use
	shift   int       // 64 - log2 of their number
	factor  uint64    // odd
	slots   []slot    // a power of two of them
	slotted int       // in use
	seed    maphash.Seed
	arena   []byte
}

type keySlot struct{ key, count uint64 }

type slot struct {
	hash  uint64
	off   int // in the arena
	n     int // 0: empty
	count uint64
}

// firstBits is log2 of the number of slots that a table starts with.
const firstBits = 6

func newTable() *table {
	return &table{
		keys:   make([]keySlot, 1<<firstBits),
		shift:  64 - firstBits,
		factor: rand.Uint64() | 1,
		slots:  make([]slot, 1<<firstBits),
		seed:   maphash.MakeSeed(),
	}
}

// len returns the number of different words.
func (t *table) len() int { return t.keyed + t.slotted }

// add counts a word n times, without keeping w.
func (t *table) add(w []byte, n uint64) {
	if len(w) <= keySize {
		t.addKey(keyOf(w), n)
		return
	}
	s := t.find(maphash.Bytes(t.seed, w), w)
	s.count += n
	if s.n == 0 {
		s.off, s.n = len(t.arena), len(w)
		t.arena = append(t.arena, w...)
		t.slotted++
		t.growSlots()
	}
}

func keyOf(w []byte) uint64 {
	var b [keySize]byte
	copy(b[:], w)
	return binary.LittleEndian.Uint64(b[:])
}

// addKey counts the word with that key n times.
func (t *table) addKey(key, n uint64) {
	last := uint64(len(t.keys) - 1)
	for i := key * t.factor >> t.shift; ; i++ {
		s := &t.keys[i&last]
		if s.key == key {
			s.count += n
			return
		}
		if s.key == 0 {
			*s = keySlot{key, n}
			t.keyed++
			t.growKeys()
			return
		}
	}
}

func (t *table) growKeys() {
	if t.keyed*2 <= len(t.keys) {
		return
	}
	old := t.keys
	t.keys, t.keyed, t.shift = make([]keySlot, 2*len(old)), 0, t.shift-1
	for _, s := range old {
		if s.key != 0 {
			t.addKey(s.key, s.count)
		}
	}
}

// find returns the slot of w, or the empty one where it belongs, with its hash
// set.
func (t *table) find(hash uint64, w []byte) *slot {
	last := uint64(len(t.slots) - 1)
	for i := hash; ; i++ {
		s := &t.slots[i&last]
		if s.n == 0 {
			s.hash = hash
			return s
		}
		if s.hash == hash && bytes.Equal(t.word(s), w) {
			return s
		}
	}
}

func (t *table) word(s *slot) []byte { return t.arena[s.off : s.off+s.n] }

func (t *table) growSlots() {
	if t.slotted*2 <= len(t.slots) {
		return
	}
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	last := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.n == 0 {
			continue
		}
		i := s.hash & last
		for t.slots[i].n > 0 {
			i = (i + 1) & last
		}
		t.slots[i] = s
	}
}

// each calls f with every word and its count, in no order. The word is valid
// until f returns.
func (t *table) each(f func(w []byte, count uint64)) {
	var b [keySize]byte
	for _, s := range t.keys {
		if s.key != 0 {
			binary.LittleEndian.PutUint64(b[:], s.key)
			f(b[:keyLen(s.key)], s.count)
		}
	}
	for i := range t.slots {
		if s := &t.slots[i]; s.n > 0 {
			f(t.word(s), s.count)
		}
	}
}

// sources returns the words in order, as two sources.
func (t *table) sources() []source {
	keys := make([]keySlot, 0, t.keyed)
	for _, s := range t.keys {
		if s.key != 0 {
			keys = append(keys, keySlot{bits.ReverseBytes64(s.key), s.count})
		}
	}
	slices.SortFunc(keys, func(a, b keySlot) int { return cmp.Compare(a.key, b.key) })
	slots := make([]slot, 0, t.slotted)
	for _, s := range t.slots {
		if s.n > 0 {
			slots = append(slots, s)
		}
	}
	slices.SortFunc(slots, func(a, b slot) int { return bytes.Compare(t.word(&a), t.word(&b)) })
	return []source{&keySource{slots: keys}, &slotSource{t, slots}}
}

// keySource yields words from keys in big-endian order.
type keySource struct {
	slots []keySlot
	b     [keySize]byte
}

func (k *keySource) next(e *entry) (bool, error) {
	if len(k.slots) == 0 {
		return false, nil
	}
	s := k.slots[0]
	k.slots = k.slots[1:]
	binary.BigEndian.PutUint64(k.b[:], s.key)
	*e = entry{word{head: k.b[:keyLen(bits.ReverseBytes64(s.key))]}, s.count}
	return true, nil
}

type slotSource struct {
	t     *table
	slots []slot
}

func (k *slotSource) next(e *entry) (bool, error) {
	if len(k.slots) == 0 {
		return false, nil
	}
	*e = entry{word{head: k.t.word(&k.slots[0])}, k.slots[0].count}
	k.slots = k.slots[1:]
	return true, nil
}

func keyLen(key uint64) int { return (bits.Len64(key) + 7) / 8 }
