package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"unicode"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/urfave/cli/v2"
)

// The exit codes, as the help of binglide lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitCancelled   = 4
	exitInterrupted = 130
)

const exitHelp = `EXIT CODES:
   0    done
   1    failed
   2    the command line, a setting or what it asks for is invalid
   3    a file, object or job is not there
   4    the job was cancelled
   130  interrupted; finished work is kept`

// usageError is a command line that binglide does not understand.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// usagef returns an error for a command line that binglide does not understand.
func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// hintError is an error with a mend that its message does not tell.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

// withHint returns err with a line that says what to do about it.
func withHint(err error, hint string) error { return &hintError{err, hint} }

// codes are the exit codes of errors; the first that fits holds.
var codes = []struct {
	err  error
	code int
}{
	{job.ErrCancelled, exitCancelled},
	{job.ErrNotFound, exitNotFound},
	{fs.ErrNotExist, exitNotFound}, // before ErrInvalid, which it may come with
	{job.ErrInvalid, exitUsage},
	{job.ErrUnknownAnalysis, exitUsage},
	{job.ErrInputChanged, exitFailed},
	{storage.ErrNotFound, exitNotFound},
}

// exitCode returns the exit code of a command that ended with err. The context
// is the one that ends when the process is interrupted.
func exitCode(ctx context.Context, err error) int {
	var usage *usageError
	var exit cli.ExitCoder
	switch {
	case err == nil:
		return exitOK
	case isInterrupt(ctx, err):
		return exitInterrupted
	case errors.As(err, &usage), errors.As(err, &exit):
		return exitUsage
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return exitFailed
}

func isInterrupt(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)))
}

// hints are the mends of errors that do not tell their own; the first that fits
// holds.
var hints = []struct {
	err  error
	hint string
}{
	{job.ErrInputChanged, "the input was written to meanwhile: run the command again"},
	{job.ErrNotFound, "`binglide ls` lists the jobs of a store; --store says which store"},
	{storage.ErrDenied, "check the credentials of the store (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a file) or the permissions of its folder"},
	{storage.ErrUnreachable, "check that the store runs and that --store (or BINGLIDE_STORE) has its address"},
	{storage.ErrFull, "make room in the store and run the command again: finished work is kept"},
	{storage.ErrCorrupt, "`binglide verify JOB` names what is damaged"},
	{syscall.ENOSPC, "make room on the disk and run the command again: finished work is kept"},
	{fs.ErrPermission, "check the permissions of the path"},
}

// hintOf returns what to do about err, or "".
func hintOf(ctx context.Context, err error) string {
	var hint *hintError
	var usage *usageError
	switch {
	case errors.As(err, &hint):
		return hint.hint
	case isInterrupt(ctx, err):
		return "run the same command again to go on from here"
	case errors.As(err, &usage):
		return "`binglide help` and `binglide help COMMAND` say more"
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	return ""
}

// printError tells a person about err, and what to do about it.
func printError(ctx context.Context, w io.Writer, err error) {
	message := err.Error()
	if isInterrupt(ctx, err) {
		message = "interrupted"
	}
	for line := range strings.SplitSeq(strings.TrimSpace(message), "\n") {
		fmt.Fprintln(w, "binglide: "+printable(line))
	}
	if hint := hintOf(ctx, err); hint != "" {
		fmt.Fprintln(w, "hint: "+printable(hint))
	}
}

// printable replaces what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
