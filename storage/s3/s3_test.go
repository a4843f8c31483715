package s3

import (
	"cmp"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/storagetest"
)

// server returns a configuration for the server that a variable names, with a
// bucket of its own. Without one the test is skipped, or fails where
// BINGLIDE_TEST_REQUIRED is set.
func server(t testing.TB, variable string) Config {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" && os.Getenv("BINGLIDE_TEST_REQUIRED") != "" {
		t.Fatalf("%s is not set: want the URL of an S3 server", variable)
	}
	if endpoint == "" {
		t.Skipf("%s is not set: want the URL of an S3 server", variable)
	}
	return Config{
		Endpoint: endpoint, Bucket: "binglide-" + strings.ToLower(rand.Text()),
		AccessKey: cmp.Or(os.Getenv(variable+"_ACCESS_KEY"), os.Getenv("AWS_ACCESS_KEY_ID")),
		SecretKey: cmp.Or(os.Getenv(variable+"_SECRET_KEY"), os.Getenv("AWS_SECRET_ACCESS_KEY")),
	}
}

func openStore(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	conform(t, server(t, "BINGLIDE_TEST_S3"))
}

func TestStore_Alt(t *testing.T) {
	t.Parallel()
	if os.Getenv("BINGLIDE_TEST_S3_ALT") == "" {
		t.Skip("BINGLIDE_TEST_S3_ALT is not set: it may name a second S3 server")
	}
	conform(t, server(t, "BINGLIDE_TEST_S3_ALT"))
}

// conform runs the suite in one bucket, each test below a prefix of its own.
func conform(t *testing.T, c Config) {
	storagetest.Run(t, func(t testing.TB) storage.Store {
		c := c // subtests run at once
		c.Prefix = "run/" + strings.ToLower(rand.Text())
		return openStore(t, c)
	})
}

func BenchmarkStore(b *testing.B) {
	c := server(b, "BINGLIDE_TEST_S3")
	storagetest.Benchmark(b, func(t testing.TB) storage.Store {
		c.Prefix = strings.ToLower(rand.Text())
		return openStore(t, c)
	})
}

func TestOpen_WrongCredentials(t *testing.T) {
	t.Parallel()
	good := server(t, "BINGLIDE_TEST_S3")
	for name, c := range map[string]Config{
		"Secret": {AccessKey: good.AccessKey, SecretKey: "wrong-secret"},
		"User":   {AccessKey: "nobody", SecretKey: good.SecretKey},
	} {
		c.Endpoint, c.Bucket = good.Endpoint, good.Bucket
		_, err := Open(t.Context(), c)
		if !errors.Is(err, storage.ErrDenied) || !strings.Contains(err.Error(), c.Endpoint) || strings.Contains(err.Error(), c.SecretKey) {
			t.Errorf("%s: got %v, want ErrDenied naming the endpoint and no secret", name, err)
		}
	}
}

func TestOpen_RacingCreators(t *testing.T) {
	t.Parallel()
	c := server(t, "BINGLIDE_TEST_S3")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := Open(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
