package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
)

const secret = "s3cr3t-word"

func environ(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseRedis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url  string
		want string
	}{
		{"redis://host", "redis://host:6379/0"},
		{"redis://host/", "redis://host:6379/0"},
		{"redis://host:7000/3", "redis://host:7000/3"},
		{"redis://me@host/1", "redis://me@host:6379/1"},
		{"redis://[::1]:7000", "redis://[::1]:7000/0"},
		{"rediss://host", "rediss://host:6379/0"},
		{"redis://:" + secret + "@host", "redis://host:6379/0"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			r, err := ParseRedis(tt.url, environ(nil), false)
			if err != nil || r.String() != tt.want {
				t.Errorf("ParseRedis(%q) = %s, %v", tt.url, r, err)
			}
			if o := r.Options(); (o.TLSConfig != nil) != strings.HasPrefix(tt.url, "rediss") || o.DB != r.db || o.Addr != r.Addr() {
				t.Errorf("Options = %+v", o)
			}
		})
	}
}

func TestParseRedis_Password(t *testing.T) {
	t.Parallel()
	file := writeFile(t, secret+"\n")
	for _, tt := range []struct {
		name, url string
		env       map[string]string
	}{
		{"in the URL", "redis://me:" + secret + "@h", map[string]string{"REDIS_PASSWORD": "other"}},
		{"own variable", "redis://h", map[string]string{"BINGLIDE_REDIS_PASSWORD": secret, "REDIS_PASSWORD": "other"}},
		{"common variable", "redis://h", map[string]string{"REDIS_PASSWORD": secret}},
		{"own file", "redis://h", map[string]string{"BINGLIDE_REDIS_PASSWORD_FILE": file, "REDIS_PASSWORD": "other"}},
		{"common file", "rediss://h", map[string]string{"REDIS_PASSWORD_FILE": file}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := ParseRedis(tt.url, environ(tt.env), false)
			if err != nil || r.Options().Password != secret {
				t.Fatalf("password %q, %v", r.Options().Password, err)
			}
			nested := struct{ cfg ClientConfig }{ClientConfig{Redis: r}}
			for _, s := range []string{r.String(), fmt.Sprintf("%v %+v %#v %s %q", r, r, r, r, r), fmt.Sprintf("%v %+v %#v", nested, nested, nested)} {
				if strings.Contains(s, secret) {
					t.Errorf("the password shows: %s", s)
				}
			}
		})
	}
}

func TestParseRedis_Invalid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url string
		argv      bool
		env       map[string]string
		says      string
	}{
		{"password in argv", "redis://:" + secret + "@h", true, nil, "BINGLIDE_REDIS_PASSWORD_FILE"},
		{"malformed", "redis://:" + secret + "@h:port", false, nil, "malformed"},
		{"control character", "redis://:" + secret + "@h\n", false, nil, "malformed"},
		{"hash in password", "redis://:a#" + secret + "@h", false, nil, ""},
		{"no scheme", "host:6379", false, nil, "redis://host:6379/0"},
		{"other scheme", "http://host", false, nil, "rediss://"},
		{"no host", "redis:///0", false, nil, "no host"},
		{"database", "redis://h/main", false, nil, `"main"`},
		{"negative database", "redis://h/-1", false, nil, `"-1"`},
		{"insecure", "rediss://h?insecure=1", false, nil, `"insecure"`},
		{"ca without TLS", "redis://h?ca=/x", false, nil, `"ca"`},
		{"ca missing", "rediss://h?ca=/nonexistent/ca.pem", false, nil, "/nonexistent/ca.pem"},
		{"ca is no certificate", "rediss://h?ca=/dev/null", false, nil, "no PEM certificate"},
		{"password file missing", "redis://h", false, map[string]string{"REDIS_PASSWORD_FILE": "/nonexistent/pw"}, "REDIS_PASSWORD_FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseRedis(tt.url, environ(tt.env), tt.argv)
			if !errors.Is(err, job.ErrInvalid) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret) {
				t.Errorf("ParseRedis = %v, want it to say %q", err, tt.says)
			}
		})
	}
}
