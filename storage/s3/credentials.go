package s3

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/binglide/binglide/storage"
)

// environment is what credentials are looked for in.
type environment struct {
	get  func(name string) string
	home string
}

func osEnvironment() environment {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no files there then
	}
	return environment{os.Getenv, home}
}

// source is one place to find credentials. It returns nil if there are none.
type source func(Config, environment) (*credentials.Credentials, error)

// findCredentials returns those of the first source that has some.
func findCredentials(c Config, env environment) (*credentials.Credentials, error) {
	for _, find := range []source{
		fromConfig,
		fromVariables("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
		fromVariables("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", ""),
		fromVariables("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", ""),
		fromAWSFile,
		fromMCFile,
	} {
		if creds, err := find(c, env); creds != nil || err != nil {
			return creds, err
		}
	}
	if c.Endpoint == "" {
		return credentials.NewIAM(""), nil
	}
	return nil, fmt.Errorf("%w: no credentials for %s: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or MINIO_ROOT_USER and "+
		"MINIO_ROOT_PASSWORD; with _FILE added, the name of a file), or write them to ~/.aws/credentials", storage.ErrDenied, c)
}

// fromConfig takes what the program, not the user, has set.
func fromConfig(c Config, _ environment) (*credentials.Credentials, error) {
	if c.AccessKey == "" {
		return nil, nil
	}
	return credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), nil
}

// fromVariables returns the source that two variables are, and a third for the
// token of a session where there is one. One of a pair alone is an error: it
// is a slip, and going on with other credentials would hide it.
func fromVariables(key, secret, token string) source {
	return func(_ Config, env environment) (*credentials.Credentials, error) {
		k, err := variable(env, key)
		if err != nil {
			return nil, err
		}
		s, err := variable(env, secret)
		if err != nil || (k == "" && s == "") {
			return nil, err
		}
		if k == "" || s == "" {
			return nil, fmt.Errorf("%w: of %s and %s only one is set: set both or none", storage.ErrDenied, key, secret)
		}
		t, err := variable(env, token)
		return credentials.NewStaticV4(k, s, t), err
	}
}

// variable returns the value of a variable, or what is in the file that the
// variable with _FILE added names.
func variable(env environment, name string) (string, error) {
	if name == "" || env.get(name) != "" {
		return env.get(name), nil
	}
	path := env.get(name + "_FILE")
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: read the file that %s_FILE names: %w", storage.ErrDenied, name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// fromAWSFile reads the profile that AWS_PROFILE names. An unreadable file is
// an error only where AWS_SHARED_CREDENTIALS_FILE asks for it.
func fromAWSFile(_ Config, env environment) (*credentials.Credentials, error) {
	path := env.get("AWS_SHARED_CREDENTIALS_FILE")
	asked := path != ""
	if !asked {
		path = filepath.Join(env.home, ".aws", "credentials")
	}
	profile := env.get("AWS_PROFILE")
	if profile == "" {
		profile = "default"
	}
	if _, err := os.Stat(path); !asked && (err != nil || env.home == "") {
		return nil, nil
	}
	creds := credentials.NewFileAWSCredentials(path, profile)
	if _, err := creds.GetWithContext(nil); err != nil {
		return nil, fmt.Errorf("%w: read profile %q of %s: %w", storage.ErrDenied, profile, path, err)
	}
	return creds, nil
}

// mcConfig is the part that concerns us of what the MinIO client writes.
type mcConfig struct {
	Aliases map[string]struct {
		URL, AccessKey, SecretKey string
	}
}

// fromMCFile takes the alias that has the store's endpoint.
func fromMCFile(c Config, env environment) (*credentials.Credentials, error) {
	path := filepath.Join(env.home, ".mc", "config.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || c.Endpoint == "" || env.home == "" {
		return nil, nil
	}
	var mc mcConfig
	if err == nil {
		err = json.Unmarshal(b, &mc)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", storage.ErrDenied, path, err)
	}
	for _, a := range mc.Aliases {
		if sameEndpoint(a.URL, c.Endpoint) && a.AccessKey != "" {
			return credentials.NewStaticV4(a.AccessKey, a.SecretKey, ""), nil
		}
	}
	return nil, nil
}

// sameEndpoint reports whether two URLs name the same server.
func sameEndpoint(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host)
}
