package cli

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestMain_Commands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args     string
		code     int
		out, err string // parts; "" means nothing was printed
	}{
		{"", exitUsage, "", "binglide: no command named: have "},
		{"nope", exitUsage, "", `binglide: unknown command "nope": have `},
		{"nope --json", exitUsage, "", `binglide: unknown command "nope"`},
		{"--nope", exitUsage, "", "binglide: unknown flag --nope"},
		{"version --nope", exitUsage, "", "binglide: version: unknown flag --nope\nhint: "},
		{"version", exitOK, "binglide v1.2.3 (" + runtime.Version(), ""},
		{"--version", exitOK, "binglide v1.2.3 (", ""},
		{"help", exitOK, "130  interrupted", ""},
		{"--help", exitOK, "EXIT CODES", ""},
		{"help version", exitOK, "binglide version", ""},
		{"version --help", exitOK, "--json", ""},
		{"version x -h", exitOK, "--json", ""},
		{"help nope", exitUsage, "", `binglide: no command "nope": have `},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, nil)
			code := p.main(t.Context(), append([]string{"binglide"}, strings.Fields(c.args)...))
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, o := range []struct{ name, got, want string }{{"stdout", p.out.String(), c.out}, {"stderr", p.err.String(), c.err}} {
				if !strings.Contains(o.got, o.want) || o.want == "" && o.got != "" {
					t.Errorf("%s: %q, want %q", o.name, o.got, o.want)
				}
			}
		})
	}
}

func TestMain_JSON(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	if code := p.main(t.Context(), []string{"binglide", "version", "--json"}); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	var got map[string]string
	if err := json.Unmarshal(p.out.Bytes(), &got); err != nil || got["version"] != "v1.2.3" {
		t.Errorf("%q: %v", p.out.String(), err)
	}
}

func TestMain_Exported(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	if code := Main(context.Background(), []string{"binglide", "version"}, p.stdin, p.stdout, p.stderr); code != exitOK {
		t.Errorf("exit code %d, %q", code, p.err.String())
	}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	commands := []*cli.Command{{
		Name:    "run",
		Aliases: []string{"r"},
		Flags:   []cli.Flag{&cli.StringFlag{Name: "out", Aliases: []string{"o"}}, &cli.BoolFlag{Name: "json"}},
	}}
	for args, want := range map[string]string{
		"b":                         "b",
		"b other x --y":             "b other x --y",
		"b run":                     "b run",
		"b run --out d f":           "b run --out d -- f",
		"b run f --out d g --json":  "b run --out d --json -- f g",
		"b r f -o d -":              "b r -o d -- f -",
		"b run f --out=d":           "b run --out=d -- f",
		"b run --json f":            "b run --json -- f",
		"b run f -- --out -x":       "b run -- f --out -x",
		"b run f --nope g":          "b run --nope -- f g",
		"b run f --out":             "b run --out -- f",
		"b run --out -5 f":          "b run --out -5 -- f",
		"b run f -h":                "b help run",
		"b run --out --help f":      "b help run",
		"b run -- --help":           "b run -- --help",
		"b -v --json":               "b version --json",
		"b --help run":              "b help run",
		"b run --json=false f --no": "b run --json=false --no -- f",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			in := strings.Fields(args)
			if got := arrange(commands, slices.Clone(in)); !slices.Equal(got, strings.Fields(want)) {
				t.Errorf("arrange = %q, want %q", got, want)
			}
		})
	}
}

func TestSizeOf(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	for arg, want := range map[string]int64{"--offset=0": 0, "--offset=4K": 4096} {
		p.command(t, []string{arg}, func(c *cli.Context) {
			if n, set, err := sizeOf(c, "offset"); n != want || !set || err != nil {
				t.Errorf("%s: %d, %t, %v", arg, n, set, err)
			}
		})
	}
	p.command(t, nil, func(c *cli.Context) {
		if n, set, err := sizeOf(c, "offset"); n != 0 || set || err != nil {
			t.Errorf("not set: %d, %t, %v", n, set, err)
		}
	})
	p.command(t, []string{"--offset", "-4096"}, func(c *cli.Context) {
		_, _, err := sizeOf(c, "offset")
		requireInvalid(t, err, "--offset", "negative")
	})
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef"}
	dirty := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.0.0":                   {Main: debug.Module{Version: "v1.0.0"}, Settings: []debug.BuildSetting{commit}},
		"devel":                    {Main: debug.Module{Version: "(devel)"}},
		"devel-0123456789ab":       {Settings: []debug.BuildSetting{commit}},
		"devel-0123456789ab-dirty": {Settings: []debug.BuildSetting{commit, dirty}},
	} {
		if got := versionOf(info); got != want {
			t.Errorf("versionOf = %q, want %q", got, want)
		}
	}
	if buildVersion() == "" {
		t.Error("no version")
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	for _, v := range []any{map[string]any{"name": "a<b>\n"}, map[string]any{"final": true}} {
		if err := p.lines().write(v); err != nil {
			t.Fatal(err)
		}
	}
	if want := "{\"name\":\"a<b>\\n\"}\n{\"final\":true}\n"; p.out.String() != want {
		t.Errorf("printed %q, want %q", p.out.String(), want)
	}
	if err := (lines{brokenPipe{}}).write(1); !errors.Is(err, errPipe) {
		t.Errorf("error %v, want %v", err, errPipe)
	}
}

var errPipe = errors.New("broken pipe")

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestTerminal(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	if _, ok := terminalWidth(p.stderr); ok || p.coloured(p.stderr) {
		t.Error("a buffer is taken for a terminal")
	}
}
