package cli

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/job"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "4096": 4096, "0x1000": 4096, "0XfF": 255, "12 B": 12,
		"64KiB": 64 << 10, "64kib": 64 << 10, "64K": 64 << 10, "64k": 64 << 10,
		"1MiB": 1 << 20, "1M": 1 << 20, "1GiB": 1 << 30, "2T": 2 << 40, "3PiB": 3 << 50,
		"1.5GiB": 3 << 29, "0.5KiB": 512, ".5K": 512, "1 GiB": 1 << 30,
		"1kB": 1000, "1MB": 1e6, "1.5gb": 15e8, "2TB": 2e12, "1PB": 1e15,
		"1152921504606846976": 1 << 60, "0x1000000000000000": 1 << 60, "1024PiB": 1 << 60,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, err := parseSize("--offset", text); got != want || err != nil {
				t.Errorf("parseSize = %d, %v; want %d", got, err, want)
			}
		})
	}
}

func TestParseSize_Bad(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"": "not a size", "x": "not a size", "1XiB": "not a size", "0x": "not a size", "0xg": "not a size",
		"0x-1": "not a size", "0x_1": "not a size", "1_000": "not a size", "1e5": "not a size", "1/2": "not a size",
		"1.2.3": "not a size", ".": "not a size", "+1": "not a size", "KiB": "not a size", "1K1": "not a size",
		"-1": "negative", "-1GiB": "negative", "-0x10": "negative",
		"0.5": "not a whole number", "0.3KiB": "not a whole number",
		"9223372036854775808": "too large", "1025PiB": "too large", "0xffffffffffffffffff": "too large",
		"1152921504606846977": "too large", strings.Repeat("9", 41): "not a size",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := parseSize("--offset", text)
			if !errors.Is(err, job.ErrInvalid) {
				t.Fatalf("error %v, want invalid", err)
			}
			for _, want := range []string{"--offset", text, why, "KiB"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestFormatSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 100 << 10: "100 KiB",
		1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB", 8 << 30: "8.0 GiB", 1 << 60: "1.0 EiB",
	} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %q, want %q", n, got, want)
		}
	}
	if got := formatRate(850 << 20); got != "850 MiB/s" {
		t.Errorf("formatRate = %q", got)
	}
}

func TestFormatCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1 << 63: "9,223,372,036,854,775,808"} {
		if got := formatCount(n); got != want {
			t.Errorf("formatCount(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                                "0 ms",
		850 * time.Millisecond:                      "850 ms",
		12340 * time.Millisecond:                    "12.3 s",
		59990 * time.Millisecond:                    "1m00s",
		3*time.Minute + 5*time.Second:               "3m05s",
		time.Hour - time.Millisecond:                "1h00m",
		2*time.Hour + 7*time.Minute + time.Second:   "2h07m",
		100*time.Hour + 59*time.Minute + 50*1e9 + 1: "101h00m",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("formatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}
