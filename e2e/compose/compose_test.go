// Package compose checks what compose.yaml, .env.example and the Dockerfiles
// promise, without an engine to run them.
package compose

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/binglide/binglide/internal/tools"
)

type service struct {
	Image         string            `yaml:"image"`
	Build         any               `yaml:"build"`
	ContainerName string            `yaml:"container_name"`
	ReadOnly      bool              `yaml:"read_only"`
	CapDrop       []string          `yaml:"cap_drop"`
	SecurityOpt   []string          `yaml:"security_opt"`
	Ports         []string          `yaml:"ports"`
	Command       []string          `yaml:"command"`
	Environment   map[string]string `yaml:"environment"`
	Healthcheck   struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func services(t *testing.T) map[string]service {
	t.Helper()
	var file struct {
		Services map[string]service `yaml:"services"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Services
}

func TestServices_AreHardened(t *testing.T) {
	t.Parallel()
	all := services(t)
	for _, name := range []string{"redis", "minio", "scheduler", "mapper", "reducer", "dashboard"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ok := all[name]
			if !ok {
				t.Fatal("no such service")
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
				t.Errorf("not hardened: %+v", s)
			}
			if len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" {
				t.Errorf("health check %q: want one that needs no shell", s.Healthcheck.Test)
			}
			if !strings.HasPrefix(s.Image, "${") {
				t.Errorf("image %q cannot be set by the environment", s.Image)
			}
			for _, p := range s.Ports {
				if !strings.HasPrefix(p, "127.0.0.1:") {
					t.Errorf("port %q is open to other machines", p)
				}
			}
		})
	}
}

func TestServices_Scale(t *testing.T) {
	t.Parallel()
	for name, s := range services(t) {
		worker := slices.Contains([]string{"scheduler", "mapper", "reducer"}, name)
		if s.ContainerName != "" || worker && len(s.Ports) > 0 {
			t.Errorf("%s cannot run twice: name %q, ports %q", name, s.ContainerName, s.Ports)
		}
	}
}

// Our programs take credentials from the environment, never as arguments.
func TestServices_NoCredentialsInArguments(t *testing.T) {
	t.Parallel()
	for name, s := range services(t) {
		if strings.Contains(s.Image, "BINGLIDE_IMAGE") && strings.Contains(strings.Join(s.Command, " "), "PASSWORD") {
			t.Errorf("%s: credentials in %q", name, s.Command)
		}
		if u := s.Environment["BINGLIDE_REDIS"]; strings.Contains(u, "@") {
			t.Errorf("%s: credentials in %q", name, u)
		}
	}
}

// TestEnvExample_SaysTheDefaults compares the two places that spell them.
func TestEnvExample_SaysTheDefaults(t *testing.T) {
	t.Parallel()
	example := make(map[string]string)
	for line := range strings.Lines(read(t, ".env.example")) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(k, "#") {
			example[k] = v
		}
	}
	used := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\$\{(\w+):-([^}]*)\}`).FindAllStringSubmatch(read(t, "compose.yaml"), -1) {
		used[m[1]] = true
		if got, ok := example[m[1]]; !ok || got != m[2] {
			t.Errorf("%s: compose.yaml defaults to %q, .env.example says %q", m[1], m[2], got)
		}
	}
	for k := range example {
		if !used[k] {
			t.Errorf("%s is in .env.example and nowhere in compose.yaml", k)
		}
	}
}

func TestDockerfiles(t *testing.T) {
	t.Parallel()
	minio, err := tools.Named("minio")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file string
		want []string
	}{
		{"Dockerfile", []string{"FROM scratch", "CGO_ENABLED=0", "USER 65532:65532", `ENTRYPOINT ["/binglide"]`, "ca-certificates.crt"}},
		{"Dockerfile.minio", []string{"FROM scratch", "USER 65532:65532", "ARG MINIO_VERSION=" + minio.Version}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			content := read(t, tt.file)
			for _, w := range tt.want {
				if !strings.Contains(content, w) {
					t.Errorf("lacks %q", w)
				}
			}
		})
	}
}
