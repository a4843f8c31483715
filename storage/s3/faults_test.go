package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/storage"
)

const key = "nodes/x"

func payload() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 64<<10) }

// isFor reports whether a request is one of method for the object of key.
func isFor(r *http.Request, method string) bool {
	return r.Method == method && strings.HasSuffix(r.URL.Path, "/p/"+key)
}

// begin sends the head of an answer and the first half of the object.
func begin(w http.ResponseWriter, data []byte) {
	w.Header().Set("ETag", etag(data))
	w.Header().Set("Content-Length", "1048576")
	w.Header().Set("Last-Modified", time.Unix(1, 0).UTC().Format(http.TimeFormat))
	_, _ = w.Write(data[:len(data)/2])
	w.(http.Flusher).Flush()
}

func TestPut_Request(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := f.start(t)
	if err := s.Put(t.Context(), key, []byte("123456789")); err != nil {
		t.Fatal(err)
	}
	puts := f.seen(http.MethodPut)
	if len(puts) != 1 {
		t.Fatalf("%d requests, want 1", len(puts))
	}
	for name, want := range map[string]string{
		"If-None-Match": "*", "X-Amz-Checksum-Crc32c": "4waSgw==", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
		"X-Amz-Trailer": "",
	} {
		if got := puts[0].Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if puts[0].ContentLength != 9 || puts[0].URL.RawQuery != "" {
		t.Errorf("got %d bytes, query %q; want 9 bytes in one part", puts[0].ContentLength, puts[0].URL.RawQuery)
	}
}

func TestPut_AnswerLost(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.misbehave = func(w http.ResponseWriter, r *http.Request, nth int) bool {
		if !isFor(r, http.MethodPut) || nth > 1 {
			return false
		}
		f.put(w, r)
		breakOff(w)
		return true
	}
	s := f.start(t)
	if err := s.Put(t.Context(), key, payload()); err != nil {
		t.Error(err)
	}
	if got, err := s.Get(t.Context(), key); err != nil || !bytes.Equal(got, payload()) {
		t.Errorf("get: %d bytes, %v", len(got), err)
	}
}

// TestPut_RefusedUnread meets a server that resets the connection of each PUT
// for a key that is taken.
func TestPut_RefusedUnread(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.misbehave = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if isFor(r, http.MethodPut) {
			breakOff(w)
		}
		return false
	}
	s := f.start(t)
	if err := s.Put(t.Context(), key, []byte("same")); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("nothing there: got %v", err)
	}
	f.objects["/bucket/p/"+key] = []byte("same")
	if err := s.Put(t.Context(), key, []byte("same")); err != nil {
		t.Errorf("same bytes: got %v", err)
	}
	if err := s.Put(t.Context(), key, []byte("other")); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("other bytes: got %v", err)
	}
}

func TestPut_Undecided(t *testing.T) {
	t.Parallel()
	f := &fake{misbehave: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if isFor(r, http.MethodPut) {
			answer(w, http.StatusConflict, "ConditionalRequestConflict")
			return true
		}
		return false
	}}
	s := f.start(t)
	err := s.Put(t.Context(), key, []byte("x"))
	if err == nil || errors.Is(err, storage.ErrConflict) || len(f.seen(http.MethodPut)) != maxPutRounds {
		t.Errorf("got %v after %d requests", err, len(f.seen(http.MethodPut)))
	}
}

func TestGet_ResumesWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	f := &fake{misbehave: func(w http.ResponseWriter, r *http.Request, nth int) bool {
		if isFor(r, http.MethodGet) && nth == 1 {
			begin(w, payload())
			breakOff(w)
		}
		return false
	}}
	s := f.start(t)
	f.objects["/bucket/p/"+key] = payload()
	got, err := s.Get(t.Context(), key)
	if err != nil || !bytes.Equal(got, payload()) {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	second := f.seen(http.MethodGet)[1]
	if !strings.HasSuffix(second.Header.Get("Range"), "-1048575") || second.Header.Get("If-Match") != etag(payload()) {
		t.Errorf("second request: %v, want the rest of the same object", second.Header)
	}
}

func TestGet_ReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	f := &fake{misbehave: func(w http.ResponseWriter, r *http.Request, nth int) bool {
		if isFor(r, http.MethodGet) && nth == 1 {
			begin(w, bytes.ToUpper(payload()))
			breakOff(w)
		}
		return false
	}}
	s := f.start(t)
	f.objects["/bucket/p/"+key] = payload()
	if got, err := s.Get(t.Context(), key); err != nil || !bytes.Equal(got, payload()) {
		t.Errorf("got %d bytes, %v; want those of the new object alone", len(got), err)
	}
}

