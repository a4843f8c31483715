package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/urfave/cli/v2"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
		hint string
	}{
		"done":      {nil, exitOK, ""},
		"other":     {errors.New("odd"), exitFailed, ""},
		"usage":     {usagef("what"), exitUsage, "binglide help"},
		"help":      {cli.Exit("No help topic", 3), exitUsage, ""},
		"invalid":   {job.ErrInvalid, exitUsage, ""},
		"analysis":  {job.ErrUnknownAnalysis, exitUsage, ""},
		"changed":   {job.ErrInputChanged, exitFailed, "run the command again"},
		"job":       {job.ErrNotFound, exitNotFound, "binglide ls"},
		"object":    {storage.WrapKey("get", "k", storage.ErrNotFound), exitNotFound, ""},
		"file":      {&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, exitNotFound, ""},
		"cancelled": {job.ErrCancelled, exitCancelled, ""},
		"denied":    {storage.ErrDenied, exitFailed, "credentials"},
		"gone":      {storage.ErrUnreachable, exitFailed, "BINGLIDE_STORE"},
		"full":      {storage.ErrFull, exitFailed, "make room in the store"},
		"disk":      {&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, exitFailed, "make room on the disk"},
		"corrupt":   {storage.ErrCorrupt, exitFailed, "verify"},
		"forbidden": {&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, exitFailed, "permissions"},
		"hinted":    {withHint(job.ErrNotFound, "look elsewhere"), exitNotFound, "look elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.err
			if err != nil && name != "help" {
				err = fmt.Errorf("do it: %w", err)
			}
			if got := exitCode(t.Context(), err); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if err == nil {
				return
			}
			if got := hintOf(t.Context(), err); !strings.Contains(got, c.hint) || got != "" && c.hint == "" {
				t.Errorf("hint %q, want %q", got, c.hint)
			}
		})
	}
}

func TestExitCode_Interrupted(t *testing.T) {
	t.Parallel()
	signal := errors.New("signal: interrupt")
	ctx, cancel := context.WithCancelCause(t.Context())
	if got := exitCode(ctx, context.Canceled); got != exitFailed {
		t.Errorf("before the signal: exit code %d, want %d", got, exitFailed)
	}
	cancel(signal)
	for _, c := range []struct {
		err  error
		code int
	}{
		{fmt.Errorf("read: %w", context.Canceled), exitInterrupted},
		{fmt.Errorf("read: %w", signal), exitInterrupted},
		{job.ErrInvalid, exitUsage},
		{nil, exitOK},
	} {
		if got := exitCode(ctx, c.err); got != c.code {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.code)
		}
	}
	var b bytes.Buffer
	printError(ctx, &b, fmt.Errorf("read: %w", context.Canceled))
	if want := "binglide: interrupted\nhint: run the same command again to go on from here\n"; b.String() != want {
		t.Errorf("printed %q, want %q", b.String(), want)
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("odd"), "binglide: odd\n"},
		{errors.Join(errors.New("a"), errors.New("b")), "binglide: a\nbinglide: b\n"},
		{errors.New("open \x1b[2Jx\r"), "binglide: open \ufffd[2Jx\n"},
		{withHint(errors.New("odd"), "mend it"), "binglide: odd\nhint: mend it\n"},
	} {
		var b bytes.Buffer
		printError(t.Context(), &b, c.err)
		if b.String() != c.want {
			t.Errorf("printed %q, want %q", b.String(), c.want)
		}
	}
}
