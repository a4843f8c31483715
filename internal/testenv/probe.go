package testenv

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	probeEvery   = 20 * time.Millisecond
	probeTimeout = time.Second      // of one try
	startTimeout = 60 * time.Second // until a server must answer
)

// await calls probe until it succeeds, and returns its last error when the
// time to start is over or the server is known to be gone.
func await(ctx context.Context, probe func(context.Context) error, gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		try, stop := context.WithTimeout(ctx, probeTimeout)
		err := probe(try)
		stop()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-gone:
			return fmt.Errorf("the server ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v: %w", startTimeout, err)
		}
	}
}

// pingRedis returns nil once Redis serves commands, which it does not while it
// loads its log.
func pingRedis(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") {
		return fmt.Errorf("redis at %s says %q", addr, strings.TrimSpace(line))
	}
	return nil
}

// pingS3 returns nil once the server refuses an unsigned request for what it
// is. Until then it answers nothing or a server error.
func pingS3(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		return fmt.Errorf("S3 server at %s says %s", addr, resp.Status)
	}
	return nil
}