func TestGet_Damaged(t *testing.T) {
	t.Parallel()
	for name, misbehave := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"BreaksOff": func(w http.ResponseWriter, r *http.Request) bool {
			if isFor(r, http.MethodGet) {
				w.Header().Set("Content-Length", map[bool]string{false: "100", true: "99"}[r.Header.Get("Range") != ""])
				w.Header().Set("ETag", etag(nil))
				w.Header().Set("Last-Modified", time.Unix(1, 0).UTC().Format(http.TimeFormat))
				if r.Header.Get("Range") == "" {
					_, _ = w.Write([]byte("x"))
				}
				w.(http.Flusher).Flush()
				breakOff(w)
			}
			return false
		},
		"Unreadable": func(w http.ResponseWriter, r *http.Request) bool {
			if isFor(r, http.MethodGet) {
				answer(w, http.StatusServiceUnavailable, "SlowDownRead")
			}
			return isFor(r, http.MethodGet)
		},
		"Metadata": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, key) {
				answer(w, http.StatusInternalServerError, "InternalError")
			}
			return strings.HasSuffix(r.URL.Path, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{misbehave: func(w http.ResponseWriter, r *http.Request, _ int) bool { return misbehave(w, r) }}
			s := f.start(t)
			f.objects["/bucket/p/"+key] = make([]byte, 100)
			if _, err := s.Get(t.Context(), key); !errors.Is(err, storage.ErrCorrupt) {
				t.Errorf("get: got %v, want ErrCorrupt", err)
			}
			err := s.Put(t.Context(), key, []byte("x"))
			if !errors.Is(err, storage.ErrConflict) || !errors.Is(err, storage.ErrCorrupt) {
				t.Errorf("put: got %v, want ErrConflict and ErrCorrupt", err)
			}
		})
	}
}

// TestGet_FailingServer meets servers of which nothing tells that the object,
// and not they, are to blame.
func TestGet_FailingServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		status     int
		want       error
	}{
		{"AllInternal", "InternalError", 500, nil},
		{"Overloaded", "SlowDown", 503, storage.ErrUnreachable},
		{"Gateway", "", 502, storage.ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failing := false
			f := &fake{misbehave: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				if failing {
					answer(w, c.status, c.code)
				}
				return failing
			}}
			s := f.start(t)
			failing = true
			_, err := s.Get(t.Context(), key)
			if err == nil || errors.Is(err, storage.ErrCorrupt) || (c.want != nil && !errors.Is(err, c.want)) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestStalls(t *testing.T) {
	t.Parallel()
	stall := func(method string) *fake {
		return &fake{misbehave: func(w http.ResponseWriter, r *http.Request, nth int) bool {
			if !isFor(r, method) {
				return false
			}
			if method == http.MethodGet && nth == 1 {
				begin(w, payload())
			}
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return true
		}}
	}
	for method, call := range map[string]func(context.Context, *Store) error{
		http.MethodGet: func(ctx context.Context, s *Store) error {
			_, err := s.Get(ctx, key)
			return err
		},
		http.MethodPut: func(ctx context.Context, s *Store) error { return s.Put(ctx, key, payload()) },
		http.MethodHead: func(ctx context.Context, s *Store) error {
			_, err := s.Stat(ctx, key)
			return err
		},
		http.MethodDelete: func(ctx context.Context, s *Store) error { return s.Delete(ctx, key) },
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := stall(method).start(t)
			s.conn.config.StallTimeout = 100 * time.Millisecond
			err := call(t.Context(), s)
			if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), s.conn.config.Endpoint) {
				t.Errorf("got %v, want ErrUnreachable naming the endpoint", err)
			}
		})
		t.Run(method+"/Deadline", func(t *testing.T) {
			t.Parallel()
			s := stall(method).start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if err := call(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the context's error", err)
			}
		})
	}
}

func TestDelete_Forced(t *testing.T) {
	t.Parallel()
	f := &fake{misbehave: func(w http.ResponseWriter, r *http.Request, _ int) bool {
		refuse := isFor(r, http.MethodDelete) && r.Header.Get("X-Minio-Force-Delete") == ""
		if refuse {
			answer(w, http.StatusInternalServerError, "InternalError")
		}
		return refuse
	}}
	s := f.start(t)
	f.objects["/bucket/p/"+key] = nil
	if err := s.Delete(t.Context(), key); err != nil {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}
