package cli

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/storage/s3"
	"github.com/urfave/cli/v2"
)

func TestOpenStore_Folder(t *testing.T) {
	t.Parallel()
	cache, home := t.TempDir(), t.TempDir()
	spaced := filepath.Join(t.TempDir(), "a b%c")
	for _, c := range []struct {
		name string
		args []string
		vars map[string]string
		dir  string
	}{
		{"cache", nil, map[string]string{"XDG_CACHE_HOME": cache}, filepath.Join(cache, "binglide", "store")},
		{"home", nil, map[string]string{"HOME": home}, filepath.Join(home, ".cache", "binglide", "store")},
		{"flag", []string{"--store", folderURL(spaced)}, nil, spaced},
		{"localhost", nil, map[string]string{"BINGLIDE_STORE": "file://localhost" + filepath.Join(home, "x")}, filepath.Join(home, "x")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, c.vars)
			p.command(t, c.args, func(ctx *cli.Context) {
				s, err := p.openStore(t.Context(), ctx)
				if err != nil {
					t.Fatal(err)
				}
				if s.url != folderURL(c.dir) || s.objects != nil {
					t.Errorf("store %s, want %s", s.url, folderURL(c.dir))
				}
				if err := s.Put(t.Context(), "k", []byte("v")); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(c.dir, "k")); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOpenStore_Bad(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "want file:///folder or s3://",
		"/folder":                 "is a path: want file:///folder",
		"folder":                  `scheme ""`,
		"ftp://h/x":               `scheme "ftp": want file:///folder or s3://bucket`,
		"file://folder/x":         "names no folder",
		"file:relative":           "names no folder",
		"file:///x?y=1":           "names no folder",
		"file://me:hush@/x":       "names no folder",
		"s3://":                   "without a bucket",
		"s3://me:hush@bucket":     "credentials",
		"s3://b?secret=hush":      "credentials",
		"s3://b/%zz":              "is no URL",
		"http://me:hush@h/bucket": `scheme "http"`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, nil)
			p.command(t, []string{"--store=" + text}, func(c *cli.Context) {
				_, err := p.openStore(t.Context(), c)
				requireInvalid(t, err, "--store", want)
				if strings.Contains(err.Error(), "hush") {
					t.Errorf("the error repeats the password: %v", err)
				}
			})
		})
	}
}

func TestOpenStore_Nowhere(t *testing.T) {
	t.Parallel()
	p := newProcess(t, map[string]string{"HOME": ""})
	p.command(t, nil, func(c *cli.Context) {
		_, err := p.openStore(t.Context(), c)
		requireInvalid(t, err, "BINGLIDE_STORE")
	})
}

func TestParseStore(t *testing.T) {
	t.Parallel()
	const text = "s3://bucket/pre/fix?endpoint=http://host:9000"
	u, err := parseStore("--store", text)
	if err != nil || u.String() != text {
		t.Errorf("parseStore = %v, %v", u, err)
	}
}

func TestS3Credentials(t *testing.T) {
	t.Parallel()
	const file = "aws_access_key_id: id\naws_secret_access_key: secret\naws_session_token: token\n"
	for name, c := range map[string]struct {
		vars map[string]string
		want s3.Config
	}{
		"file":        {nil, s3.Config{AccessKey: "id", SecretKey: "secret", SessionToken: "token"}},
		"environment": {map[string]string{"AWS_ACCESS_KEY_ID": "other"}, s3.Config{}},
		"minio":       {map[string]string{"MINIO_ROOT_USER": "other"}, s3.Config{}},
		"by file":     {map[string]string{"AWS_ACCESS_KEY_ID_FILE": "/run/id"}, s3.Config{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProcess(t, c.vars)
			p.configure(t, file, 0o600)
			var got s3.Config
			if err := p.s3Credentials(&got); err != nil || got != c.want {
				t.Errorf("credentials %q, %q, %q, %v", got.AccessKey, got.SecretKey, got.SessionToken, err)
			}
		})
	}
}

func TestFolderURL(t *testing.T) {
	t.Parallel()
	const dir = "/a b/c%d?e#f"
	u, err := url.Parse(folderURL(dir))
	if err != nil || u.Path != dir {
		t.Errorf("folderURL(%q) = %q, which reads as %v, %v", dir, folderURL(dir), u, err)
	}
}
