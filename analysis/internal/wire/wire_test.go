package wire_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/binglide/binglide/analysis/internal/wire"
)

func TestReader_Uvarint(t *testing.T) {
	t.Parallel()
	for _, v := range []uint64{0, 1, 127, 128, 1 << 40, math.MaxUint64} {
		r := wire.NewReader(binary.AppendUvarint(nil, v))
		if got := r.Uvarint(); got != v || r.Close() != nil {
			t.Errorf("Uvarint = %d, %v; want %d", got, r.Err(), v)
		}
	}
}

func TestReader_Malformed(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*wire.Reader){
		"longer form":  func(r *wire.Reader) { r.Uvarint() },
		"beyond limit": func(r *wire.Reader) { r.UvarintMax(0x7f) },
		"too few":      func(r *wire.Reader) { r.Bytes(3) },
		"failed check": func(r *wire.Reader) { r.Bytes(2); r.Check(false) },
		"bytes left":   func(r *wire.Reader) { r.Bytes(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := []byte{0x80, 0x00}
			if name == "beyond limit" {
				b = []byte{0x80, 0x01}
			}
			r := wire.NewReader(b)
			read(r)
			if err := r.Close(); !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("Close = %v", err)
			}
		})
	}
}

func TestReader_ZerosAfterError(t *testing.T) {
	t.Parallel()
	r := wire.NewReader([]byte{1, 2, 3})
	r.Fail()
	if r.Uvarint() != 0 || string(r.Bytes(2)) != "\x00\x00" || r.Len() != 0 || r.Err() == nil {
		t.Error("a failed reader returns more than zeros")
	}
}
