package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/folder"
	"github.com/binglide/binglide/storage/s3"
	"github.com/urfave/cli/v2"
)

// openedStore is a store and where it is.
type openedStore struct {
	storage.Store
	// url names the store without credentials, for people and job.json.
	url string
	// objects reads objects of the store's server, in any bucket; nil for a folder.
	objects *s3.Objects
}

// openStore opens the store that is set, or else the one in the user's cache
// folder. The caller's context bounds only the opening.
func (e *env) openStore(ctx context.Context, c *cli.Context) (*openedStore, error) {
	v, err := e.setting(c, "store")
	if err != nil {
		return nil, err
	}
	if v.origin == "" {
		v.origin = "default store"
		if v.text, err = e.defaultStore(); err != nil {
			return nil, err
		}
	}
	u, err := parseStore(v.origin, v.text)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "s3" {
		return e.openS3(ctx, v.origin, u)
	}
	s, err := folder.Open(filepath.FromSlash(u.Path))
	if err != nil {
		return nil, err
	}
	return &openedStore{Store: s, url: folderURL(s.Dir())}, nil
}

// defaultStore returns the URL of the store in the user's cache folder.
func (e *env) defaultStore() (string, error) {
	dir := e.getenv("XDG_CACHE_HOME")
	if dir == "" && e.getenv("HOME") != "" {
		dir = filepath.Join(e.getenv("HOME"), ".cache")
	}
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("%w: no cache folder: set --store or BINGLIDE_STORE to file:///folder, or HOME", job.ErrInvalid)
	}
	return folderURL(filepath.Join(dir, "binglide", "store")), nil
}

func folderURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}

// parseStore reads the URL of a store. Its errors do not repeat the URL, which
// may hold credentials.
func parseStore(origin, text string) (*url.URL, error) {
	const known = "want file:///folder or s3://bucket/prefix?endpoint=http://host:9000"
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s is no URL: %s", job.ErrInvalid, origin, known)
	case u.Scheme == "" && strings.HasPrefix(text, "/"):
		return nil, fmt.Errorf("%w: %s is a path: %s", job.ErrInvalid, origin, known)
	case u.Scheme != "file" && u.Scheme != "s3":
		return nil, fmt.Errorf("%w: %s has the scheme %q: %s", job.ErrInvalid, origin, u.Scheme, known)
	case u.Scheme == "file" && (u.Host != "" && u.Host != "localhost" || u.User != nil || !strings.HasPrefix(u.Path, "/") || u.RawQuery != ""):
		return nil, fmt.Errorf("%w: %s names no folder: want file:///folder, an absolute path after two slashes", job.ErrInvalid, origin)
	}
	return u, nil
}

func (e *env) openS3(ctx context.Context, origin string, u *url.URL) (*openedStore, error) {
	conf, err := s3.ParseURL(u)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", job.ErrInvalid, origin, err)
	}
	if err := e.s3Credentials(&conf); err != nil {
		return nil, err
	}
	s, err := s3.Open(ctx, conf)
	if err != nil {
		return nil, err
	}
	return &openedStore{s, u.Redacted(), s.Objects()}, nil
}

// openObjects opens a server for reading objects of other buckets than the
// store's. An empty endpoint means the one of the environment, or AWS.
func (e *env) openObjects(ctx context.Context, endpoint string) (*s3.Objects, error) {
	conf := s3.Config{Endpoint: endpoint}
	if err := e.s3Credentials(&conf); err != nil {
		return nil, err
	}
	return s3.OpenObjects(ctx, conf)
}

// s3Variables are those of the environment that come before the config file.
var s3Variables = []string{"AWS_ACCESS_KEY_ID", "MINIO_ROOT_USER", "MINIO_ACCESS_KEY"}

// s3Credentials takes the credentials of the config file where the environment
// has none; s3 itself finds the others.
func (e *env) s3Credentials(conf *s3.Config) error {
	for _, name := range s3Variables {
		if e.getenv(name) != "" || e.getenv(name+"_FILE") != "" {
			return nil
		}
	}
	for key, to := range map[string]*string{
		"aws_access_key_id":     &conf.AccessKey,
		"aws_secret_access_key": &conf.SecretKey,
		"aws_session_token":     &conf.SessionToken,
	} {
		v, err := e.setting(nil, key)
		if err != nil {
			return err
		}
		*to = v.text
	}
	return nil
}
