package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// latency measures how long an idle server takes to begin a task.
func (b *bench) latency(ctx context.Context) error {
	url := os.Getenv("BINGLIDE_TEST_REDIS")
	if url == "" {
		row("idle to first task", "≤ 30 ms", "not measured: BINGLIDE_TEST_REDIS is not set")
		return nil
	}
	r, err := queue.ParseRedis(url, os.Getenv, false)
	if err != nil {
		return err
	}
	begun := make(chan time.Time)
	server, err := queue.NewServer(queue.ServerConfig{Redis: r, Handlers: map[queue.Kind]queue.Handler{
		queue.MapChunk: func(context.Context, queue.Task) (queue.Result, error) {
			begun <- time.Now()
			return queue.Result{}, nil
		},
	}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	took, err := firstTasks(ctx, queue.NewClient(queue.ClientConfig{Redis: r, Retention: -1}), begun)
	cancel()
	if err := <-served; err != nil {
		return err
	}
	if err == nil {
		row("idle to first task, p50", "≤ 30 ms", "%.1f ms", took[len(took)/2].Seconds()*1e3)
		row("idle to first task, p99", "", "%.1f ms", took[len(took)*99/100].Seconds()*1e3)
	}
	return err
}

// firstTasks sends tasks one by one to an idle server and returns how long each
// took to begin, shortest first.
func firstTasks(ctx context.Context, c *queue.Client, begun <-chan time.Time) ([]time.Duration, error) {
	defer c.Close()
	var took []time.Duration
	id := job.NewID()
	for i := range 100 {
		start := time.Now()
		task := queue.Task{Kind: queue.MapChunk, Job: id, Node: job.Node{Level: 3, Index: int64(i)}, Attempt: 1}
		if err := c.Enqueue(ctx, task); err != nil {
			return nil, err
		}
		select {
		case at := <-begun:
			took = append(took, at.Sub(start))
		case <-time.After(10 * time.Second):
			return nil, fmt.Errorf("task %d was not begun within 10 s", i)
		}
		time.Sleep(time.Duration(37+i%50) * time.Millisecond) // idle, out of step with the server's polls
	}
	slices.Sort(took)
	return took, nil
}
