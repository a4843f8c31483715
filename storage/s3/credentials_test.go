package s3

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binglide/binglide/storage"
)

// home is a home folder with the given files.
func home(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func envOf(home string, vars map[string]string) environment {
	return environment{
		get: func(name string) string { return strings.ReplaceAll(vars[name], "~", home) }, home: home,
	}
}

func TestFindCredentials(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		".aws/credentials": "[default]\naws_access_key_id = file\naws_secret_access_key = s-file\naws_session_token = t-file\n" +
			"[other]\naws_access_key_id = other\naws_secret_access_key = s-other\n",
		"elsewhere": "[default]\naws_access_key_id = elsewhere\naws_secret_access_key = s-elsewhere\n",
		"secret":    "s-infile\n", "user": "infile\n",
	}
	mc := map[string]string{".mc/config.json": `{"version":"10","aliases":{
		"a":{"url":"http://another:9000","accessKey":"wrong","secretKey":"wrong"},
		"b":{"url":"http://HOST:9000/","accessKey":"mc","secretKey":"s-mc"}}}`}
	for name, c := range map[string]struct {
		config Config
		files  map[string]string
		vars   map[string]string
		want   string // key secret token
	}{
		"Config":    {Config{AccessKey: "given", SecretKey: "s-given"}, files, map[string]string{"AWS_ACCESS_KEY_ID": "aws"}, "given s-given "},
		"AWS":       {Config{}, files, map[string]string{"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY": "s-aws", "AWS_SESSION_TOKEN": "t"}, "aws s-aws t"},
		"AWSFirst":  {Config{}, nil, map[string]string{"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY": "s-aws", "MINIO_ROOT_USER": "r", "MINIO_ROOT_PASSWORD": "s"}, "aws s-aws "},
		"Root":      {Config{}, files, map[string]string{"MINIO_ROOT_USER": "root", "MINIO_ROOT_PASSWORD": "s-root"}, "root s-root "},
		"MinIO":     {Config{}, files, map[string]string{"MINIO_ACCESS_KEY": "minio", "MINIO_SECRET_KEY": "s-minio"}, "minio s-minio "},
		"SecretIn":  {Config{}, files, map[string]string{"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY_FILE": "~/secret"}, "aws s-infile "},
		"BothIn":    {Config{}, files, map[string]string{"MINIO_ROOT_USER_FILE": "~/user", "MINIO_ROOT_PASSWORD_FILE": "~/secret"}, "infile s-infile "},
		"File":      {Config{}, files, nil, "file s-file t-file"},
		"Profile":   {Config{}, files, map[string]string{"AWS_PROFILE": "other"}, "other s-other "},
		"OtherFile": {Config{}, files, map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere"}, "elsewhere s-elsewhere "},
		"MC":        {Config{Endpoint: "http://host:9000"}, mc, nil, "mc s-mc "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			creds, err := findCredentials(c.config, envOf(home(t, c.files), c.vars))
			if err != nil {
				t.Fatal(err)
			}
			v, err := creds.GetWithContext(nil)
			if got := v.AccessKeyID + " " + v.SecretAccessKey + " " + v.SessionToken; err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestFindCredentials_Errors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		vars  map[string]string
		word  string
	}{
		"None":         {nil, nil, "AWS_ACCESS_KEY_ID"},
		"HalfKey":      {nil, map[string]string{"AWS_ACCESS_KEY_ID": "hush"}, "AWS_SECRET_ACCESS_KEY"},
		"HalfSecret":   {nil, map[string]string{"MINIO_ROOT_PASSWORD": "hush"}, "MINIO_ROOT_USER"},
		"NoSecretFile": {nil, map[string]string{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY_FILE": "~/none"}, "AWS_SECRET_ACCESS_KEY_FILE"},
		"NoProfile":    {map[string]string{".aws/credentials": "[x]\naws_access_key_id = hush\n"}, nil, "default"},
		"NoAWSFile":    {nil, map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "~/none"}, "none"},
		"BadMCFile":    {map[string]string{".mc/config.json": `{"aliases": "hush`}, nil, "config.json"},
		"OtherAlias":   {map[string]string{".mc/config.json": `{"aliases":{"a":{"url":"http://x","accessKey":"hush"}}}`}, nil, "no credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := findCredentials(Config{Endpoint: "http://host:9000"}, envOf(home(t, c.files), c.vars))
			if !errors.Is(err, storage.ErrDenied) || !strings.Contains(err.Error(), c.word) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v, want ErrDenied about %q, without secrets", err, c.word)
			}
		})
	}
}

// TestFindCredentials_NoHome must not look in the current folder.
func TestFindCredentials_NoHome(t *testing.T) {
	t.Parallel()
	env := envOf("", nil)
	if _, err := findCredentials(Config{Endpoint: "http://host"}, env); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("got %v", err)
	}
	if creds, err := findCredentials(Config{}, env); err != nil || creds == nil {
		t.Errorf("without an endpoint: got %v, want the machine's role", err)
	}
}
