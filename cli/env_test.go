package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// process is an env that a test can look at.
type process struct {
	env
	out, err bytes.Buffer
	vars     map[string]string
}

// newProcess returns an env of variables alone, at home in an empty folder.
func newProcess(t *testing.T, vars map[string]string) *process {
	t.Helper()
	p := &process{vars: map[string]string{"HOME": t.TempDir()}}
	for k, v := range vars {
		p.vars[k] = v
	}
	p.env = env{
		stdin:   strings.NewReader(""),
		stdout:  &p.out,
		stderr:  &p.err,
		getenv:  func(name string) string { return p.vars[name] },
		now:     func() time.Time { return time.Unix(1_795_000_000, 0) },
		version: "v1.2.3",
	}
	return p
}

// configure writes the config file and names it in the environment.
func (p *process) configure(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	p.vars["BINGLIDE_CONFIG"] = path
	return path
}

// command calls f as the action of a command with the flags of settings and the
// given arguments.
func (p *process) command(t *testing.T, args []string, f func(c *cli.Context)) {
	t.Helper()
	cmd := &cli.Command{
		Name:     "cmd",
		HideHelp: true,
		Flags:    []cli.Flag{storeFlag(), redisFlag(), chunkFlag(), workersFlag(), analysisFlag("bytes"), jsonFlag(), sizeFlag("offset", "`SIZE`")},
		Action:   func(c *cli.Context) error { f(c); return nil },
	}
	app := &cli.App{Commands: []*cli.Command{cmd}, HideHelp: true, HideVersion: true}
	full := append([]string{"binglide", "cmd"}, args...)
	if err := app.RunContext(t.Context(), arrange(app.Commands, full)); err != nil {
		t.Fatal(err)
	}
}
