package tools

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for _, tool := range All() {
		t.Run(tool.Name(), func(t *testing.T) {
			t.Parallel()
			got, err := Named(tool.Name())
			if err != nil || got != tool {
				t.Errorf("Named(%q) = %v, %v, want %v", tool.Name(), got, err, tool)
			}
			if !regexp.MustCompile(`^v\d+\.\d+\.\d+`).MatchString(tool.Version) {
				t.Errorf("version %q is not pinned", tool.Version)
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		_, err := Named("nosuch")
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "minio") {
			t.Errorf("Named(nosuch) = %v, want ErrUnknown with the names", err)
		}
	})
}

func TestEnsure_Cached(t *testing.T) {
	t.Parallel()
	c := &Cache{Dir: t.TempDir(), Log: func(line string) { t.Errorf("built again: %s", line) }}
	want := filepath.Join(c.Dir, "prog-v1.2.3")
	if err := os.WriteFile(want, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := c.Ensure(t.Context(), Tool{"example.org/cmd/prog", "v1.2.3"})
	if err != nil || got != want {
		t.Errorf("Ensure = %q, %v, want %q", got, err, want)
	}
}

// A package path without a module fails before any network is needed.
func TestEnsure_CannotBuild(t *testing.T) {
	t.Parallel()
	var said []string
	c := &Cache{Dir: filepath.Join(t.TempDir(), "made"), Log: func(line string) { said = append(said, line) }}
	_, err := c.Ensure(t.Context(), Tool{"./nosuch", "v1.2.3"})
	if err == nil || !strings.Contains(err.Error(), "build nosuch v1.2.3") {
		t.Errorf("Ensure = %v, want an error that names the tool", err)
	}
	if len(said) != 1 {
		t.Errorf("said %q, want one line", said)
	}
	left, err := os.ReadDir(c.Dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v in the cache, want nothing", left, err)
	}
}

func TestUserCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	c, err := UserCache()
	if err != nil || filepath.Base(c.Dir) != "tools" {
		t.Errorf("UserCache = %v, %v", c, err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000) + "end"
	if got := string(tail([]byte(long))); len(got) != 2048 || !strings.HasSuffix(got, "end") {
		t.Errorf("tail kept %d bytes", len(got))
	}
	if got := string(tail([]byte("short"))); got != "short" {
		t.Errorf("tail(short) = %q", got)
	}
}
