package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is as much of an S3 server as tests need to have it misbehave.
type fake struct {
	mu       sync.Mutex
	objects  map[string][]byte
	requests []*http.Request
	// misbehave answers a request in the server's place and reports that it
	// did. It is given the request's number among those of its kind, from 1.
	misbehave func(w http.ResponseWriter, r *http.Request, nth int) bool
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	nth := f.record(r)
	if f.misbehave != nil && f.misbehave(w, r, nth) {
		return
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case key == "":
		w.WriteHeader(http.StatusOK) // the bucket
	case r.Method == http.MethodPut:
		f.put(w, r)
	case r.Method == http.MethodDelete:
		f.delete(w, r)
	default:
		f.get(w, r)
	}
}

// record counts requests of equal method and path.
func (f *fake) record(r *http.Request) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r)
	n := 0
	for _, q := range f.requests {
		if q.Method == r.Method && q.URL.Path == r.URL.Path {
			n++
		}
	}
	return n
}

// seen returns the requests of a method for objects other than the probe.
func (f *fake) seen(method string) []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*http.Request
	for _, r := range f.requests {
		if r.Method == method && strings.Contains(strings.Trim(r.URL.Path, "/"), "/") && !isProbe(r) {
			found = append(found, r)
		}
	}
	return found
}

func isProbe(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, probe) }

func (f *fake) put(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.objects[r.URL.Path]; taken && r.Header.Get("If-None-Match") == "*" {
		answer(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	f.objects[r.URL.Path] = data
	w.Header().Set("ETag", etag(data))
}

func (f *fake) get(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	data, ok := f.objects[r.URL.Path]
	f.mu.Unlock()
	if !ok {
		answer(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	w.Header().Set("ETag", etag(data))
	http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(data))
}

func (f *fake) delete(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, r.URL.Path)
	w.WriteHeader(http.StatusNoContent)
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// answer is how S3 reports an error.
func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>words</Message></Error>", code)
}

// breakOff resets the connection.
func breakOff(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// start opens a store on the fake, with deadlines short enough for tests.
func (f *fake) start(t *testing.T) *Store {
	t.Helper()
	f.objects = make(map[string][]byte)
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	s, err := Open(t.Context(), Config{
		Endpoint: srv.URL, Bucket: "bucket", Prefix: "p", AccessKey: "key", SecretKey: "hush",
		StallTimeout: 2 * time.Second, Attempts: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
