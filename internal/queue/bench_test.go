package queue

import (
	"context"
	"slices"
	"testing"
	"time"
)

// redises are the servers that benchmarks run against.
var redises = map[string]func(testing.TB) Redis{"in process": embedded, "redis": realRedis}

// BenchmarkIdleToFirstTask reports how long a task waits for an idle server.
func BenchmarkIdleToFirstTask(b *testing.B) {
	for name, get := range redises {
		b.Run(name, func(b *testing.B) {
			r := get(b)
			flush(b, r)
			c, started := NewClient(ClientConfig{Redis: r, Retention: -1}), make(chan time.Time)
			defer c.Close()
			serve(b, ServerConfig{Redis: r, Concurrency: 2, Handlers: only(func(context.Context, Task) (Result, error) {
				started <- time.Now()
				return Result{}, nil
			})})
			var took []time.Duration
			for i := int64(0); b.Loop(); i++ {
				time.Sleep(time.Duration(i%7) * 5 * time.Millisecond) // out of step with the poll
				begin := time.Now()
				enqueue(b, c, chunk(i))
				took = append(took, (<-started).Sub(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkEnqueue reports tasks enqueued in calls of 1000.
func BenchmarkEnqueue(b *testing.B) {
	for name, get := range redises {
		b.Run(name, func(b *testing.B) {
			r := get(b)
			flush(b, r)
			c := NewClient(ClientConfig{Redis: r, Retention: -1})
			defer c.Close()
			ts, n := make([]Task, 1000), int64(0)
			for b.Loop() {
				for i := range ts {
					ts[i], n = chunk(n), n+1
				}
				enqueue(b, c, ts...)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tasks/s")
			flush(b, r)
		})
	}
}

// BenchmarkRun reports empty tasks run.
func BenchmarkRun(b *testing.B) {
	for name, get := range redises {
		b.Run(name, func(b *testing.B) {
			r := get(b)
			flush(b, r)
			c, ran := NewClient(ClientConfig{Redis: r, Retention: -1}), make(chan struct{}, 1000)
			defer c.Close()
			serve(b, ServerConfig{Redis: r, Concurrency: 8, Handlers: only(func(context.Context, Task) (Result, error) {
				ran <- struct{}{}
				return Result{}, nil
			})})
			ts, n := make([]Task, 1000), int64(0)
			for b.Loop() {
				for i := range ts {
					ts[i], n = chunk(n), n+1
				}
				enqueue(b, c, ts...)
				for range ts {
					<-ran
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tasks/s")
		})
	}
}
