package queue

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/binglide/binglide/job"
)

// passwordVars are looked at in this order; NAME_FILE, which names a file that
// holds the password, after each NAME.
var passwordVars = []string{"BINGLIDE_REDIS_PASSWORD", "REDIS_PASSWORD"}

// ParseRedis reads redis://[user[:password]@]host[:port][/db], or rediss:// for
// TLS, where ?ca=FILE names the certificates to trust instead of the system's.
// A URL without a password takes it from env. fromArgv says that the URL was an
// argument of the command, which other users of the machine can read: then a
// password in it is refused. Errors are job.ErrInvalid and never show the URL's
// password.
func ParseRedis(rawURL string, env func(string) string, fromArgv bool) (Redis, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return Redis{}, badRedis("malformed URL") // err would quote it whole
	}
	password, inURL := u.User.Password()
	if inURL && fromArgv {
		return Redis{}, badRedis("a password in an argument can be read by every user of this machine: " +
			"leave it out and set BINGLIDE_REDIS_PASSWORD or BINGLIDE_REDIS_PASSWORD_FILE")
	}
	r := Redis{user: u.User.Username(), password: &password}
	r.db, err = parseDB(u.Path)
	err = cmp.Or(checkURL(u), err)
	if err != nil {
		return Redis{}, err
	}
	r.addr = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "6379"))
	if !inURL {
		password, err = passwordFrom(env)
	}
	if err == nil && u.Scheme == "rediss" {
		r.tls, err = parseTLS(u)
	}
	if err != nil {
		return Redis{}, err
	}
	return r, nil
}

func badRedis(format string, args ...any) error {
	return fmt.Errorf("%w: redis URL: "+format, append([]any{job.ErrInvalid}, args...)...)
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "redis" && u.Scheme != "rediss":
		return badRedis("want redis://host:6379/0, or rediss:// for TLS")
	case u.Hostname() == "":
		return badRedis("no host: want redis://host:6379/0")
	case u.Fragment != "":
		return badRedis("a '#' in it: write %%23 if it belongs to the password")
	}
	for name := range u.Query() {
		if name != "ca" || u.Scheme != "rediss" {
			return badRedis("unknown parameter %q (rediss:// knows ca=FILE)", name)
		}
	}
	return nil
}

func parseDB(path string) (int, error) {
	path = strings.Trim(path, "/")
	if path == "" {
		return 0, nil
	}
	db, err := strconv.ParseUint(path, 10, 16)
	if err != nil {
		return 0, badRedis("database %q: want a number such as /0", path)
	}
	return int(db), nil
}

// passwordFrom returns the first password that the environment holds, or "".
func passwordFrom(env func(string) string) (string, error) {
	for _, name := range passwordVars {
		if p := env(name); p != "" {
			return p, nil
		}
		file := env(name + "_FILE")
		if file == "" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%w: read the password that %s_FILE names: %w", job.ErrInvalid, name, err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	return "", nil
}

func parseTLS(u *url.URL) (*tls.Config, error) {
	c := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	file := u.Query().Get("ca")
	if file == "" {
		return c, nil
	}
	pem, err := os.ReadFile(file)
	c.RootCAs = x509.NewCertPool()
	if err == nil && !c.RootCAs.AppendCertsFromPEM(pem) {
		err = errors.New("no PEM certificate in it")
	}
	if err != nil {
		return nil, badRedis("ca=%s: %w", file, err)
	}
	return c, nil
}
