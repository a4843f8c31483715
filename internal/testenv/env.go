package testenv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// The variables that tell a test of its environment.
const (
	EnvS3       = "BINGLIDE_TEST_S3"       // URL of MinIO
	EnvS3Alt    = "BINGLIDE_TEST_S3_ALT"   // URL of VersityGW
	EnvRedis    = "BINGLIDE_TEST_REDIS"    // URL of Redis, with its database
	EnvEngine   = "BINGLIDE_TEST_ENGINE"   // how services run: docker or process
	EnvRequired = "BINGLIDE_TEST_REQUIRED" // 1: what would be skipped fails
)

// The credentials of the S3 servers, in the usual AWS_ variables too. The
// servers listen on loopback only.
const (
	AccessKey = "binglide-test"
	SecretKey = "binglide-test-secret"
)

// Need returns the value of an environment variable. Where it is not set, the
// test is skipped, or failed if EnvRequired is 1.
func Need(t testing.TB, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v != "" {
		return v
	}
	message := name + " is not set: run the tests by `make test`"
	if os.Getenv(EnvRequired) == "1" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// New starts a service that belongs to the test and is removed when it ends.
// Without EnvEngine the test is skipped or failed, as by Need.
func New(t testing.TB, kind Kind) *Service {
	t.Helper()
	Need(t, EnvEngine)
	s, err := Start(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Environment is one service of each kind.
type Environment struct{ services []*Service }

// Up starts one service of each kind, calling report with each that answers.
// After an error nothing is left running.
func Up(ctx context.Context, report func(*Service)) (*Environment, error) {
	e := new(Environment)
	for _, kind := range []Kind{Redis, MinIO, VersityGW} {
		s, err := Start(ctx, kind)
		if err != nil {
			return nil, errors.Join(err, e.Down(context.WithoutCancel(ctx)))
		}
		e.services = append(e.services, s)
		report(s)
	}
	return e, nil
}

// Variables returns the settings of the environment, as NAME=VALUE.
func (e *Environment) Variables() []string {
	vars := []string{
		EnvRequired + "=1",
		"AWS_ACCESS_KEY_ID=" + AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + SecretKey,
	}
	for _, s := range e.services {
		vars = append(vars, s.def.variable+"="+s.URL(), EnvEngine+"="+s.engine)
	}
	return vars
}

// Down removes the services and their data.
func (e *Environment) Down(ctx context.Context) error {
	var errs []error
	for _, s := range e.services {
		errs = append(errs, s.Stop(ctx))
	}
	return errors.Join(errs...)
}

// The two values of EnvEngine.
const (
	engineDocker  = "docker"
	engineProcess = "process"
)

// engine returns the chosen way to run services, or else finds one.
func engine(ctx context.Context) (string, error) {
	switch e := os.Getenv(EnvEngine); e {
	case engineDocker, engineProcess:
		return e, nil
	case "":
	default:
		return "", fmt.Errorf("%s=%s: want %s or %s", EnvEngine, e, engineDocker, engineProcess)
	}
	// Images are made of this system's programs, which must be Linux's.
	if runtime.GOOS == "linux" && dockerAnswers(ctx) {
		return engineDocker, nil
	}
	return engineProcess, nil
}

func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// command runs a command to its end and returns what it printed. Its error
// tells what the command said.
func command(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		verb := ""
		if len(args) > 0 {
			verb = " " + args[0]
		}
		return "", fmt.Errorf("%s%s: %w: %s", name, verb, err, cmp.Or(tail(string(out)), "no output"))
	}
	return string(out), nil
}

// tail returns the end of s, at most 2 KiB.
func tail(s string) string { return s[max(0, len(s)-2<<10):] }
