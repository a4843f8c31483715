package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/binglide/binglide/storage"
)

// check is one promise of the contract. It returns what was broken.
type check struct {
	name string
	run  func(ctx context.Context, s storage.Store) error
}

func checks() []check {
	return []check{
		{"GetReturnsWhatWasPut", checkPutGet},
		{"PutAgain", checkPutAgain},
		{"PutOther", checkPutOther},
		{"Absent", checkAbsent},
		{"Ranges", checkRanges},
		{"RangesBeyondTheEnd", checkRangesBeyond},
		{"MalformedKeys", checkBadKeys},
		{"LongKeys", checkLongKeys},
		{"ListOrder", checkListOrder},
		{"ListPrefix", checkListPrefix},
		{"ListStops", checkListStops},
		{"ListMany", checkListMany},
		{"Delete", checkDelete},
		{"BuffersAreTheCallers", checkOwnership},
		{"CancelledContext", checkCancelled},
		{"KeyErrors", checkKeyErrors},
		{"RacingWritersOfOther", checkRaceOther},
		{"RacingWritersOfSame", checkRaceSame},
		{"ReadersSeeWholeObjects", checkReadersSeeWhole},
	}
}

func checkPutGet(ctx context.Context, s storage.Store) error {
	for i, size := range []int{0, 1, 4095, 4096, 128<<10 + 1, 5<<20 + 7} {
		key, data := fmt.Sprintf("a/%d", size), pattern(size, uint32(i))
		if err := s.Put(ctx, key, data); err != nil {
			return err
		}
		if err := holds(ctx, s, key, data); err != nil {
			return err
		}
	}
	return nil
}

// holds returns an error unless the object is there and has these bytes.
func holds(ctx context.Context, s storage.Store, key string, want []byte) error {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return err
	}
	if info.Key != key || info.Size != int64(len(want)) {
		return fmt.Errorf("stat %s: got %+v, want %d bytes", key, info, len(want))
	}
	got, err := s.Get(ctx, key)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("get %s: got %d bytes unlike the %d that were put", key, len(got), len(want))
	}
	return nil
}

func checkPutAgain(ctx context.Context, s storage.Store) error {
	for _, data := range [][]byte{nil, []byte("x"), pattern(1<<20, 1)} {
		key := fmt.Sprintf("again/%d", len(data))
		for range 3 {
			if err := s.Put(ctx, key, data); err != nil {
				return err
			}
		}
		if err := holds(ctx, s, key, data); err != nil {
			return err
		}
	}
	return nil
}

func checkPutOther(ctx context.Context, s storage.Store) error {
	big := pattern(1<<20, 1)
	flipped := bytes.Clone(big)
	flipped[1<<19] ^= 1
	for i, p := range [][2][]byte{
		{[]byte("one"), []byte("two")}, {[]byte("one"), nil}, {nil, []byte("one")},
		{[]byte("one"), []byte("one more")}, {big, flipped}, {big, big[:len(big)-1]},
	} {
		key := fmt.Sprintf("other/%d", i)
		if err := s.Put(ctx, key, p[0]); err != nil {
			return err
		}
		if err := wantErr(s.Put(ctx, key, p[1]), storage.ErrConflict, "second put of %s", key); err != nil {
			return err
		}
		if err := holds(ctx, s, key, p[0]); err != nil {
			return err
		}
	}
	return nil
}

// wantErr returns an error that says what was done unless err is want.
func wantErr(err, want error, what string, args ...any) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%s: got error %w, want %w", fmt.Sprintf(what, args...), orNone(err), want)
}

var errNone = errors.New("none")

// orNone makes a missing error fit for %w.
func orNone(err error) error {
	if err == nil {
		return errNone
	}
	return err
}

// checkAbsent looks for keys that nearly are those of an object or its folder.
func checkAbsent(ctx context.Context, s storage.Store) error {
	if err := s.Put(ctx, "there/object", []byte("x")); err != nil {
		return err
	}
	for _, key := range []string{"absent", "absent/deep/er", "there", "there/obj", "there/object2", "there/object.x"} {
		_, getErr := s.Get(ctx, key)
		_, statErr := s.Stat(ctx, key)
		err := errors.Join(
			wantErr(getErr, storage.ErrNotFound, "get %s", key),
			wantErr(statErr, storage.ErrNotFound, "stat %s", key),
			wantErr(s.GetRange(ctx, key, 0, make([]byte, 1)), storage.ErrNotFound, "get range of %s", key),
			wantErr(s.GetRange(ctx, key, 0, nil), storage.ErrNotFound, "get empty range of %s", key),
			s.Delete(ctx, key))
		if err != nil {
			return err
		}
	}
	return holds(ctx, s, "there/object", []byte("x"))
}

