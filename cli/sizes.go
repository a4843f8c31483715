package cli

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/binglide/binglide/job"
)

// sizeHelp says what parseSize reads.
const sizeHelp = "bytes in decimal or 0x hexadecimal, or with a unit: KiB, MiB, GiB, TiB, PiB (or K, M, G, T, P) of 1024, kB, MB, GB, TB, PB of 1000"

// units are the multipliers by lower-case unit.
var units = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	"p": 1 << 50, "pib": 1 << 50, "pb": 1e15,
}

// parseSize reads a number of bytes, such as 4096, 0x1000, 64KiB or 1.5GiB.
// The name is that of the flag, for the error, which is job.ErrInvalid.
func parseSize(name, s string) (int64, error) {
	bad := func(why string) (int64, error) {
		return 0, fmt.Errorf("%w: %s %q: %s; want %s", job.ErrInvalid, name, s, why, sizeHelp)
	}
	text := strings.TrimSpace(s)
	if strings.HasPrefix(text, "-") {
		return bad("negative")
	}
	value, ok := new(big.Rat), true
	if hex, found := strings.CutPrefix(strings.ToLower(text), "0x"); found {
		var n *big.Int
		if n, ok = new(big.Int).SetString(hex, 16); ok && !strings.ContainsAny(hex, "+-_") {
			value.SetInt(n)
		} else {
			ok = false
		}
	} else {
		value, ok = parseDecimal(text)
	}
	switch {
	case !ok:
		return bad("not a size")
	case !value.IsInt():
		return bad("not a whole number of bytes")
	case !value.Num().IsInt64() || value.Num().Int64() > job.LevelSize(job.MaxLevel):
		return bad("too large")
	}
	return value.Num().Int64(), nil
}

// parseDecimal reads digits, of which some may follow a point, and a unit.
func parseDecimal(s string) (*big.Rat, bool) {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, known := units[strings.ToLower(s[len(number):])]
	number = strings.TrimSpace(number)
	if !known || len(number) > 40 || strings.Trim(number, "0123456789.") != "" {
		return nil, false
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return nil, false
	}
	return value.Mul(value, new(big.Rat).SetInt64(unit)), true
}

// formatSize returns n bytes as a person reads them: "512 B", "1.5 GiB".
func formatSize(n int64) string { return scaled(float64(n)) }

// formatRate returns a number of bytes per second as a person reads it.
func formatRate(perSecond float64) string { return scaled(perSecond) + "/s" }

func scaled(v float64) string {
	if v < 1024 {
		return strconv.FormatInt(int64(v), 10) + " B"
	}
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v /= 1024
	i := 0
	for ; v >= 1023.95 && i < len(units)-1; i++ {
		v /= 1024
	}
	precision := 1
	if v >= 99.95 {
		precision = 0
	}
	return strconv.FormatFloat(v, 'f', precision, 64) + " " + units[i]
}

// formatCount returns n with its digits in groups of three.
func formatCount(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// formatDuration returns d as a person reads it: "850 ms", "12.3 s", "3m05s".
func formatDuration(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute-50*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}
