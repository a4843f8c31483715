package cli

import "github.com/urfave/cli/v2"

// helpFlag shows in the help of a command; arrange turns it into the command help.
func helpFlag() cli.Flag {
	return &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help", DisableDefaultText: true}
}

func newHelpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show the commands, or the help of one",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			name := c.Args().First()
			switch {
			case name == "":
				return cli.ShowAppHelp(c)
			case c.App.Command(name) == nil:
				return usagef("no command %q: have %s", name, commandNames(c.App))
			}
			return cli.ShowCommandHelp(c, name)
		},
	}
}
