package s3

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/binglide/binglide/storage"
)

const defaultRegion = "us-east-1"

// Config says where a bucket is and how to get at it.
type Config struct {
	// Endpoint is the server's URL, such as http://host:9000; https means TLS.
	// Defaults to AWS_ENDPOINT_URL_S3, then AWS_ENDPOINT_URL, then to AWS.
	Endpoint string
	// Region is the bucket's. Defaults to AWS_REGION, then
	// AWS_DEFAULT_REGION, then us-east-1, which MinIO accepts.
	Region string
	// Bucket is needed for a Store, not for Objects.
	Bucket string
	// Prefix stands before all keys, followed by a slash. Defaults to none.
	Prefix string
	// CA is the path of a PEM file with certificates to trust besides those
	// of the system. Defaults to none.
	CA string

	// AccessKey, SecretKey and SessionToken default to the first found of:
	// the AWS_ variables, the MINIO_ROOT_ ones, MINIO_ACCESS_KEY and
	// MINIO_SECRET_KEY, the shared credentials file of AWS, the configuration
	// of mc, and, only where no endpoint is given, the machine's IAM role.
	// A secret's variable may have _FILE added and then names a file.
	AccessKey    string `json:"-"`
	SecretKey    string `json:"-"`
	SessionToken string `json:"-"`

	// Connections is how many idle connections are kept; at least twice the
	// number of transfers at a time is best. Defaults to 64.
	Connections int
	// OpenTimeout bounds Open and OpenObjects. Defaults to 10 s.
	OpenTimeout time.Duration
	// StallTimeout ends a transfer of which no byte has moved for so long.
	// Defaults to 15 s.
	StallTimeout time.Duration
	// Attempts is how often a read is tried. Defaults to 4.
	Attempts int
}

// String returns where the bucket is, without credentials.
func (c Config) String() string {
	place := cmp.Or(c.Endpoint, "AWS region "+cmp.Or(c.Region, defaultRegion))
	if c.Bucket == "" {
		return place
	}
	return strings.TrimSuffix("s3://"+c.Bucket+"/"+c.Prefix, "/") + " at " + place
}

// GoString keeps credentials out of what %#v prints.
func (c Config) GoString() string { return c.String() }

// errCredentials does not repeat what it is about.
var errCredentials = errors.New("credentials in the URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY " +
	"in the environment, or name a file in AWS_SECRET_ACCESS_KEY_FILE, or use ~/.aws/credentials")

// ParseURL reads s3://bucket/prefix?endpoint=http://host:9000&region=us-east-1&ca=/path/ca.pem;
// all but the bucket may be missing. It refuses credentials, because URLs show
// in process lists and logs, and does not repeat them in the error.
func ParseURL(u *url.URL) (Config, error) {
	if u.Scheme != "s3" {
		return Config{}, fmt.Errorf("store URL of scheme %q: want s3://bucket/prefix", u.Scheme)
	}
	query, err := parseQuery(u)
	if err != nil {
		return Config{}, err
	}
	c := Config{
		Endpoint: query.Get("endpoint"), Region: query.Get("region"), CA: query.Get("ca"),
		Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"),
	}
	if c.Bucket == "" {
		return Config{}, errors.New("store URL without a bucket: want s3://bucket/prefix")
	}
	if c.Prefix != "" && !storage.ValidKey(c.Prefix) {
		return Config{}, fmt.Errorf("prefix %q of bucket %s: use lower-case letters, digits, '.', '-', '_' and '/'", c.Prefix, c.Bucket)
	}
	if _, err := parseEndpoint(c.Endpoint); err != nil {
		return Config{}, err
	}
	return c, checkBucket(c.Bucket)
}

func checkBucket(name string) error {
	if err := s3utils.CheckValidBucketName(name); err != nil {
		return fmt.Errorf("bucket %q: %w", name, err)
	}
	return nil
}

// parseQuery returns the parameters of a store's URL. No error repeats their
// values: whoever puts a secret in the wrong place must not find it in a log.
func parseQuery(u *url.URL) (url.Values, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if u.User != nil {
		return nil, errCredentials
	}
	for name := range query {
		lower := strings.ToLower(name)
		for _, word := range []string{"key", "secret", "token", "password", "user", "credential", "signature"} {
			if strings.Contains(lower, word) {
				return nil, errCredentials
			}
		}
		if !slices.Contains([]string{"endpoint", "region", "ca"}, name) {
			return nil, fmt.Errorf("parameter %q of the URL of bucket %s: use endpoint, region or ca", name, u.Host)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("parameters of the URL of bucket %s: use ?endpoint=http://host:9000&region=us-east-1", u.Host)
	}
	return query, nil
}

// parseEndpoint returns nil for an empty endpoint.
func parseEndpoint(endpoint string) (*url.URL, error) {
	if endpoint == "" {
		return nil, nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err == nil && u.User != nil:
		return nil, errCredentials
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, fmt.Errorf("endpoint of the bucket: want a URL of scheme and host only, such as http://host:9000")
	}
	return u, nil
}

// withDefaults fills in what is not set, as the fields' comments say. An empty
// endpoint stays empty: see dial.
func (c Config) withDefaults(env environment) Config {
	c.Endpoint = cmp.Or(c.Endpoint, env.get("AWS_ENDPOINT_URL_S3"), env.get("AWS_ENDPOINT_URL"))
	c.Region = cmp.Or(c.Region, env.get("AWS_REGION"), env.get("AWS_DEFAULT_REGION"), defaultRegion)
	c.Connections = cmp.Or(c.Connections, 64)
	c.OpenTimeout = cmp.Or(c.OpenTimeout, 10*time.Second)
	c.StallTimeout = cmp.Or(c.StallTimeout, 15*time.Second)
	c.Attempts = cmp.Or(c.Attempts, 4)
	return c
}