func checkRanges(ctx context.Context, s storage.Store) error {
	data := pattern(300<<10, 1)
	if err := s.Put(ctx, "r", data); err != nil {
		return err
	}
	size := int64(len(data))
	for _, r := range [][2]int64{{0, size}, {0, 1}, {size - 1, 1}, {4095, 2}, {1, size - 1}, {70_000, 131_073}, {0, 0}, {size, 0}} {
		buf := make([]byte, r[1])
		if err := s.GetRange(ctx, "r", r[0], buf); err != nil {
			return err
		}
		if !bytes.Equal(buf, data[r[0]:r[0]+r[1]]) {
			return fmt.Errorf("get %d bytes at %d: not those that were put", r[1], r[0])
		}
	}
	return nil
}

func checkRangesBeyond(ctx context.Context, s storage.Store) error {
	if err := errors.Join(s.Put(ctx, "r", pattern(1000, 1)), s.Put(ctx, "empty", nil)); err != nil {
		return err
	}
	for _, r := range []struct {
		key            string
		offset, length int64
	}{
		{"r", 0, 1001}, {"r", 999, 2}, {"r", 1000, 1}, {"r", 5000, 1}, {"r", 1001, 0}, {"r", 1 << 62, 1},
		{"r", -1, 1}, {"empty", 0, 1}, {"empty", 1, 0},
	} {
		err := s.GetRange(ctx, r.key, r.offset, make([]byte, r.length))
		if err := wantErr(err, storage.ErrCorrupt, "get %d bytes at %d of %q", r.length, r.offset, r.key); err != nil {
			return err
		}
	}
	return s.GetRange(ctx, "empty", 0, nil)
}

// BadKeys are keys that no store accepts.
func BadKeys() []string {
	return []string{
		"", "/", "a/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".tmp", "a/.b", "A", "a b", "a\\b",
		"ä", "a\x00", "a\n", "c:a", strings.Repeat("a", 513),
	}
}

func checkBadKeys(ctx context.Context, s storage.Store) error {
	var all error
	for _, key := range BadKeys() {
		_, getErr := s.Get(ctx, key)
		_, statErr := s.Stat(ctx, key)
		errs := []error{
			getErr, statErr, s.GetRange(ctx, key, 0, make([]byte, 1)), s.Put(ctx, key, []byte("x")), s.Delete(ctx, key),
		}
		for _, err := range errs {
			all = errors.Join(all, wantErr(err, storage.ErrKey, "key %q", key))
		}
	}
	for _, prefix := range []string{"../", "/", "a//", ".", "A", "a/../"} {
		_, err := collect(ctx, s, prefix)
		all = errors.Join(all, wantErr(err, storage.ErrKey, "list %q", prefix))
	}
	return all
}

// checkLongKeys stays below 255 bytes per element, which file systems allow.
func checkLongKeys(ctx context.Context, s storage.Store) error {
	key := strings.Repeat(strings.Repeat("k", 63)+"/", 6) + strings.Repeat("l", 32)
	if err := s.Put(ctx, key, []byte("x")); err != nil {
		return err
	}
	if keys, err := collect(ctx, s, key[:100]); err != nil || !slices.Equal(keys, []string{key}) {
		return fmt.Errorf("list: got %q, %w", keys, orNone(err))
	}
	return holds(ctx, s, key, []byte("x"))
}

func checkDelete(ctx context.Context, s storage.Store) error {
	if err := errors.Join(s.Put(ctx, "d/1", []byte("x")), s.Put(ctx, "d/2", []byte("y"))); err != nil {
		return err
	}
	if err := errors.Join(s.Delete(ctx, "d/1"), s.Delete(ctx, "d/1")); err != nil {
		return err
	}
	_, err := s.Get(ctx, "d/1")
	if err := wantErr(err, storage.ErrNotFound, "get after delete"); err != nil {
		return err
	}
	if err := s.Put(ctx, "d/1", []byte("z")); err != nil {
		return err
	}
	return errors.Join(holds(ctx, s, "d/1", []byte("z")), holds(ctx, s, "d/2", []byte("y")))
}

// checkOwnership changes what it gave to Put and got from Get.
func checkOwnership(ctx context.Context, s storage.Store) error {
	data := []byte("mine")
	if err := s.Put(ctx, "o", data); err != nil {
		return err
	}
	data[0] = 'X'
	got, err := s.Get(ctx, "o")
	if err != nil {
		return err
	}
	if len(got) > 0 {
		got[0] = 'Y'
	}
	return holds(ctx, s, "o", []byte("mine"))
}
