package main

import (
	"os"
	"strings"
	"testing"

	"github.com/binglide/binglide/internal/testenv"
)

// TestRun makes the images where the run has a Docker engine, and else sees
// that the error says what is missing.
func TestRun(t *testing.T) {
	if testenv.Need(t, testenv.EnvEngine) != "docker" {
		t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/nobody.sock")
		var out strings.Builder
		if err := run(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "docker") {
			t.Errorf("run = %v, want an error that names docker", err)
		}
		return
	}
	if _, err := os.Stat("../../main.go"); err != nil {
		t.Fatalf("no binglide to build an image of: %v", err)
	}
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"REDIS_IMAGE=binglide-test/redis:", "MINIO_IMAGE=binglide-test/minio:", "BINGLIDE_IMAGE=binglide/binglide:dev"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, lacks %s", out.String(), want)
		}
	}
}
