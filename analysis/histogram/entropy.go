package histogram

import (
	"math/bits"
	"strconv"
)

// Logarithms are integers, in units of 2^-40: floating-point results may differ
// between processors and library versions, and these are stored.

// fraction is the number of bits behind the binary point of a logarithm.
const fraction = 40

// tabled is the largest number whose logarithm is in a table: the size of a
// cell of level 0, and no less than 2^tabledBits.
const (
	tabledBits = 12
	tabled     = 1 << tabledBits
)

// logs[n] is log2(n) for 1 ≤ n ≤ tabled, rounded down. plogs[n] is n·log2(n);
// its size is a power of two above tabled, so that an index needs no check.
var (
	logs  = makeLogs()
	plogs = makePlogs()
)

func makeLogs() (t [tabled + 1]uint64) {
	for n := 1; n <= tabled; n++ {
		t[n] = log2Digits(uint64(n))
	}
	return t
}

func makePlogs() (t [2 * tabled]uint64) {
	for n, l := range &logs {
		t[n] = uint64(n) * l
	}
	return t
}

// log2Digits returns log2(n), one binary digit after the other: the square of
// a number in [1, 2) is 2 or more if the next digit of its logarithm is 1.
func log2Digits(n uint64) uint64 {
	whole := bits.Len64(n) - 1
	x := n << (63 - whole) // in [1, 2), in units of 2^-63
	l := uint64(whole)
	for range fraction {
		hi, lo := bits.Mul64(x, x)
		digit := hi >> 63
		l = l<<1 | digit
		x = hi
		if digit == 0 {
			x = hi<<1 | lo>>63
		}
	}
	return l
}

// log2 returns log2(n) for n > 0, to 2^-39. With t the leading bits of n, so
// that n = t·2^s·(1+x), it is s + log2(t) + ln(1+x)/ln 2, where x < 2^-11 and
// ln(1+x) = x - x²/2 + x³/3 - x⁴/4 + ….
func log2(n uint64) uint64 {
	if n <= tabled {
		return logs[n]
	}
	const log2e = 0xb8aa3b295c17f0bc // 1/ln 2, in units of 2^-63
	s := bits.Len64(n) - tabledBits
	t := n >> s
	x, _ := bits.Div64(n-t<<s, 0, t<<s)
	x2, _ := bits.Mul64(x, x)
	x3, _ := bits.Mul64(x2, x)
	x4, _ := bits.Mul64(x2, x2)
	l, _ := bits.Mul64(x-x2/2+x3/3-x4/4, log2e)
	return uint64(s)<<fraction + logs[t] + l>>(63-fraction)
}

// entropy returns log2(n) - Σ c·log2(c)/n over the counts c that sum to n, the
// Shannon entropy in bits per byte, in units of 2^-40; 0 for n = 0.
func entropy(counts *[256]uint64, n uint64) uint64 {
	var hi, lo, carry uint64
	for _, c := range counts {
		if c > 1 {
			h, l := bits.Mul64(c, log2(c))
			lo, carry = bits.Add64(lo, l, 0)
			hi += h + carry
		}
	}
	return entropyOf(hi, lo, n)
}

// entropyOf returns the entropy where Σ c·log2(c) = hi·2^64 + lo.
func entropyOf(hi, lo, n uint64) uint64 {
	if n <= 1 {
		return 0
	}
	h, l := bits.Mul64(n, log2(n))
	l, borrow := bits.Sub64(l, lo, 0)
	h, borrow = bits.Sub64(h, hi, borrow)
	if borrow != 0 {
		return 0 // of a rounding error
	}
	e, _ := bits.Div64(h, l, n)
	return e
}

// micro returns 10^6·a/b, rounded to the nearest and ties to even, as printf
// does. The quotient must be less than 2^64.
func micro(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, 1e6)
	q, rem := bits.Div64(hi, lo, b)
	if rest := b - rem; rem > rest || rem == rest && q%2 == 1 {
		q++
	}
	return q
}

// appendMicro appends v millionths as a number with six decimals.
func appendMicro(dst []byte, v uint64) []byte {
	dst = strconv.AppendUint(dst, v/1e6, 10)
	dst = append(dst, '.')
	decimals := strconv.AppendUint(nil, 1e6+v%1e6, 10)
	return append(dst, decimals[1:]...)
}
