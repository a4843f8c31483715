package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestInterruptible(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("binglide"), 100_000)
	if err := iotest.TestReader(&interruptible{ctx: t.Context(), src: bytes.NewReader(data)}, data); err != nil {
		t.Error(err)
	}
}

func TestInterruptible_Silent(t *testing.T) {
	t.Parallel()
	src, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r := &interruptible{ctx: ctx, src: src}
	go cancel()
	for range 2 {
		if n, err := r.Read(make([]byte, 10)); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("Read = %d, %v, want 0, %v", n, err, context.Canceled)
		}
	}
}
