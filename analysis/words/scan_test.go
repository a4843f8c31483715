package words

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/binglide/binglide/analysis/analysistest"
)

// TestLower_Fixed checks, for every rune, what the scanner relies on.
func TestLower_Fixed(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= utf8.MaxRune; r++ {
		l := lower(r)
		if l != 0 && lower(l) != l {
			t.Errorf("lower(%U) = %U, whose lower is %U", r, l, lower(l))
		}
		if r < planeSize && rune(plane()[r]) != l {
			t.Errorf("plane[%U] = %U, want %U", r, plane()[r], l)
		}
	}
}

func TestASCII(t *testing.T) {
	t.Parallel()
	for c := range uint64(256) {
		for shift := 0; shift < 64; shift += 8 {
			mask, low := ascii(0xff40_5b60_7b2f_3a00&^(0xff<<shift) | c<<shift)
			l := uint64(0)
			if c < utf8.RuneSelf {
				l = uint64(lower(rune(c)))
			}
			if want := uint64(0x80) << shift; l == 0 && mask != 0 || l != 0 && (mask != want || low>>shift&0xff != l) {
				t.Fatalf("ascii of %#x at %d: %#x, %#x", c, shift, mask, low)
			}
		}
	}
}

// naiveScan is the oracle of scan: rune by rune.
func naiveScan(b []byte) (e edges, between map[string]uint64) {
	between = make(map[string]uint64)
	e.decode(b, func(w word) { between[string(w.head)]++ })
	return e, between
}

func checkScan(t *testing.T, b []byte) {
	t.Helper()
	var k scanner
	var got edges
	tab := newTable()
	k.scan(tab, b, &got, func(w word) { tab.add(w.head, 1) })
	between := make(map[string]uint64)
	tab.each(func(w []byte, n uint64) { between[string(w)] += n })
	want, wantBetween := naiveScan(b)
	if !maps.Equal(between, wantBetween) {
		t.Errorf("scan of %.200q counts %v, want %v", b, between, wantBetween)
	}
	if got.split != want.split || string(got.head.head) != string(want.head.head) || string(got.tail.head) != string(want.tail.head) {
		t.Errorf("scan of %.200q: edges %q %v %q, want %q %v %q", b,
			got.head.head, got.split, got.tail.head, want.head.head, want.split, want.tail.head)
	}
	if n := tab.len(); n != len(between) {
		t.Errorf("table says %d words, has %d", n, len(between))
	}
}

func TestScan_Oracle(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for name, gen := range map[string]analysistest.Generator{
		"Text": analysistest.Text, "Random": analysistest.Random, "Multilingual": multilingual,
		"Zipf": zipf, "Mixed": analysistest.Mixed,
	} {
		for _, n := range []int{1, 7, 8, 9, 17, 100, 20_000} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) { checkScan(t, gen(r, n)) })
		}
	}
}

func TestScan_EveryLength(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		for _, sep := range []string{" ", ", ", "¿", "猫 ", "\xff", "é", ""} {
			word := []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef")[:n]
			checkScan(t, slices.Concat([]byte("x "), word, []byte(sep), word, []byte(sep), []byte("y z")))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(checkScan)
}

func TestIncomplete(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{
		"": 0, "a": 0, "é": 0, "\xc3": 1, "a\xe2\x82": 2, "\xe2\x82\xac": 0, "\xf0\x9f\x98": 3,
		"\xe0\x80": 0, "\xc0": 0, "\x80": 0, "\x80\x80\x80\x80": 0, "\xed\xa0": 0, "\xf4\x90": 0, "é\x80": 0,
	} {
		if got := incomplete([]byte(s)); got != want {
			t.Errorf("incomplete(%q) = %d, want %d", s, got, want)
		}
	}
}

// TestTable_Sources checks that the sources of a table are sorted and all of it.
func TestTable_Sources(t *testing.T) {
	t.Parallel()
	tab, want := newTable(), make(map[string]uint64)
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		w := fmt.Sprintf("%x", r.Uint64()>>(r.IntN(16)*4)%5000*0x10001000100010)
		want[w]++
		tab.add([]byte(w), 1)
	}
	got, last := make(map[string]uint64), ""
	err := mergeSources(nil, tab.sources(), func(e *entry) error {
		if w := string(e.head); w <= last {
			t.Errorf("%q behind %q", w, last)
		}
		last = string(e.head)
		got[last] = e.count
		return nil
	})
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%d words, %v, want %d", len(got), err, len(want))
	}
}
