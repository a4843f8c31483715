package s3

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/storage"
)

func bucketAt(endpoint string) Config {
	return Config{Endpoint: endpoint, Bucket: "bucket", AccessKey: "key", SecretKey: "hush"}
}

// listen returns a server that takes connections and never answers.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOpen_ClosedPort(t *testing.T) {
	t.Parallel()
	l := listen(t)
	l.Close()
	c := bucketAt("http://" + l.Addr().String())
	_, err := Open(t.Context(), c)
	if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), c.Endpoint) || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want ErrUnreachable naming %s", err, c.Endpoint)
	}
}

func TestOpen_Silent(t *testing.T) {
	t.Parallel()
	c := bucketAt("http://" + listen(t).Addr().String())
	c.OpenTimeout = 200 * time.Millisecond
	_, err := Open(t.Context(), c)
	if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), c.Endpoint) {
		t.Errorf("got %v, want ErrUnreachable naming %s", err, c.Endpoint)
	}
}

func TestOpen_Cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, bucketAt("http://"+listen(t).Addr().String()))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("got %v, want the caller's own deadline", err)
	}
}

func TestOpen_Answers(t *testing.T) {
	t.Parallel()
	isBucket := func(r *http.Request) bool { return strings.Trim(r.URL.Path, "/") == "bucket" }
	for name, c := range map[string]struct {
		misbehave func(w http.ResponseWriter, r *http.Request) bool
		want      error
	}{
		"Denied": {func(w http.ResponseWriter, _ *http.Request) bool {
			answer(w, http.StatusForbidden, "AccessDenied")
			return true
		}, storage.ErrDenied},
		"MayNotLookButPut": {func(w http.ResponseWriter, r *http.Request) bool {
			if isBucket(r) {
				answer(w, http.StatusForbidden, "AccessDenied")
			}
			return isBucket(r)
		}, nil},
		"NotWritable": {func(w http.ResponseWriter, r *http.Request) bool {
			if !isBucket(r) {
				answer(w, http.StatusForbidden, "AccessDenied")
			}
			return !isBucket(r)
		}, storage.ErrDenied},
		"MayNotCreate": {func(w http.ResponseWriter, r *http.Request) bool {
			answer(w, map[bool]int{true: 404, false: 403}[r.Method == http.MethodHead], "")
			return true
		}, storage.ErrDenied},
		"CreatedByAnother": {func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case isBucket(r) && r.Method == http.MethodHead:
				answer(w, http.StatusNotFound, "")
			case isBucket(r):
				answer(w, http.StatusConflict, "BucketAlreadyOwnedByYou")
			}
			return isBucket(r)
		}, nil},
		"ProbeIsThere": {func(w http.ResponseWriter, r *http.Request) bool {
			if isProbe(r) {
				answer(w, http.StatusPreconditionFailed, "PreconditionFailed")
			}
			return isProbe(r)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{
				objects:   make(map[string][]byte),
				misbehave: func(w http.ResponseWriter, r *http.Request, _ int) bool { return c.misbehave(w, r) },
			}
			srv := httptest.NewServer(f)
			t.Cleanup(srv.Close)
			_, err := Open(t.Context(), bucketAt(srv.URL))
			if c.want == nil && err != nil {
				t.Fatal(err)
			}
			if c.want != nil && (!errors.Is(err, c.want) || !strings.Contains(err.Error(), srv.URL) || !strings.Contains(err.Error(), "bucket")) {
				t.Errorf("got %v, want %v naming endpoint and bucket", err, c.want)
			}
		})
	}
}

func TestOpen_BadConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"Bucket": {Endpoint: "http://host", Bucket: "B"}, "NoBucket": {Endpoint: "http://host"},
		"Endpoint": {Endpoint: "host:9000", Bucket: "bucket"}, "CA": {Endpoint: "https://host", Bucket: "bucket", CA: "/none.pem"},
	} {
		c.AccessKey, c.SecretKey = "key", "secret"
		if _, err := Open(t.Context(), c); err == nil || errors.Is(err, storage.ErrUnreachable) {
			t.Errorf("%s: got %v, want an error before anything is sent", name, err)
		}
	}
}

func TestOpen_TLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(&fake{objects: make(map[string][]byte)})
	t.Cleanup(srv.Close)
	c := bucketAt(srv.URL)
	if _, err := Open(t.Context(), c); !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown authority: got %v", err)
	}
	c.CA = filepath.Join(t.TempDir(), "ca.pem")
	for name, text := range map[string][]byte{
		"no certificate": []byte("junk"),
		"":               pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}),
	} {
		if err := os.WriteFile(c.CA, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), c)
		if (name == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), name)) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
