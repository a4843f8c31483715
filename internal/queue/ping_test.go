package queue

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// inMemory returns a Redis that the test can break, and the way to it.
func inMemory(t testing.TB) (*miniredis.Miniredis, Redis) {
	t.Helper()
	m := miniredis.NewMiniRedis()
	t.Cleanup(func() { settle(); m.Close() })
	return m, Redis{dial: m.Dial}
}

func TestPing(t *testing.T) {
	t.Parallel()
	pw := func(s string) *string { return &s }
	for _, tt := range []struct {
		name     string
		server   string // its password
		password *string
		says     string
	}{
		{"no password", "", nil, ""},
		{"right password", secret, pw(secret), ""},
		{"wrong password", secret, pw("guess"), "wrong user or password"},
		{"password missing", secret, nil, "set BINGLIDE_REDIS_PASSWORD"},
		{"password too many", "", pw(secret), ""}, // Redis takes any
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, r := inMemory(t)
			m.RequireAuth(tt.server)
			r.password = tt.password
			err := Ping(t.Context(), r)
			if (err == nil) != (tt.says == "") || err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret)) {
				t.Errorf("Ping = %v, want it to say %q", err, tt.says)
			}
		})
	}
}

func TestPing_Unreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there now
	r, err := ParseRedis("redis://"+l.Addr().String(), environ(nil), true)
	if err != nil {
		t.Fatal(err)
	}
	err = Ping(t.Context(), r)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), l.Addr().String()) || !strings.Contains(err.Error(), "BINGLIDE_REDIS") {
		t.Errorf("Ping = %v", err)
	}
	s, err := NewServer(ServerConfig{Redis: r, Handlers: only(func(context.Context, Task) (Result, error) { return Result{}, nil })})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("Run = %v", err)
	}
}

func TestPing_Mute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var ends []net.Conn
		r := Redis{dial: func() (net.Conn, error) { // a server that accepts and says nothing
			c, s := net.Pipe()
			ends = append(ends, s)
			return c, nil
		}}
		if err := Ping(t.Context(), r); !errors.Is(err, ErrUnreachable) {
			t.Errorf("Ping = %v", err)
		}
		if d := time.Since(begin); d > pingTimeout+time.Second {
			t.Errorf("gave up after %v", d)
		}
		for _, s := range ends {
			s.Close()
		}
	})
}
