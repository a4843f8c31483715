package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/urfave/cli/v2"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/web"
)

const defaultListen = "127.0.0.1:8080"

func newDashboardCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "dashboard", Usage: "show the queues in a browser, until interrupted", ArgsUsage: " ",
		Description: `The pages of asynqmon. They know no users: listen on other addresses than this
machine's own only where everyone who can connect may see the tasks.`,
		Flags: []cli.Flag{redisFlag(),
			settingFlag("listen", defaultListen, "`ADDRESS` to listen on"),
			&cli.BoolFlag{Name: "writable", Usage: "let visitors pause queues and cancel, run and delete tasks"}},
		Action: func(c *cli.Context) error { return e.dashboard(c.Context, c) },
	}
}

func (e *env) dashboard(ctx context.Context, c *cli.Context) error {
	r, err := e.clusterRedis(c)
	if err != nil {
		return err
	}
	if err := queue.Ping(ctx, r); err != nil {
		return err
	}
	at, err := e.setting(c, "listen")
	if err != nil {
		return err
	}
	if at.text == "" {
		at.text = defaultListen
	}
	l, err := net.Listen("tcp", at.text)
	if err != nil {
		return fmt.Errorf("%w: listen on %q: %w", job.ErrInvalid, at.text, err)
	}
	d := web.NewDashboard(web.Config{Redis: r, Writable: c.Bool("writable")})
	defer d.Close()
	fmt.Fprintf(e.stderr, "dashboard of %s on http://%s/\n", r, l.Addr())
	return web.Serve(ctx, l, d)
}
