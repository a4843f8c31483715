package s3

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Config{
		"s3://bucket":             {Bucket: "bucket"},
		"s3://bucket/":            {Bucket: "bucket"},
		"s3://bucket/a/b/":        {Bucket: "bucket", Prefix: "a/b"},
		"s3://bucket?region=eu-1": {Bucket: "bucket", Region: "eu-1"},
		"s3://bucket/p?endpoint=http://host:9000&region=r":  {Bucket: "bucket", Prefix: "p", Endpoint: "http://host:9000", Region: "r"},
		"s3://bucket/p?endpoint=https://host&ca=/etc/x.pem": {Bucket: "bucket", Prefix: "p", Endpoint: "https://host", CA: "/etc/x.pem"},
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseURL(u); err != nil || got != want {
			t.Errorf("%s: got %#v, %v", raw, got, err)
		}
	}
}

func TestParseURL_Refuses(t *testing.T) {
	t.Parallel()
	for raw, word := range map[string]string{
		"file:///folder":                        "scheme",
		"s3:///prefix":                          "bucket",
		"s3://b":                                "shorter",
		"s3://bucket/Not%20a%20key":             "prefix",
		"s3://bucket/../x":                      "prefix",
		"s3://bucket?endpoint=host:9000":        "http://host:9000",
		"s3://bucket?endpoint=http://host/path": "http://host:9000",
		"s3://bucket?endpoint=ftp://host":       "http://host:9000",
		"s3://bucket?endpont=http://host":       "endpont",
		"s3://bucket?region=%zz":                "parameters",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseURL(u); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v, want an error about %q", raw, err, word)
		}
	}
}

func TestParseURL_CredentialsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"s3://hushkey:hush@bucket/p", "s3://hush@bucket", "s3://bucket?access_key=hush", "s3://bucket?secret=hush", "s3://bucket?secret_key=hush",
		"s3://bucket?AWS_SECRET_ACCESS_KEY=hush", "s3://bucket?session_token=hush", "s3://bucket?password=hush",
		"s3://bucket?endpoint=http://hush:hush@host:9000", "s3://bucket?access_key=hush&%zz",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseURL(u)
		if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
			t.Errorf("%s: got %v, want an error that names the environment and no secret", raw, err)
		}
	}
}

func TestConfig_PrintsNoSecret(t *testing.T) {
	t.Parallel()
	c := Config{Endpoint: "http://host", Bucket: "bucket", Prefix: "p", AccessKey: "hush", SecretKey: "hush", SessionToken: "hush"}
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%v", &c), string(j)} {
		if strings.Contains(text, "hush") || !strings.Contains(text, "bucket") {
			t.Errorf("printed as %s", text)
		}
	}
	if got := c.String(); got != "s3://bucket/p at http://host" {
		t.Errorf("got %q", got)
	}
}

func TestWithDefaults(t *testing.T) {
	t.Parallel()
	env := func(pairs ...string) environment {
		return environment{get: func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}}
	}
	got := Config{}.withDefaults(env())
	if got.Region != "us-east-1" || got.Endpoint != "" || got.Connections != 64 || got.Attempts != 4 ||
		got.OpenTimeout != 10*time.Second || got.StallTimeout != 15*time.Second {
		t.Errorf("got %#v", got)
	}
	for want, c := range map[string]Config{
		"http://given": Config{Endpoint: "http://given"}.withDefaults(env("AWS_ENDPOINT_URL", "http://all")),
		"http://s3":    Config{}.withDefaults(env("AWS_ENDPOINT_URL", "http://all", "AWS_ENDPOINT_URL_S3", "http://s3")),
		"http://all":   Config{}.withDefaults(env("AWS_ENDPOINT_URL", "http://all", "AWS_REGION", "r")),
	} {
		if c.Endpoint != want {
			t.Errorf("endpoint %q, want %q", c.Endpoint, want)
		}
	}
	if c := (Config{}).withDefaults(env("AWS_DEFAULT_REGION", "r2")); c.Region != "r2" {
		t.Errorf("region %q", c.Region)
	}
}
