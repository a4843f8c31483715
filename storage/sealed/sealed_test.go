package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/mem"
	"github.com/binglide/binglide/storage/sealed"
	"github.com/binglide/binglide/storage/storagetest"
)

const key = "nodes/bytes/ab/abcd"

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(testing.TB) storage.Store { return sealed.New(mem.New()) })
}

func TestNew_NilStore(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("New(nil) did not panic")
		}
	}()
	sealed.New(nil)
}

// TestSeal_Golden pins the format: stored objects must stay readable.
func TestSeal_Golden(t *testing.T) {
	t.Parallel()
	const want = "binglide sealed/1 jobs/a/spec 5 sha256:8125dccd3c7d538785d3edc2af2985d38334af1c6f19d55be17c41ac2f353141\nhello"
	got := string(sealed.Seal("jobs/a/spec", []byte("hello")))
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestOpen_NoticesEveryFlippedBit(t *testing.T) {
	t.Parallel()
	object := sealed.Seal(key, []byte("some payload\n with lines\n"))
	for i := range 8 * len(object) {
		damaged := bytes.Clone(object)
		damaged[i/8] ^= 1 << (i % 8)
		if _, err := sealed.Open(key, damaged); !errors.Is(err, storage.ErrCorrupt) {
			t.Fatalf("bit %d flipped: got %v, want %v", i, err, storage.ErrCorrupt)
		}
	}
}

func TestOpen_NoticesEveryTruncation(t *testing.T) {
	t.Parallel()
	object := sealed.Seal(key, []byte("payload"))
	for n := range object {
		if _, err := sealed.Open(key, object[:n]); !errors.Is(err, storage.ErrCorrupt) {
			t.Fatalf("cut to %d bytes: got %v, want %v", n, err, storage.ErrCorrupt)
		}
	}
	if _, err := sealed.Open(key, append(object, 0)); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("a byte added: got %v", err)
	}
}

func TestOpen_NoticesMisplaced(t *testing.T) {
	t.Parallel()
	object := sealed.Seal(key, []byte("payload"))
	for _, other := range []string{key + "0", key[:len(key)-1], "a", "nodes/bytes/ab/abce"} {
		if _, err := sealed.Open(other, object); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("read as %s: got %v, want %v", other, err, storage.ErrCorrupt)
		}
	}
}

func TestStat_SizeOfPayload(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 8, 9, 10, 11, 98, 99, 100, 101, 999, 1000, 99_999, 100_000} {
		inner := mem.New()
		s := sealed.New(inner)
		if err := s.Put(t.Context(), key, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		info, err := s.Stat(t.Context(), key)
		if err != nil || info.Size != int64(size) {
			t.Errorf("payload of %d bytes: got %+v, %v", size, info, err)
		}
	}
}

func TestStat_OfWhatIsNotSealed(t *testing.T) {
	t.Parallel()
	inner := mem.New()
	for n := range 300 {
		inner.Replace(key, make([]byte, n))
		info, err := sealed.New(inner).Stat(t.Context(), key)
		if err != nil || info.Size < 0 || info.Size > int64(n) {
			t.Errorf("%d bytes: got %+v, %v", n, info, err)
		}
	}
}

func TestPut_OverExisting(t *testing.T) {
	t.Parallel()
	good := sealed.Seal(key, []byte("payload"))
	for name, c := range map[string]struct {
		have []byte
		want error
	}{
		"Same":      {good, nil},
		"Other":     {sealed.Seal(key, []byte("other")), storage.ErrConflict},
		"Empty":     {nil, nil},
		"Truncated": {good[:len(good)-1], nil},
		"Flipped":   {append(bytes.Clone(good[:len(good)-1]), 'X'), nil},
		"Misplaced": {sealed.Seal("nodes/other", []byte("payload")), nil},
		"Foreign":   {[]byte("something else"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner := mem.New()
			inner.Replace(key, c.have)
			s := sealed.New(inner)
			if err := s.Put(t.Context(), key, []byte("payload")); !errors.Is(err, c.want) {
				t.Fatalf("put: got %v, want %v", err, c.want)
			}
			want := "payload"
			if c.want != nil {
				want = "other"
			}
			if got, err := s.Get(t.Context(), key); err != nil || string(got) != want {
				t.Errorf("get: got %q, %v; want %q", got, err, want)
			}
		})
	}
}

// TestPut_Faults repeats a Put after each call it makes has failed, both ways.
func TestPut_Faults(t *testing.T) {
	t.Parallel()
	errFault := errors.New("fault")
	for _, damaged := range []bool{false, true} {
		for _, op := range []storagetest.Op{storagetest.Put, storagetest.Get, storagetest.Delete} {
			for nth := 1; nth <= 2; nth++ {
				for name, f := range map[string]storagetest.Fault{"Rejected": {Rejected: errFault}, "AppliedButLost": {Lost: errFault}} {
					t.Run(fmt.Sprintf("%s%d%s/damaged=%v", op, nth, name, damaged), func(t *testing.T) {
						t.Parallel()
						inner := &mem.Store{}
						if damaged {
							inner.Replace(key, []byte("damaged"))
						}
						s := sealed.New(storagetest.WithFault(inner, storagetest.NthFault(op, nth, f)))
						if err := s.Put(t.Context(), key, []byte("payload")); err != nil && !errors.Is(err, errFault) {
							t.Fatalf("first put: got %v", err)
						}
						if err := s.Put(t.Context(), key, []byte("payload")); err != nil && !errors.Is(err, errFault) {
							t.Fatalf("second put: got %v", err)
						}
						if err := s.Put(t.Context(), key, []byte("payload")); err != nil {
							t.Fatalf("third put: got %v", err)
						}
						if got, err := sealed.New(inner).Get(t.Context(), key); err != nil || string(got) != "payload" {
							t.Errorf("get: got %q, %v", got, err)
						}
					})
				}
			}
		}
	}
}

// TestPut_EndlessDamage meets a store that never keeps what it is given.
func TestPut_EndlessDamage(t *testing.T) {
	t.Parallel()
	always := func(c storagetest.Call) storagetest.Fault {
		if c.Op == storagetest.Put {
			return storagetest.Fault{Rejected: storage.ErrConflict}
		}
		return storagetest.Fault{}
	}
	s := sealed.New(storagetest.WithFault(mem.New(), always))
	err := s.Put(t.Context(), key, nil)
	if err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("got %v, want an error that names the key", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sealed.Seal(key, []byte("payload")))
	f.Add([]byte("binglide sealed/1 "))
	f.Fuzz(func(t *testing.T, object []byte) {
		payload, err := sealed.Open(key, object)
		if err == nil && !bytes.Equal(sealed.Seal(key, payload), object) {
			t.Errorf("%q opens to %q, which seals to something else", object, payload)
		}
	})
}
