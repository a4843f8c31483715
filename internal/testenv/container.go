package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// ownerLabel is on every container, with the process that made it.
const ownerLabel = "binglide-test.owner"

// container is a server that runs in a container of its own.
type container struct {
	name string
	run  []string // arguments of docker, to make and start it
	made bool
}

// newContainer makes the image if there is none yet. The server listens at the
// same port inside as outside.
func newContainer(ctx context.Context, s *Service, prog program) (*container, error) {
	image, err := serviceImage(ctx, s.kind, s.def, prog)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	name := fmt.Sprintf("binglide-test-%s-%s", s.kind, port)
	run := []string{
		"run", "--detach", "--name", name, "--publish", s.addr + ":" + port, "--volume", "/data",
		"--label", ownerLabel + "=" + strconv.Itoa(os.Getpid()),
	}
	for _, e := range s.def.env {
		run = append(run, "--env", e)
	}
	run = append(run, "--entrypoint", "/usr/local/bin/"+string(s.kind), image)
	return &container{name: name, run: append(run, s.def.args("0.0.0.0", port, "/data")...)}, nil
}

// up implements runner.
func (c *container) up(ctx context.Context, probe func(context.Context) error) error {
	args := []string{"start", c.name}
	if !c.made {
		args, c.made = c.run, true
	}
	if _, err := command(ctx, "docker", args...); err != nil {
		return err
	}
	gone := make(chan struct{})
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(gone)
		_, _ = command(wait, "docker", "wait", c.name) // it ends, or nobody waits any more
	}()
	if err := await(ctx, probe, gone); err != nil {
		log, _ := command(context.WithoutCancel(ctx), "docker", "logs", "--tail", "20", c.name)
		return fmt.Errorf("%w; its log ends:\n%s", err, tail(log))
	}
	return nil
}

// do implements runner.
func (c *container) do(ctx context.Context, a action) error {
	if !c.made {
		return nil
	}
	if a != kill {
		_, err := command(ctx, "docker", string(a), c.name)
		return err
	}
	out, err := command(ctx, "docker", "inspect", "--format", "{{.State.Running}} {{.State.Paused}}", c.name)
	if err != nil || strings.HasPrefix(out, "false") {
		return err
	}
	if strings.HasPrefix(out, "true true") { // Docker kills no paused container
		if err := c.do(ctx, unpause); err != nil {
			return err
		}
	}
	if _, err := command(ctx, "docker", "kill", c.name); err != nil {
		return err
	}
	_, err = command(ctx, "docker", "wait", c.name)
	return err
}

// remove implements runner.
func (c *container) remove(ctx context.Context) error {
	if !c.made {
		return nil
	}
	if _, err := command(ctx, "docker", "rm", "--force", "--volumes", c.name); err != nil {
		return err
	}
	c.made = false
	return nil
}

// Sweep removes the containers of processes that no longer run and could not
// clear up. Where no Docker engine answers there are none.
func Sweep(ctx context.Context) error {
	if how, err := engine(ctx); err != nil || how != engineDocker {
		return err
	}
	out, err := command(ctx, "docker", "ps", "--all", "--filter", "label="+ownerLabel,
		"--format", `{{.Names}} {{.Label "`+ownerLabel+`"}}`)
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		name, owner, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := os.Stat("/proc/" + owner); err == nil {
			continue
		}
		if _, err := command(ctx, "docker", "rm", "--force", "--volumes", name); err != nil {
			return err
		}
	}
	return nil
}
