package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	// requestAttempts is how often minio-go sends a request that was refused
	// for a passing reason or not answered at all.
	requestAttempts = 3
	// dialTimeout bounds how long a connection, and then TLS, takes to set up.
	dialTimeout = 5 * time.Second
	// retryWait is the longest wait before the second attempt of ours. It
	// doubles for each further one.
	retryWait = 200 * time.Millisecond
	// ioBufferSize, in bytes, saves system calls on objects of megabytes.
	ioBufferSize = 128 << 10
)

// conn is how stores and objects reach one server: a client with its pool of
// connections and its credentials. It is safe for concurrent use.
type conn struct {
	config Config
	core   minio.Core
	// witness is an object of the bucket that is known to be there, or empty.
	witness string
}

// dial prepares a connection; nothing is sent. An empty endpoint means AWS.
func dial(c Config, env environment) (*conn, error) {
	c = c.withDefaults(env)
	endpoint, err := parseEndpoint(c.Endpoint)
	if err != nil {
		return nil, err
	}
	creds, err := findCredentials(c, env)
	if err != nil {
		return nil, err
	}
	if endpoint == nil {
		c.Endpoint = "https://s3." + c.Region + ".amazonaws.com"
		endpoint, _ = parseEndpoint(c.Endpoint)
	}
	transport, err := newTransport(c, endpoint.Scheme == "https")
	if err != nil {
		return nil, err
	}
	core, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds: creds, Secure: endpoint.Scheme == "https", Transport: transport, Region: c.Region,
		TrailingHeaders: true, MaxRetries: requestAttempts,
	})
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", c, err)
	}
	return &conn{config: c, core: *core}, nil
}

// newTransport returns a transport that keeps enough idle connections for all
// workers, gives up soon on addresses that do not answer, and trusts the
// authorities that the configuration names besides those of the system.
func newTransport(c Config, secure bool) (*http.Transport, error) {
	t, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
	t.MaxIdleConns, t.MaxIdleConnsPerHost = c.Connections, c.Connections
	t.ReadBufferSize, t.WriteBufferSize = ioBufferSize, ioBufferSize
	t.TLSHandshakeTimeout = dialTimeout
	if c.CA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("read the certificates that ca names: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s, which ca names: want PEM", c.CA)
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	return t, nil
}

// watched makes a call under a progress deadline: it has all the time it wants
// while it tells the watch that bytes move. Its errors are not sorted.
func (c *conn) watched(ctx context.Context, call func(*watch) error) error {
	w := newWatch(ctx, c.config.StallTimeout)
	defer w.stop()
	return w.explain(call(w))
}

// errTimeout is the cause of a context that Open has given up.
var errTimeout = errors.New("no answer in time")

// pauseBefore waits before the given attempt, counted from 0, for a random
// time, so that those whom one fault hit do not all come back at once.
func pauseBefore(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return ctx.Err()
	}
	limit := retryWait << (attempt - 1)
	timer := time.NewTimer(limit/2 + rand.N(limit/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
