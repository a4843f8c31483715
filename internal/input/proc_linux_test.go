package input_test

import (
	"testing"

	"github.com/binglide/binglide/internal/input"
)

// A file that claims to be empty but has content is no empty input.
func TestStatFile_SizeDenied(t *testing.T) {
	t.Parallel()
	_, err := input.StatFile("/proc/self/status")
	requireError(t, err, input.ErrStream, "/proc/self/status", "no size")
}
