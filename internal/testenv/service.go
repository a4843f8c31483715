package testenv

import (
	"context"
	"fmt"
	"net"
)

// runner is one server, as a process or a container.
type runner interface {
	// up starts the server, for the first time or again with the data it had,
	// and returns when the probe succeeds.
	up(ctx context.Context, probe func(context.Context) error) error
	// do carries out an action on the running server. Killing one that is
	// dead is no error.
	do(ctx context.Context, a action) error
	// remove ends the server and removes its data.
	remove(ctx context.Context) error
}

// action is something done to a running server.
type action string

// The actions, by the names Docker has for them.
const (
	kill    action = "kill"
	pause   action = "pause"
	unpause action = "unpause"
)

// Service is a running server. Its methods are for one goroutine at a time.
type Service struct {
	kind    Kind
	def     definition
	version string
	engine  string
	how     string // for people: "process", or the container's name
	addr    string
	run     runner
}

// Start starts a service on a free port of loopback and returns when it
// answers. The caller stops it.
func Start(ctx context.Context, kind Kind) (*Service, error) {
	s, err := prepare(ctx, kind)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", kind, err)
	}
	if err := s.run.up(ctx, s.probe); err != nil {
		// The first error says more than one of clearing up after it.
		_ = s.Stop(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("start %s: %w", s, err)
	}
	return s, nil
}

func prepare(ctx context.Context, kind Kind) (*Service, error) {
	def, err := define(kind)
	if err != nil {
		return nil, err
	}
	chosen, err := engine(ctx)
	if err != nil {
		return nil, err
	}
	prog, err := def.find(ctx)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &Service{kind: kind, def: def, version: prog.version, engine: chosen, addr: addr}
	return s, s.assign(ctx, prog)
}

// assign gives the service what runs it.
func (s *Service) assign(ctx context.Context, prog program) (err error) {
	if s.engine == engineProcess {
		s.how = "process"
		s.run, err = newProcess(s, prog)
		return err
	}
	c, err := newContainer(ctx, s, prog)
	if err == nil {
		s.run, s.how = c, "container "+c.name
	}
	return err
}

// freeAddr returns an address of loopback that nobody listens on. Somebody
// else may take it at once; then the start fails and says so.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func (s *Service) probe(ctx context.Context) error { return s.def.probe(ctx, s.addr) }

// Addr returns the host and port of the service.
func (s *Service) Addr() string { return s.addr }

// URL returns the address of the service as its clients take it, such as
// redis://127.0.0.1:6379/0 or http://127.0.0.1:9000.
func (s *Service) URL() string { return s.def.scheme + "://" + s.addr + s.def.database }

// String says what the service is and how it runs.
func (s *Service) String() string {
	return fmt.Sprintf("%s %s: %s on %s", s.kind, s.version, s.how, s.addr)
}

// Kill ends the server as kill -9 does. Its data stays.
func (s *Service) Kill(ctx context.Context) error { return s.run.do(ctx, kill) }

// Pause stops the server from answering: connections are accepted by the
// system, and nothing comes back.
func (s *Service) Pause(ctx context.Context) error { return s.run.do(ctx, pause) }

// Resume ends a pause.
func (s *Service) Resume(ctx context.Context) error { return s.run.do(ctx, unpause) }

// Restart starts the server again at the same address with the data it had,
// killing it first if it runs, and returns when it answers.
func (s *Service) Restart(ctx context.Context) error {
	if err := s.Kill(ctx); err != nil {
		return err
	}
	if err := s.run.up(ctx, s.probe); err != nil {
		return fmt.Errorf("restart %s: %w", s, err)
	}
	return nil
}

// Stop ends the service and removes its data. It may be called again.
func (s *Service) Stop(ctx context.Context) error {
	if err := s.run.remove(ctx); err != nil {
		return fmt.Errorf("stop %s: %w", s, err)
	}
	return nil
}
