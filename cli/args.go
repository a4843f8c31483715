package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange moves the flags of a command before its other arguments, because the
// flag parser stops at the first of those. What follows "--" stays behind it.
// It turns --help and --version into the commands of that name.
func arrange(commands []*cli.Command, args []string) []string {
	if len(args) < 2 {
		return args
	}
	switch args[1] {
	case "--version", "-v":
		return append([]string{args[0], "version"}, args[2:]...)
	case "--help", "-h":
		return append([]string{args[0], "help"}, args[2:]...)
	}
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[1]) })
	if i < 0 {
		return args
	}
	flags, rest := partArgs(commands[i], args[2:])
	if slices.ContainsFunc(flags, isHelp) {
		return []string{args[0], "help", args[1]}
	}
	out := append(slices.Clone(args[:2]), flags...)
	if len(rest) > 0 {
		out = append(append(out, "--"), rest...)
	}
	return out
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

// partArgs parts the flags, each with its value, from the other arguments.
func partArgs(c *cli.Command, args []string) (flags, rest []string) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return flags, append(rest, args...)
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			rest = append(rest, arg)
		case takesValue(c, arg) && len(args) > 0:
			flags = append(flags, arg, args[0])
			args = args[1:]
		default:
			flags = append(flags, arg)
		}
	}
	return flags, rest
}

// takesValue reports whether arg is a flag of c whose value is the next argument.
func takesValue(c *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}
