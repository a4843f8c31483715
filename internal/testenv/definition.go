package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/binglide/binglide/internal/tools"
)

// Kind is a kind of service.
type Kind string

// The kinds of service.
const (
	Redis     Kind = "redis"
	MinIO     Kind = "minio"
	VersityGW Kind = "versitygw"
)

// program is an installed server.
type program struct {
	path    string
	version string
}

// definition says how services of one kind are run.
type definition struct {
	variable string // of the environment, for the URL
	scheme   string // of the URL
	database string // the URL's path
	user     int    // in a container; the data folder belongs to it
	env      []string
	find     func(context.Context) (program, error)
	args     func(host, port, dir string) []string
	probe    func(ctx context.Context, addr string) error
}

func define(kind Kind) (definition, error) {
	switch kind {
	case Redis:
		return definition{
			variable: EnvRedis, scheme: "redis", database: "/0", user: 999,
			find: findRedis, args: redisArgs, probe: pingRedis,
		}, nil
	case MinIO:
		return definition{
			variable: EnvS3, scheme: "http", user: 65532,
			env:  []string{"MINIO_ROOT_USER=" + AccessKey, "MINIO_ROOT_PASSWORD=" + SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off"},
			find: findTool("minio"), probe: pingS3,
			args: func(host, port, dir string) []string {
				return []string{"server", dir, "--address", net.JoinHostPort(host, port)}
			},
		}, nil
	case VersityGW:
		return definition{
			variable: EnvS3Alt, scheme: "http", user: 65532,
			env:  []string{"ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey},
			find: findTool("versitygw"), probe: pingS3,
			args: func(host, port, dir string) []string {
				return []string{"--quiet", "--port", net.JoinHostPort(host, port), "posix", dir}
			},
		}, nil
	default:
		return definition{}, fmt.Errorf("no service %q: have %s, %s and %s", kind, Redis, MinIO, VersityGW)
	}
}

// redisArgs makes a Redis that keeps its data as one in production does. It
// has no password, since only loopback reaches it.
func redisArgs(host, port, dir string) []string {
	return []string{
		"--bind", host, "--port", port, "--dir", dir, "--protected-mode", "no",
		"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
	}
}

// findRedis finds the system's Redis, installing it where that takes no asking.
func findRedis(ctx context.Context) (program, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		path, err = installRedis(ctx)
	}
	if err != nil {
		return program{}, fmt.Errorf("find redis-server: %w; install your system's package (redis-server, redis or valkey-compat-redis) and put it on PATH", err)
	}
	out, err := command(ctx, path, "--version")
	if err != nil {
		return program{}, err
	}
	return program{path, redisVersion(out)}, nil
}

// redisVersion picks the version out of "Redis server v=7.0.15 sha=…".
func redisVersion(s string) string {
	for _, field := range strings.Fields(s) {
		if v, ok := strings.CutPrefix(field, "v="); ok {
			return v
		}
	}
	return "unknown"
}

func installRedis(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return "", exec.ErrNotFound
	}
	// In run level 1 the package does not start a server of its own.
	const script = `install() { apt-get install -y --no-install-recommends redis-server; }; install || { apt-get update && install; }`
	if _, err := command(ctx, "env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", script); err != nil {
		return "", err
	}
	return exec.LookPath("redis-server")
}

func findTool(name string) func(context.Context) (program, error) {
	return func(ctx context.Context) (program, error) {
		tool, err := tools.Named(name)
		if err != nil {
			return program{}, err
		}
		cache, err := tools.UserCache()
		if err != nil {
			return program{}, err
		}
		cache.Log = func(line string) { fmt.Fprintln(os.Stderr, "services:", line) }
		path, err := cache.Ensure(ctx, tool)
		return program{path, strings.TrimPrefix(tool.Version, "v")}, err
	}
}
