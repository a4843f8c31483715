package testenv

import (
	"slices"
	"strings"
	"testing"
)

// recorder is a testing.TB that notes how the test would have ended.
type recorder struct {
	testing.TB
	skipped, failed bool
}

func (r *recorder) Helper()      {}
func (r *recorder) Skip(...any)  { r.skipped = true }
func (r *recorder) Fatal(...any) { r.failed = true }

func TestNeed(t *testing.T) {
	for _, tt := range []struct {
		name            string
		value, required string
		skipped, failed bool
	}{
		{"set", "http://127.0.0.1:1", "1", false, false},
		{"unset", "", "", true, false},
		{"unset but required", "", "1", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(EnvS3, tt.value)
			t.Setenv(EnvRequired, tt.required)
			r := &recorder{TB: t}
			if got := Need(r, EnvS3); !tt.failed && got != tt.value {
				t.Errorf("Need = %q, want %q", got, tt.value)
			}
			if r.failed != tt.failed || r.skipped != (tt.skipped || tt.failed) {
				t.Errorf("skipped %v, failed %v, want %v, %v", r.skipped, r.failed, tt.skipped, tt.failed)
			}
		})
	}
}

func TestEngine(t *testing.T) {
	for _, tt := range []struct{ set, want, err string }{
		{"process", "process", ""},
		{"docker", "docker", ""},
		{"podman", "", "BINGLIDE_TEST_ENGINE=podman: want docker or process"},
	} {
		t.Run(tt.set, func(t *testing.T) {
			t.Setenv(EnvEngine, tt.set)
			got, err := engine(t.Context())
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("engine = %q, %v", got, err)
			}
		})
	}
}

func TestEngine_WithoutDocker(t *testing.T) {
	t.Setenv(EnvEngine, "")
	t.Setenv("PATH", t.TempDir())
	if got, err := engine(t.Context()); got != engineProcess || err != nil {
		t.Errorf("engine = %q, %v, want process", got, err)
	}
}

func TestEnvironment_Variables(t *testing.T) {
	t.Parallel()
	def, err := define(VersityGW)
	if err != nil {
		t.Fatal(err)
	}
	e := &Environment{[]*Service{{def: def, addr: "127.0.0.1:7070", engine: engineProcess}}}
	got := e.Variables()
	for _, want := range []string{
		"BINGLIDE_TEST_REQUIRED=1",
		"BINGLIDE_TEST_ENGINE=process",
		"BINGLIDE_TEST_S3_ALT=http://127.0.0.1:7070",
		"AWS_ACCESS_KEY_ID=" + AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + SecretKey,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %s", got, want)
		}
	}
}

func TestCommand_TellsWhatWasSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"output", []string{"sh", "-c", "echo no such luck; exit 3"}, "sh -c: exit status 3: no such luck"},
		{"silence", []string{"false"}, "false: exit status 1: no output"},
		{"no program", []string{"/nosuch"}, "/nosuch: fork/exec /nosuch: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := command(t.Context(), tt.args[0], tt.args[1:]...)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("command = %v, want %q", err, tt.want)
			}
		})
	}
}
