package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
	"github.com/urfave/cli/v2"
)

func TestSetting_Order(t *testing.T) {
	t.Parallel()
	const file = "chunk: 1MiB\nworkers: 4\nanalysis: [bytes, words]\nstore:\n"
	for _, c := range []struct {
		name         string
		args         []string
		vars         map[string]string
		text, origin string
	}{
		{"flag", []string{"--chunk", "64KiB"}, map[string]string{"BINGLIDE_CHUNK": "16MiB"}, "64KiB", "--chunk"},
		{"environment", nil, map[string]string{"BINGLIDE_CHUNK": "16MiB"}, "16MiB", "BINGLIDE_CHUNK"},
		{"file", nil, nil, "1MiB", "chunk in "},
		{"empty variable", nil, map[string]string{"BINGLIDE_CHUNK": ""}, "1MiB", "chunk in "},
		{"empty flag", []string{"--chunk="}, nil, "", "--chunk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, c.vars)
			p.configure(t, file, 0o644)
			p.command(t, c.args, func(ctx *cli.Context) {
				v, err := p.setting(ctx, "chunk")
				if err != nil || v.text != c.text || !strings.HasPrefix(v.origin, c.origin) {
					t.Errorf("setting = %+v, %v; want %q from %q", v, err, c.text, c.origin)
				}
			})
		})
	}
}

func TestSetting_Typed(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	p.configure(t, "chunk: 1MiB\nworkers: 4\nanalysis: [bytes, words]\n", 0o644)
	p.command(t, nil, func(c *cli.Context) {
		if n, err := p.sizeSetting(c, "chunk", 0); n != 1<<20 || err != nil {
			t.Errorf("chunk = %d, %v", n, err)
		}
		if n, err := p.intSetting(c, "workers", 64, 0); n != 4 || err != nil {
			t.Errorf("workers = %d, %v", n, err)
		}
		if l, err := p.listSetting(c, "analysis", "x"); !slices.Equal(l, []string{"bytes", "words"}) || err != nil {
			t.Errorf("analysis = %q, %v", l, err)
		}
	})
	p = newProcess(t, nil)
	p.command(t, nil, func(c *cli.Context) {
		n, err := p.sizeSetting(c, "chunk", 7)
		w, err2 := p.intSetting(c, "workers", 64, 8)
		l, err3 := p.listSetting(c, "analysis", "a, b")
		if n != 7 || w != 8 || !slices.Equal(l, []string{"a", "b"}) || errors.Join(err, err2, err3) != nil {
			t.Errorf("defaults = %d, %d, %q, %v", n, w, l, errors.Join(err, err2, err3))
		}
	})
}

func TestSetting_Bad(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]string{"BINGLIDE_CHUNK": "big"})
	p.command(t, []string{"--analysis", "a,,b"}, func(c *cli.Context) {
		_, err := p.sizeSetting(c, "chunk", 0)
		requireInvalid(t, err, "BINGLIDE_CHUNK", `"big"`)
		_, err = p.listSetting(c, "analysis", "")
		requireInvalid(t, err, "--analysis", `"a,,b"`)
	})
	for _, text := range []string{"0", "-1", "x", "65", "99999999999999999999", "1.5", ""} {
		p.command(t, []string{"--workers=" + text}, func(c *cli.Context) {
			_, err := p.intSetting(c, "workers", 64, 0)
			requireInvalid(t, err, "--workers", `"`+text+`"`, "1 to 64")
		})
	}
}

