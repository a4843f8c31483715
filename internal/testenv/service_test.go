package testenv

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// engines runs a test as processes, and as containers if this run uses them.
func engines(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	used := Need(t, EnvEngine)
	for _, e := range []string{engineProcess, engineDocker} {
		if e == engineDocker && used != engineDocker {
			continue
		}
		t.Run(e, func(t *testing.T) {
			t.Setenv(EnvEngine, e)
			f(t)
		})
	}
}

// ask sends one command to a Redis and returns its answer's first line.
func ask(t *testing.T, s *Service, command string) (string, error) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

func TestService_RedisLives(t *testing.T) {
	engines(t, func(t *testing.T) {
		s := New(t, Redis)
		if got, err := ask(t, s, "INCR n"); got != ":1" || err != nil {
			t.Fatalf("INCR = %q, %v", got, err)
		}
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ask(t, s, "PING"); err == nil {
			t.Errorf("paused, it answered %q", got)
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ask(t, s, "PING"); got != "+PONG" || err != nil {
			t.Errorf("resumed, it answered %q, %v", got, err)
		}
		before := s.URL()
		if err := s.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ask(t, s, "PING"); err == nil {
			t.Errorf("killed, it answered %q", got)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ask(t, s, "INCR n"); got != ":2" || err != nil || s.URL() != before {
			t.Errorf("restarted at %s, INCR = %q, %v, want :2 at %s", s.URL(), got, err, before)
		}
	})
}

func TestService_EachKindStartsAndStops(t *testing.T) {
	engines(t, func(t *testing.T) {
		for _, kind := range []Kind{Redis, MinIO, VersityGW} {
			t.Run(string(kind), func(t *testing.T) {
				s, err := Start(t.Context(), kind)
				if err != nil {
					t.Fatal(err)
				}
				if got := s.String(); !strings.HasPrefix(got, string(kind)+" ") || !strings.Contains(got, s.Addr()) {
					t.Errorf("String = %q", got)
				}
				for range 2 {
					if err := s.Stop(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if err := s.probe(t.Context()); err == nil {
					t.Error("stopped, it still answers")
				}
			})
		}
	})
}

func TestService_KilledWhilePaused(t *testing.T) {
	engines(t, func(t *testing.T) {
		s := New(t, MinIO)
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.probe(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestStart_TellsWhy takes the port before the server can.
func TestStart_TellsWhy(t *testing.T) {
	engines(t, func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s, err := prepare(t.Context(), Redis)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(t.Context()); err != nil { // removes the folder of the address not taken
			t.Fatal(err)
		}
		s.addr = l.Addr().String()
		if err := s.assign(t.Context(), program{"redis-server", s.version}); err != nil {
			t.Fatal(err)
		}
		defer s.Stop(context.WithoutCancel(t.Context()))
		err = s.run.up(t.Context(), s.probe)
		if err == nil || !strings.Contains(err.Error(), "ddress already in use") {
			t.Errorf("up = %v, want the server's own words", err)
		}
	})
}

func TestUp(t *testing.T) {
	engines(t, func(t *testing.T) {
		var lines []string
		e, err := Up(t.Context(), func(s *Service) { lines = append(lines, s.String()) })
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 3 {
			t.Errorf("reported %q, want three services", lines)
		}
		if err := Sweep(t.Context()); err != nil {
			t.Error(err)
		}
		for _, s := range e.services {
			if err := s.probe(t.Context()); err != nil {
				t.Errorf("after a sweep: %v", err)
			}
		}
		if err := e.Down(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStart_UnknownKind(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), "memcached"); err == nil || !strings.Contains(err.Error(), "have redis, minio") {
		t.Errorf("Start = %v, want the kinds there are", err)
	}
}

func TestProcess_NoProgram(t *testing.T) {
	t.Parallel()
	p := &process{path: filepath.Join(t.TempDir(), "nosuch"), dir: t.TempDir()}
	if err := p.up(t.Context(), nil); err == nil {
		t.Error("up of no program = nil")
	}
	if err := p.do(t.Context(), kill); err != nil {
		t.Errorf("kill of what never ran = %v", err)
	}
}

// A server that ends at once is reported at once, with what it said.
func TestProcess_Ends(t *testing.T) {
	t.Parallel()
	p := &process{path: "/bin/sh", args: []string{"-c", "echo out of luck; exit 1"}, dir: t.TempDir()}
	never := func(context.Context) error { return os.ErrNotExist }
	err := p.up(t.Context(), never)
	if err == nil || !strings.Contains(err.Error(), "out of luck") || !strings.Contains(err.Error(), "ended") {
		t.Errorf("up = %v", err)
	}
	if err := p.remove(t.Context()); err != nil {
		t.Error(err)
	}
}
