package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binglide/binglide/job"
	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"
)

// setting is something that may be set by flag, by environment or in the
// config file, of which the first holds.
type setting struct {
	key    string // in the config file; the flag has '-' for '_'
	env    string
	secret bool // never a flag; the environment may also name a file, in env + "_FILE"
}

// settings are all there are. The credentials of AWS are here for the config
// file alone: storage/s3 reads their variables, and many others.
var settings = []setting{
	{key: "store", env: "BINGLIDE_STORE"},
	{key: "redis", env: "BINGLIDE_REDIS"},
	{key: "chunk", env: "BINGLIDE_CHUNK"},
	{key: "workers", env: "BINGLIDE_WORKERS"},
	{key: "analysis", env: "BINGLIDE_ANALYSIS"},
	{key: "listen", env: "BINGLIDE_LISTEN"},
	{key: "log_level", env: "BINGLIDE_LOG_LEVEL"},
	{key: "redis_username", env: "BINGLIDE_REDIS_USERNAME", secret: true},
	{key: "redis_password", env: "BINGLIDE_REDIS_PASSWORD", secret: true},
	{key: "aws_access_key_id", env: "AWS_ACCESS_KEY_ID", secret: true},
	{key: "aws_secret_access_key", env: "AWS_SECRET_ACCESS_KEY", secret: true},
	{key: "aws_session_token", env: "AWS_SESSION_TOKEN", secret: true},
}

func settingNamed(key string) setting {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
	if i < 0 {
		panic("cli: no setting " + key)
	}
	return settings[i]
}

func (s setting) flag() string { return strings.ReplaceAll(s.key, "_", "-") }

// value is a setting as it was found.
type value struct {
	text   string // "" if it is set nowhere
	origin string // such as "--chunk", "BINGLIDE_CHUNK" or "chunk in /etc/b.yaml"
	argv   bool   // given on the command line
}

// setting returns what a setting is set to. An empty variable counts as not
// set; an empty flag counts as set.
func (e *env) setting(c *cli.Context, key string) (value, error) {
	s := settingNamed(key)
	if !s.secret && c != nil && c.IsSet(s.flag()) {
		return value{fmt.Sprint(c.Value(s.flag())), "--" + s.flag(), true}, nil
	}
	if text := e.getenv(s.env); text != "" {
		return value{text: text, origin: s.env}, nil
	}
	if name := e.getenv(s.env + "_FILE"); s.secret && name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			return value{}, fmt.Errorf("read the file that %s_FILE names: %w", s.env, err)
		}
		return value{text: strings.TrimSpace(string(b)), origin: s.env + "_FILE"}, nil
	}
	conf, err := e.config()
	if err != nil || conf.values[key] == "" {
		return value{}, err
	}
	return value{text: conf.values[key], origin: key + " in " + conf.path}, nil
}

// sizeSetting returns a setting that is a number of bytes, or def.
func (e *env) sizeSetting(c *cli.Context, key string, def int64) (int64, error) {
	v, err := e.setting(c, key)
	if err != nil || v.origin == "" {
		return def, err
	}
	return parseSize(v.origin, v.text)
}

// intSetting returns a setting that is a number from 1 to limit, or def.
func (e *env) intSetting(c *cli.Context, key string, limit, def int) (int, error) {
	v, err := e.setting(c, key)
	if err != nil || v.origin == "" {
		return def, err
	}
	n := 0
	for _, d := range []byte(v.text) {
		if d < '0' || d > '9' || n > limit {
			n = -1
			break
		}
		n = n*10 + int(d-'0')
	}
	if n < 1 || n > limit {
		return 0, fmt.Errorf("%w: %s %q: want a number from 1 to %d", job.ErrInvalid, v.origin, v.text, limit)
	}
	return n, nil
}

// listSetting returns a setting that is a list with commas, or def.
func (e *env) listSetting(c *cli.Context, key, def string) ([]string, error) {
	v, err := e.setting(c, key)
	if err != nil {
		return nil, err
	}
	if v.origin == "" {
		v.text = def
	}
	list := strings.Split(v.text, ",")
	for i := range list {
		if list[i] = strings.TrimSpace(list[i]); list[i] == "" {
			return nil, fmt.Errorf("%w: %s %q: want names with commas between them", job.ErrInvalid, v.origin, v.text)
		}
	}
	return list, nil
}

