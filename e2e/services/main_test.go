package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/binglide/binglide/internal/testenv"
)

func TestRun_Usage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != 2 || !strings.Contains(errs.String(), "usage") {
			t.Errorf("run(%q) = %d, said %q", args, code, errs.String())
		}
	}
}

func TestRun_CommandSeesServices(t *testing.T) {
	testenv.Need(t, testenv.EnvEngine)
	var out, errs strings.Builder
	script := `echo $BINGLIDE_TEST_S3 $BINGLIDE_TEST_S3_ALT $BINGLIDE_TEST_REDIS $AWS_ACCESS_KEY_ID; exit 5`
	if code := run(t.Context(), []string{"--", "sh", "-c", script}, &out, &errs); code != 5 {
		t.Errorf("exit code %d, want the command's 5", code)
	}
	words := strings.Fields(out.String())
	for i, prefix := range []string{"http://127.0.0.1:", "http://127.0.0.1:", "redis://127.0.0.1:", testenv.AccessKey} {
		if len(words) != 4 || !strings.HasPrefix(words[i], prefix) {
			t.Fatalf("the command saw %q", out.String())
		}
	}
	for _, name := range []string{"redis ", "minio ", "versitygw "} {
		if !strings.Contains(errs.String(), name) {
			t.Errorf("reported %q, lacks %s", errs.String(), name)
		}
	}
}

func TestExecute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		script string
		code   int
		out    string
	}{
		{"ends well", "echo $GREETING", 0, "hello\n"},
		{"fails", "exit 3", 3, ""},
		{"dies of a signal", "kill -9 $$", 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs strings.Builder
			code, err := execute(t.Context(), []string{"sh", "-c", tt.script}, []string{"GREETING=hello"}, &out, &errs)
			if code != tt.code || err != nil || out.String() != tt.out {
				t.Errorf("execute = %d, %v, printed %q", code, err, out.String())
			}
		})
	}
}

func TestExecute_NoCommand(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	if code, err := execute(t.Context(), []string{"/nosuch"}, nil, &out, &errs); code != 1 || err == nil {
		t.Errorf("execute = %d, %v", code, err)
	}
}

// cancelOnWrite ends a context when the command has printed something.
type cancelOnWrite context.CancelFunc

func (c cancelOnWrite) Write(p []byte) (int, error) {
	c()
	return len(p), nil
}

func TestExecute_Interrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	var errs strings.Builder
	code, err := execute(ctx, []string{"sh", "-c", "echo ready; exec sleep 60"}, nil, cancelOnWrite(cancel), &errs)
	if code != 130 || err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("execute = %d, %v, want 130", code, err)
	}
	if took := time.Since(start); took > commandGrace {
		t.Errorf("took %v", took)
	}
}
