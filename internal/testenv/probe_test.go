package testenv

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answering listens and answers every connection with the same bytes.
func answering(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64))
			_, _ = conn.Write([]byte(answer))
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestPingRedis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, answer, err string }{
		{"ready", "+PONG\r\n", ""},
		{"loading", "-LOADING Redis is loading the dataset in memory\r\n", "LOADING"},
		{"closed", "", "EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := pingRedis(t.Context(), answering(t, tt.answer))
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("pingRedis = %v, want %q", err, tt.err)
			}
		})
	}
}

func TestPingS3(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		ready  bool
	}{
		{"refused for want of a signature", http.StatusForbidden, true},
		{"not initialised", http.StatusServiceUnavailable, false},
		{"not an S3 server", http.StatusOK, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.status) }))
			t.Cleanup(server.Close)
			if err := pingS3(t.Context(), server.Listener.Addr().String()); (err == nil) != tt.ready {
				t.Errorf("pingS3 = %v, want ready %v", err, tt.ready)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	errNotYet := errors.New("not yet")
	t.Run("in the end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := 0
			err := await(t.Context(), func(context.Context) error {
				if n++; n < 5 {
					return errNotYet
				}
				return nil
			}, nil)
			if err != nil || n != 5 {
				t.Errorf("await = %v after %d tries", err, n)
			}
		})
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			err := await(t.Context(), func(context.Context) error { return errNotYet }, nil)
			if !errors.Is(err, errNotYet) || time.Since(start) < startTimeout || time.Since(start) > startTimeout+time.Second {
				t.Errorf("await = %v after %v", err, time.Since(start))
			}
		})
	})
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		gone := make(chan struct{})
		close(gone)
		err := await(t.Context(), func(context.Context) error { return errNotYet }, gone)
		if !errors.Is(err, errNotYet) || !strings.Contains(err.Error(), "ended") {
			t.Errorf("await = %v", err)
		}
	})
}
