package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/tools"
)

func TestRun_Lists(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	if code := run(t.Context(), nil, &out, &errs); code != 0 {
		t.Errorf("exit code %d, want 0; %s", code, errs.String())
	}
	if n := strings.Count(out.String(), "\n"); n != len(tools.All()) {
		t.Errorf("%d lines for %d tools:\n%s", n, len(tools.All()), out.String())
	}
}

func TestRun_Unknown(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"nosuch"}, &out, &errs); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(errs.String(), `unknown tool "nosuch"`) {
		t.Errorf("said %q", errs.String())
	}
}

// TestRun_ExitCode puts a script in the tool's place in the cache.
func TestRun_ExitCode(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	cache, err := tools.UserCache()
	if err != nil {
		t.Fatal(err)
	}
	tool := tools.All()[0]
	if err := os.MkdirAll(cache.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := []byte("#!/bin/sh\necho \"$@\"\nexit 7\n")
	if err := os.WriteFile(filepath.Join(cache.Dir, tool.Name()+"-"+tool.Version), script, 0o755); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	if code := run(t.Context(), []string{tool.Name(), "a", "b"}, &out, &errs); code != 7 {
		t.Errorf("exit code %d, want 7; %s", code, errs.String())
	}
	if out.String() != "a b\n" {
		t.Errorf("printed %q", out.String())
	}
}
