package testenv

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Image is a container image that holds nothing but some programs of this
// machine and the libraries they are linked with.
type Image struct {
	Name string // with its tag
	// Files maps paths in the image to files of this machine.
	Files map[string]string
	// Data is a folder that belongs to User, or "" for none.
	Data string
	User int
	// Changes are further Dockerfile instructions, such as ENTRYPOINT.
	Changes []string
}

// Make makes the image in the local Docker engine, replacing one of its name.
// It needs no registry and no builder.
func (m Image) Make(ctx context.Context) error {
	files, err := m.withLibraries(ctx)
	if err != nil {
		return fmt.Errorf("make image %s: %w", m.Name, err)
	}
	args := []string{"import", "--change", fmt.Sprintf("USER %d:%d", m.User, m.User)}
	for _, c := range m.Changes {
		args = append(args, "--change", c)
	}
	cmd := exec.CommandContext(ctx, "docker", append(args, "-", m.Name)...)
	content, w := io.Pipe()
	defer content.Close()
	go func() { w.CloseWithError(m.write(w, files)) }()
	cmd.Stdin = content
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make image %s: docker import: %w: %s", m.Name, err, tail(string(out)))
	}
	return nil
}

// withLibraries adds the shared libraries of the files that are programs.
func (m Image) withLibraries(ctx context.Context) (map[string]string, error) {
	all := make(map[string]string)
	for to, from := range m.Files {
		all[to] = from
		libs, err := libraries(ctx, from)
		if err != nil {
			return nil, err
		}
		for _, lib := range libs {
			all[lib] = lib
		}
	}
	return all, nil
}

// libraries lists the shared libraries that a program loads, none where it is
// static or no program.
func libraries(ctx context.Context, path string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", path).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the libraries of %s: %w", path, err)
	}
	return parseLdd(string(out)), nil
}

// parseLdd reads lines such as "libm.so.6 => /lib/libm.so.6 (0x7f…)" and
// "/lib64/ld-linux-x86-64.so.2 (0x7f…)".
func parseLdd(out string) (paths []string) {
	for line := range strings.Lines(out) {
		_, path, found := strings.Cut(line, "=>")
		if !found {
			path = line
		}
		path, _, _ = strings.Cut(strings.TrimSpace(path), " ")
		if filepath.IsAbs(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// write writes the image's file system as a tar archive.
func (m Image) write(w io.Writer, files map[string]string) error {
	tw := tar.NewWriter(w)
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}); err != nil {
		return err
	}
	if m.Data != "" {
		data := &tar.Header{Typeflag: tar.TypeDir, Name: strings.Trim(m.Data, "/") + "/", Mode: 0o755, Uid: m.User, Gid: m.User}
		if err := tw.WriteHeader(data); err != nil {
			return err
		}
	}
	for to, from := range files {
		if err := addFile(tw, to, from); err != nil {
			return fmt.Errorf("add %s: %w", from, err)
		}
	}
	return tw.Close()
}

func addFile(tw *tar.Writer, to, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := &tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(to, "/"), Size: info.Size(),
		Mode: int64(info.Mode().Perm()), ModTime: time.Unix(0, 0),
	}
	if err := tw.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

// BuildStatic builds a main package of this module without C, into dir.
func BuildStatic(ctx context.Context, pkg, dir string) (path string, err error) {
	path = filepath.Join(dir, "program")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, tail(string(out)))
	}
	return path, nil
}
