package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Certificates of the usual authorities, where Debian and its like keep them.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// ServiceImage makes the image of a kind of service if the local Docker engine
// has none yet, and returns its name. It suits compose.yaml.
func ServiceImage(ctx context.Context, kind Kind) (name string, err error) {
	def, err := define(kind)
	if err != nil {
		return "", err
	}
	prog, err := def.find(ctx)
	if err != nil {
		return "", err
	}
	return serviceImage(ctx, kind, def, prog)
}

func serviceImage(ctx context.Context, kind Kind, def definition, prog program) (string, error) {
	name := fmt.Sprintf("binglide-test/%s:%s", kind, prog.version)
	if _, err := command(ctx, "docker", "image", "inspect", name); err == nil {
		return name, nil
	}
	files := map[string]string{"/usr/local/bin/" + string(kind): prog.path}
	if kind == Redis {
		files["/usr/local/bin/redis-server"] = prog.path
		cli, err := exec.LookPath("redis-cli")
		if err != nil {
			return "", fmt.Errorf("find redis-cli for the image's health check: %w; install redis-tools", err)
		}
		files["/usr/local/bin/redis-cli"] = cli
		return name, Image{Name: name, Files: files, Data: "/data", User: def.user}.Make(ctx)
	}
	dir, err := os.MkdirTemp("", "binglide-test-")
	if err != nil {
		return "", fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	files["/healthcheck"], err = BuildStatic(ctx, "github.com/binglide/binglide/internal/healthcheck", dir)
	if err != nil {
		return "", err
	}
	entry := fmt.Sprintf(`ENTRYPOINT ["/usr/local/bin/%s"]`, kind)
	return name, Image{Name: name, Files: files, Data: "/data", User: def.user, Changes: []string{entry}}.Make(ctx)
}

// BinglideImage makes the image of binglide from this checkout, as the
// Dockerfile does, and returns its name.
func BinglideImage(ctx context.Context) (name string, err error) {
	dir, err := os.MkdirTemp("", "binglide-test-")
	if err != nil {
		return "", fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	path, err := BuildStatic(ctx, "github.com/binglide/binglide", dir)
	if err != nil {
		return "", err
	}
	files := map[string]string{"/binglide": path}
	if _, err := os.Stat(certificates); err == nil {
		files[certificates] = certificates
	}
	name = "binglide/binglide:dev"
	return name, Image{Name: name, Files: files, User: 65532, Changes: []string{`ENTRYPOINT ["/binglide"]`}}.Make(ctx)
}