func requireInvalid(t *testing.T, err error, parts ...string) {
	t.Helper()
	if !errors.Is(err, job.ErrInvalid) {
		t.Fatalf("error %v, want invalid", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestConfig_Bad(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"unknown key": {"store: x\nstoer: y\n", `line 2: unknown key "stoer": known are store, redis`},
		"map":         {"store: {a: b}\n", "line 1: store: want one value"},
		"nested list": {"analysis: [[a]]\n", "line 1: analysis: want one value"},
		"no map":      {"- a\n", "line 1"},
		"no yaml":     {"a: b: c\n", "mapping values are not allowed"},
		"twice":       {"store: a\nstore: b\n", "store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, nil)
			path := p.configure(t, c.content, 0o600)
			_, err := p.config()
			requireInvalid(t, err, path, c.want)
		})
	}
}

func TestConfig_Place(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	if conf, err := p.config(); err != nil || conf.path != "" {
		t.Errorf("without a file: %+v, %v", conf, err)
	}
	p = newProcess(t, map[string]string{"BINGLIDE_CONFIG": "/nowhere/c.yaml"})
	if _, err := p.config(); err == nil || !strings.Contains(err.Error(), "/nowhere/c.yaml") {
		t.Errorf("a named file that is not there: %v", err)
	}
	for _, variable := range []string{"HOME", "XDG_CONFIG_HOME"} {
		dir := t.TempDir()
		p := newProcess(t, map[string]string{variable: dir})
		if variable == "HOME" {
			dir = filepath.Join(dir, ".config")
		}
		path := filepath.Join(dir, "binglide", "config.yaml")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("chunk: 1MiB"), 0o600); err != nil {
			t.Fatal(err)
		}
		if conf, err := p.config(); err != nil || conf.path != path {
			t.Errorf("by %s: %+v, %v", variable, conf, err)
		}
	}
}

func TestConfig_Readable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		content string
		mode    os.FileMode
		warn    bool
	}{
		{"redis_password: p\n", 0o644, true},
		{"aws_secret_access_key: p\n", 0o640, true},
		{"redis_password: p\n", 0o600, false},
		{"redis_password:\nstore: x\n", 0o644, false},
	} {
		p := newProcess(t, nil)
		path := p.configure(t, c.content, c.mode)
		if _, err := p.config(); err != nil {
			t.Fatal(err)
		}
		if _, err := p.config(); err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.warn {
			want = "binglide: warning: " + path + " holds credentials and others can read it: chmod 600 " + path + "\n"
		}
		if p.err.String() != want {
			t.Errorf("%q, mode %o: printed %q, want %q", c.content, c.mode, p.err.String(), want)
		}
	}
}

func TestRedisURL(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		vars map[string]string
		want string
	}{
		{"flag", []string{"--redis", "redis://h:1/2"}, nil, "redis://h:1/2"},
		{"tls", []string{"--redis", "rediss://h:1"}, nil, "rediss://h:1"},
		{"password in variable", nil, map[string]string{"BINGLIDE_REDIS": "redis://:pw@h:1"}, "redis://:pw@h:1"},
		{"password apart", []string{"--redis", "redis://h:1"}, map[string]string{"BINGLIDE_REDIS_PASSWORD": "pw"}, "redis://:pw@h:1"},
		{"user apart", []string{"--redis", "redis://h:1"}, map[string]string{"BINGLIDE_REDIS_PASSWORD": "pw", "BINGLIDE_REDIS_USERNAME": "me"}, "redis://me:pw@h:1"},
		{"password file", []string{"--redis", "redis://h:1"}, map[string]string{"BINGLIDE_REDIS_PASSWORD_FILE": secret}, "redis://:s3cret@h:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, c.vars)
			p.command(t, c.args, func(ctx *cli.Context) {
				u, err := p.redisURL(ctx)
				if err != nil || u.String() != c.want {
					t.Errorf("redisURL = %v, %v; want %s", u, err, c.want)
				}
			})
		})
	}
}

func TestRedisURL_Bad(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "no Redis named",
		"h:6379":                  "want redis://host",
		"http://h":                "want redis://host",
		"redis://":                "want redis://host",
		"redis://:hush@h:1":       "holds credentials",
		"redis://hush@h:1":        "holds credentials",
		"redis://:hush@h:1:2:3/%": "want redis://host",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, nil)
			p.command(t, []string{"--redis=" + text}, func(c *cli.Context) {
				_, err := p.redisURL(c)
				requireInvalid(t, err, "--redis", want)
				if strings.Contains(err.Error(), "hush") {
					t.Errorf("the error repeats the password: %v", err)
				}
			})
		})
	}
	p := newProcess(t, map[string]string{"BINGLIDE_REDIS_PASSWORD_FILE": "/nowhere/pw"})
	p.command(t, []string{"--redis=redis://h:1"}, func(c *cli.Context) {
		if _, err := p.redisURL(c); err == nil || !strings.Contains(err.Error(), "/nowhere/pw") {
			t.Errorf("an absent password file: %v", err)
		}
	})
}
