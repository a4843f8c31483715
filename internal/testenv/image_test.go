package testenv

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseLdd(t *testing.T) {
	t.Parallel()
	out := "\tlinux-vdso.so.1 (0x00007fec9e0e3000)\n" +
		"\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007fec9dd20000)\n" +
		"\tlibodd.so.1 => not found\n" +
		"\t/lib64/ld-linux-x86-64.so.2 (0x00007fec9e0e5000)\n"
	want := []string{"/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"}
	if got := parseLdd(out); !slices.Equal(got, want) {
		t.Errorf("parseLdd = %q, want %q", got, want)
	}
	if got := parseLdd("\tstatically linked\n"); got != nil {
		t.Errorf("parseLdd of a static program = %q", got)
	}
}

func TestRedisVersion(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64": "7.0.15",
		"something else": "unknown",
		"":               "unknown",
	} {
		if got := redisVersion(in); got != want {
			t.Errorf("redisVersion(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestImage_Write(t *testing.T) {
	t.Parallel()
	from := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(from, []byte("content"), 0o755); err != nil {
		t.Fatal(err)
	}
	image := Image{Name: "x", Data: "/data", User: 999}
	var buf bytes.Buffer
	if err := image.write(&buf, map[string]string{"/usr/bin/program": from}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for tr := tar.NewReader(&buf); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{h.Name, h.FileInfo().Mode().String(), string(content)}, " "))
		if h.Name == "data/" && h.Uid != 999 {
			t.Errorf("data belongs to %d, want 999", h.Uid)
		}
	}
	want := []string{"tmp/ dtrwxrwxrwx ", "data/ drwxr-xr-x ", "usr/bin/program -rwxr-xr-x content"}
	if !slices.Equal(got, want) {
		t.Errorf("archive holds %q, want %q", got, want)
	}
}

func TestImage_WriteMissing(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "nosuch")
	err := Image{}.write(io.Discard, map[string]string{"/x": missing})
	if err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("write = %v, want an error that names %s", err, missing)
	}
}

func TestBuildStatic(t *testing.T) {
	t.Parallel()
	t.Run("program", func(t *testing.T) {
		t.Parallel()
		path, err := BuildStatic(t.Context(), "github.com/binglide/binglide/internal/healthcheck", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("built %v, %v", info, err)
		}
	})
	t.Run("no package", func(t *testing.T) {
		t.Parallel()
		if _, err := BuildStatic(t.Context(), "github.com/binglide/binglide/nosuch", t.TempDir()); err == nil {
			t.Error("BuildStatic of no package = nil")
		}
	})
}
