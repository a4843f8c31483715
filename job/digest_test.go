package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
)

func TestDigest_Text(t *testing.T) {
	t.Parallel()
	d := job.DigestOf([]byte("abc"))
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4
	if d.String() != want {
		t.Errorf("DigestOf(abc) = %s, want %s", d, want)
	}
	if got, err := job.ParseDigest(want); got != d || err != nil {
		t.Errorf("ParseDigest = %s, %v", got, err)
	}
	if got, err := job.ParseKey(want); got != job.Key(d) || err != nil {
		t.Errorf("ParseKey = %s, %v", got, err)
	}
}

func TestDigest_JSON(t *testing.T) {
	t.Parallel()
	type both struct {
		D job.Digest
		K job.Key
	}
	in := both{job.DigestOf([]byte("d")), job.Key(job.DigestOf([]byte("k")))}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out both
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("%s comes back as %v, %v", b, out, err)
	}
	for _, bad := range []string{`{"D":"abc"}`, `{"K":"xyz"}`} {
		if err := json.Unmarshal([]byte(bad), &out); !errors.Is(err, job.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", bad, err)
		}
	}
}

func TestParseDigest_Invalid(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("0", 64)
	for name, s := range map[string]string{
		"empty": "", "short": full[1:], "long": full + "0", "no digit": full[1:] + "g", "space": " " + full[1:],
	} {
		_, derr := job.ParseDigest(s)
		_, kerr := job.ParseKey(s)
		if !errors.Is(derr, job.ErrInvalid) || !errors.Is(kerr, job.ErrInvalid) {
			t.Errorf("%s: %v, %v; want ErrInvalid", name, derr, kerr)
		}
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add(strings.Repeat("0", 64))
	f.Add(strings.Repeat("F", 64))
	f.Add("é")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := job.ParseDigest(s)
		if err == nil && !strings.EqualFold(d.String(), s) {
			t.Errorf("%q is parsed as %s", s, d)
		}
	})
}

func recipe(domain string, fields ...any) [32]byte {
	r := job.NewRecipe(domain)
	for _, f := range fields {
		switch v := f.(type) {
		case string:
			r.Text(v)
		case []byte:
			r.Bytes(v)
		case int:
			r.Int(int64(v))
		}
	}
	return r.Sum()
}

func TestRecipe_Injective(t *testing.T) {
	t.Parallel()
	seen := make(map[[32]byte]string)
	for _, r := range []struct {
		domain string
		fields []any
	}{
		{"d", nil},
		{"d", []any{""}},
		{"d", []any{"", ""}},
		{"da", nil},
		{"d", []any{"a", "bc"}},
		{"d", []any{"ab", "c"}},
		{"d", []any{"abc"}},
		{"d", []any{"a", "b", "c"}},
		{"da", []any{"bc"}},
		{"d", []any{0}},
		{"d", []any{1}},
		{"d", []any{-1}},
		{"d", []any{1, "a"}},
		{"d", []any{"a", 1}},
		{"d", []any{"\x00"}},
		{"d", []any{"\x00\x00\x00\x00\x00\x00\x00\x01a"}},
	} {
		sum, name := recipe(r.domain, r.fields...), fmt.Sprintf("%q%q", r.domain, r.fields)
		if other, ok := seen[sum]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[sum] = name
	}
	if recipe("d", "a") != recipe("d", []byte("a")) {
		t.Error("a text and its bytes differ")
	}
}

func FuzzRecipe(f *testing.F) {
	f.Add("a", "bc", "ab", "c")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		same := a == c && b == d
		if (recipe("d", a, b) == recipe("d", c, d)) != same {
			t.Errorf("(%q, %q) and (%q, %q): equal fields %v, equal hashes %v", a, b, c, d, same, !same)
		}
	})
}

func TestRecipe_SumGoesOn(t *testing.T) {
	t.Parallel()
	r := job.NewRecipe("d")
	r.Text("a")
	if r.Sum() != recipe("d", "a") {
		t.Error("the first sum is wrong")
	}
	r.Text("b")
	if r.Sum() != recipe("d", "a", "b") {
		t.Error("the sum after a further field is wrong")
	}
}
