// Package cli is the command line of binglide: the only place that builds
// stores, queues and analyses and joins them.
//
// Results go to standard output, everything else to standard error.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/binglide/binglide/internal/queue"
)

// env is what commands need of the process around them.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	version        string

	conf *config // the config file, once read
}

// Main runs the command that args name, args[0] being the program, and returns
// the exit code. The end of ctx interrupts it. Errors are told on stderr.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	queue.Quiet() // errors are told by whoever made the call
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv, now: time.Now, version: buildVersion()}
	return e.main(ctx, args)
}

func (e *env) main(ctx context.Context, args []string) int {
	app := e.app()
	err := app.RunContext(ctx, arrange(app.Commands, args))
	if err != nil {
		printError(ctx, e.stderr, err)
	}
	return exitCode(ctx, err)
}

// commands lists the commands in the order of the help.
func (e *env) commands() []*cli.Command {
	all := []*cli.Command{
		newRunCommand(e),
		newSubmitCommand(e), newStatusCommand(e), newWatchCommand(e), newWaitCommand(e),
		newGetCommand(e), newLsCommand(e), newCancelCommand(e), newPutCommand(e), newVerifyCommand(e),
	}
	all = append(all, newRoleCommands(e)...)
	return append(all, newDashboardCommand(e), newHealthCommand(e), newVersionCommand(e), newHelpCommand())
}

func (e *env) app() *cli.App {
	app := &cli.App{
		Name:                  "binglide",
		Usage:                 "answers questions about files too big to look at",
		HideVersion:           true,
		HideHelp:              true, // the library's own is shared by all apps of the process
		Flags:                 []cli.Flag{helpFlag()},
		Reader:                e.stdin,
		Writer:                e.stdout,
		ErrWriter:             e.stderr,
		Commands:              e.commands(),
		Action:                noCommand,
		OnUsageError:          onUsageError,
		ExitErrHandler:        func(*cli.Context, error) {}, // Main tells errors, once
		CustomAppHelpTemplate: cli.AppHelpTemplate + "\n" + exitHelp + "\n",
	}
	for _, c := range app.Commands {
		c.OnUsageError = onUsageError
		c.HideHelp = true
		c.Flags = append(c.Flags, helpFlag())
	}
	return app
}

// noCommand runs where the first argument names no command.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("no command named: have %s", commandNames(c.App))
	}
	return usagef("unknown command %q: have %s", c.Args().First(), commandNames(c.App))
}

func commandNames(app *cli.App) string {
	names := make([]string, len(app.Commands))
	for i, c := range app.Commands {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// onUsageError turns what the flag parser says into an error of ours.
func onUsageError(c *cli.Context, err error, _ bool) error {
	message := strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag --", 1)
	message = strings.Replace(message, "unknown flag ---", "unknown flag --", 1)
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
		return usagef("%s: %s", c.Command.Name, message)
	}
	return usagef("%s", message)
}

// warnf tells a person about something that does not stop the command.
func (e *env) warnf(format string, args ...any) {
	fmt.Fprintln(e.stderr, "binglide: warning: "+printable(fmt.Sprintf(format, args...)))
}

// terminalWidth returns the number of columns of the terminal that w is, or
// false where w is none.
func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// coloured reports whether what is written to w may have colours. See
// https://no-color.org for the variable.
func (e *env) coloured(w io.Writer) bool {
	_, ok := terminalWidth(w)
	return ok && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}