// redisURL returns the address of Redis with its credentials: redis:// or
// rediss:// (TLS). Passwords come by environment or file.
func (e *env) redisURL(c *cli.Context) (*url.URL, error) {
	v, err := e.setting(c, "redis")
	if err != nil {
		return nil, err
	}
	if v.text == "" {
		return nil, fmt.Errorf("%w: no Redis named: set --redis or BINGLIDE_REDIS, such as redis://127.0.0.1:6379/0", job.ErrInvalid)
	}
	u, err := url.Parse(v.text)
	if err != nil || !slices.Contains([]string{"redis", "rediss"}, u.Scheme) || u.Host == "" {
		return nil, fmt.Errorf("%w: %s: want redis://host:6379/0, or rediss://host:6379/0 for TLS", job.ErrInvalid, v.origin)
	}
	if _, has := u.User.Password(); v.argv && (has || u.User.Username() != "") {
		return nil, fmt.Errorf("%w: --redis holds credentials, which others can see: set BINGLIDE_REDIS_PASSWORD or BINGLIDE_REDIS instead", job.ErrInvalid)
	}
	return u, e.redisUser(u)
}

// redisUser adds the credentials that are set apart from the URL.
func (e *env) redisUser(u *url.URL) error {
	password, err := e.setting(nil, "redis_password")
	if err != nil || password.text == "" {
		return err
	}
	name, err := e.setting(nil, "redis_username")
	if err != nil {
		return err
	}
	user := u.User.Username()
	if name.text != "" {
		user = name.text
	}
	u.User = url.UserPassword(user, password.text)
	return nil
}

// config is the config file.
type config struct {
	path   string // "" if there is none
	values map[string]string
}

// config reads the config file on first use.
func (e *env) config() (*config, error) {
	if e.conf != nil {
		return e.conf, nil
	}
	path, named := e.configPath()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		b, path, err = nil, "", nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the config file: %w", err)
	}
	values, err := parseConfig(b)
	if err != nil {
		return nil, fmt.Errorf("%w: config file %s: %w", job.ErrInvalid, path, err)
	}
	e.conf = &config{path, values}
	e.warnReadable(e.conf)
	return e.conf, nil
}

// configPath returns where the config file is, and whether someone named it.
func (e *env) configPath() (path string, named bool) {
	if path := e.getenv("BINGLIDE_CONFIG"); path != "" {
		return path, true
	}
	dir := e.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(e.getenv("HOME"), ".config")
	}
	return filepath.Join(dir, "binglide", "config.yaml"), false
}

// parseConfig reads settings by key. Values are kept as they are written; a
// list becomes its elements with commas.
func parseConfig(b []byte) (map[string]string, error) {
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(b, &nodes); err != nil {
		return nil, fmt.Errorf("%s", strings.ReplaceAll(err.Error(), "\n", " "))
	}
	values := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[key]
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.key == key }) {
			return nil, fmt.Errorf("line %d: unknown key %q: known are %s", n.Line, key, settingKeys())
		}
		text, ok := scalar(&n)
		if !ok {
			return nil, fmt.Errorf("line %d: %s: want one value", n.Line, key)
		}
		values[key] = text
	}
	return values, nil
}

func scalar(n *yaml.Node) (string, bool) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "", true
	case n.Kind == yaml.ScalarNode:
		return n.Value, true
	case n.Kind != yaml.SequenceNode:
		return "", false
	}
	list := make([]string, len(n.Content))
	for i, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return "", false
		}
		list[i] = item.Value
	}
	return strings.Join(list, ","), true
}

func settingKeys() string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return strings.Join(keys, ", ")
}

// warnReadable warns if others can read credentials in the config file.
func (e *env) warnReadable(c *config) {
	secret := slices.ContainsFunc(settings, func(s setting) bool { return s.secret && c.values[s.key] != "" })
	info, err := os.Stat(c.path)
	if secret && err == nil && info.Mode().Perm()&0o044 != 0 {
		e.warnf("%s holds credentials and others can read it: chmod 600 %[1]s", c.path)
	}
}
