// Package tools builds the programs that development needs from their Go
// modules, each at one version, and keeps them in the user's cache folder.
// It is the one place that names those versions.
package tools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// ErrUnknown marks a name that no tool has.
var ErrUnknown = errors.New("unknown tool")

// Tool is a program made by `go install Package@Version`.
type Tool struct {
	Package string
	Version string
}

// Name returns the name of the program, the last element of its package path.
func (t Tool) Name() string { return path.Base(t.Package) }

// All lists the tools: the linters, and the S3 servers that tests run against.
func All() []Tool {
	return []Tool{
		{"github.com/golangci/golangci-lint/v2/cmd/golangci-lint", "v2.15.0"},
		{"golang.org/x/vuln/cmd/govulncheck", "v1.9.0"},
		{"github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c"},
		{"github.com/versity/versitygw/cmd/versitygw", "v1.8.0"},
	}
}

// Named returns the tool of that name, or ErrUnknown with the names there are.
func Named(name string) (Tool, error) {
	all := All()
	i := slices.IndexFunc(all, func(t Tool) bool { return t.Name() == name })
	if i >= 0 {
		return all[i], nil
	}
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name()
	}
	return Tool{}, fmt.Errorf("%w %q: have %s", ErrUnknown, name, strings.Join(names, ", "))
}

// Cache is a folder of built tools.
type Cache struct {
	// Dir is the folder. It is made when needed.
	Dir string
	// Log is told, in one line, before a tool is built, which takes minutes.
	// Defaults to saying nothing.
	Log func(line string)
}

// UserCache returns the cache of the current user. Its Log may be set.
func UserCache() (*Cache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find the user's cache folder: %w", err)
	}
	return &Cache{Dir: filepath.Join(dir, "binglide", "tools")}, nil
}

// Ensure returns the path of the built tool, building it first if the cache
// lacks it. Several processes may ask for the same tool at once: each gets a
// whole program. The program is static, so it also runs in an empty container.
func (c *Cache) Ensure(ctx context.Context, t Tool) (string, error) {
	target := filepath.Join(c.Dir, t.Name()+"-"+t.Version)
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	if c.Log != nil {
		c.Log(fmt.Sprintf("building %s %s (once; some minutes)", t.Name(), t.Version))
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", fmt.Errorf("make the tools folder: %w", err)
	}
	bin, err := os.MkdirTemp(c.Dir, "build-")
	if err != nil {
		return "", fmt.Errorf("make a folder to build %s in: %w", t.Name(), err)
	}
	defer os.RemoveAll(bin)
	if err := install(ctx, t, bin); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(bin, t.Name()), target); err != nil {
		return "", fmt.Errorf("keep %s: %w", t.Name(), err)
	}
	return target, nil
}

func install(ctx context.Context, t Tool, bin string) error {
	cmd := exec.CommandContext(ctx, "go", "install", t.Package+"@"+t.Version)
	cmd.Dir = bin
	// The caller's GOFLAGS, GOOS and GOARCH are meant for the caller's module.
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "CGO_ENABLED=0", "GOFLAGS=",
		"GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s %s with `go install` (it needs the Go module proxy): %w\n%s", t.Name(), t.Version, err, tail(out))
	}
	return nil
}

// tail returns the last lines of a command's output, at most 2 KiB.
func tail(out []byte) []byte { return out[max(0, len(out)-2<<10):] }
