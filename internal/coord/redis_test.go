package coord_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/coord"
	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// raggedTree has 19 chunks under two nodes under the root; both ends are cut.
func raggedTree() job.Tree {
	return job.Tree{Region: job.Range{Offset: 13*chunk + 100, Length: 18*chunk + 50}, ChunkLevel: 1}
}

func leaf(i int64) job.Node { return job.Node{Level: 1, Index: i} }

func TestArrive_CompleteOnceAllSiblingsArrived(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		id, tree, ctx := job.NewID(), raggedTree(), t.Context()
		for parent := range tree.Row(2) {
			left := tree.Arity(parent)
			for n := range tree.Children(parent) {
				left--
				for call := range 3 { // the first and two redeliveries
					got := must[bool](t)(board.Arrive(ctx, id, tree, n))
					if want := left == 0; got != want {
						t.Errorf("call %d for %s: complete is %v, want %v", call, n, got, want)
					}
				}
			}
			for n := range tree.Children(parent) {
				if !must[bool](t)(board.Arrive(ctx, id, tree, n)) {
					t.Errorf("%s: arrived again: not complete, want complete for ever", n)
				}
			}
		}
		if must[bool](t)(board.Arrive(ctx, id, tree, tree.Root())) {
			t.Error("the root completes a parent, want it to have none")
		}
	})
}

func TestArrive_AnyOrderOfSiblings(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		tree := raggedTree()
		for first := range tree.Row(1) {
			id, others := job.NewID(), 0
			for n := range tree.Children(first.Parent()) {
				if n != first {
					others++
					if must[bool](t)(board.Arrive(t.Context(), id, tree, n)) {
						t.Errorf("complete without %s", first)
					}
				}
			}
			if !must[bool](t)(board.Arrive(t.Context(), id, tree, first)) {
				t.Errorf("%s is the last of %d: not complete", first, others+1)
			}
		}
	})
}

func TestRetract(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		id, tree, ctx := job.NewID(), raggedTree(), t.Context()
		arrive := func(n job.Node) bool { return must[bool](t)(board.Arrive(ctx, id, tree, n)) }
		for n := range tree.Row(1) {
			arrive(n)
		}
		if err := board.Retract(ctx, id, tree, leaf(14)); err != nil {
			t.Fatal(err)
		}
		if arrive(leaf(13)) {
			t.Error("complete though a sibling was retracted")
		}
		if has := must[coord.Arrived](t)(board.Arrived(ctx, id, tree, 1)); has.Has(leaf(14)) || !has.Has(leaf(15)) {
			t.Error("arrivals do not show the retraction, and it alone")
		}
		if !arrive(leaf(14)) {
			t.Error("not complete once the retracted sibling came again")
		}
	})
}

func TestProgress_CountsBytesOfCutChunks(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		for name, tree := range map[string]job.Tree{
			"cut at both ends": raggedTree(),
			"whole chunks":     {Region: job.Range{Length: 3 * chunk}, ChunkLevel: 1},
			"one cut chunk":    {Region: job.Range{Offset: 5, Length: 10}, ChunkLevel: 1},
			"empty":            {ChunkLevel: 1},
		} {
			id, ctx := job.NewID(), t.Context()
			want := job.Progress{ChunksTotal: tree.Leaves(), BytesTotal: tree.Region.Length}
			for n := range tree.Row(1) {
				if got := must[job.Progress](t)(board.Progress(ctx, id, tree)); got != want {
					t.Errorf("%s: before %s: %+v, want %+v", name, n, got, want)
				}
				must[bool](t)(board.Arrive(ctx, id, tree, n))
				must[bool](t)(board.Arrive(ctx, id, tree, n))
				want.ChunksDone++
				want.BytesDone += tree.Range(n).Length
				if n.Index%2 == 0 {
					for range 2 {
						if err := board.Mapped(ctx, id, tree, n); err != nil {
							t.Fatal(err)
						}
					}
					want.ChunksMapped++
				}
			}
			if got := must[job.Progress](t)(board.Progress(ctx, id, tree)); got != want || got.BytesDone != got.BytesTotal {
				t.Errorf("%s: at the end: %+v, want %+v", name, got, want)
			}
			if got := must[int64](t)(board.MappedCount(ctx, id)); got != want.ChunksMapped {
				t.Errorf("%s: %d mapped, want %d", name, got, want.ChunksMapped)
			}
		}
	})
}

func TestArriveAll(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		id, tree, ctx := job.NewID(), raggedTree(), t.Context()
		under := job.Node{Level: 2, Index: 1}
		if err := board.ArriveAll(ctx, id, tree, under); err != nil {
			t.Fatal(err)
		}
		arrived := must[coord.Arrived](t)(board.Arrived(ctx, id, tree, 1))
		for n := range tree.Row(1) {
			if got, want := arrived.Has(n), n.Parent() == under; got != want {
				t.Errorf("%s: arrived is %v, want %v", n, got, want)
			}
		}
	})
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		id, ctx := job.NewID(), t.Context()
		if got := must[[]int](t)(board.Attempts(ctx, id)); len(got) != 0 {
			t.Errorf("attempts at no node: %v", got)
		}
		for want := 2; want <= 3; want++ {
			if got := must[int](t)(board.NextAttempt(ctx, id, leaf(3))); got != want {
				t.Errorf("next attempt is %d, want %d", got, want)
			}
		}
		got := must[[]int](t)(board.Attempts(ctx, id, leaf(2), leaf(3)))
		if got[0] != 1 || got[1] != 3 {
			t.Errorf("attempts %v, want [1 3]", got)
		}
	})
}

func TestLease(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		id, ctx := job.NewID(), t.Context()
		lease := func(owner string, want bool) {
			t.Helper()
			if got := must[bool](t)(board.Lease(ctx, id, owner)); got != want {
				t.Errorf("%s has the lease: %v, want %v", owner, got, want)
			}
		}
		lease("a", true)
		lease("a", true) // renewed
		lease("b", false)
		if err := board.Release(ctx, id, "b"); err != nil {
			t.Fatal(err)
		}
		lease("b", false) // it was not b's to give back
		if err := board.Release(ctx, id, "a"); err != nil {
			t.Fatal(err)
		}
		lease("b", true)
		// b dies: what its lease has left to run is cut short.
		if err := rdb.PExpire(ctx, "binglide:{"+string(id)+"}:driver", time.Millisecond).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the takeover", func() bool { return must[bool](t)(board.Lease(ctx, id, "a")) })
		lease("b", false)
	})
}

func TestLease_Expires(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		id := job.NewID()
		must[bool](t)(board.Lease(t.Context(), id, "a"))
		left := must[time.Duration](t)(rdb.PTTL(t.Context(), "binglide:{"+string(id)+"}:driver").Result())
		if left <= 0 || left > coord.LeaseFor {
			t.Errorf("lease ends in %v, want within %v", left, coord.LeaseFor)
		}
	})
}

func TestMark(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		id, ctx := job.NewID(), t.Context()
		marked := func() []bool {
			return must[[]bool](t)(board.Marked(ctx, id, []job.Node{leaf(1), leaf(2)}))
		}
		if got := marked(); got[0] || got[1] {
			t.Errorf("marked %v before any attempt", got)
		}
		handler := board.Marking(func(context.Context, queue.Task) (queue.Result, error) {
			eventually(t, "the mark", func() bool { return marked()[0] })
			if marked()[1] {
				t.Error("a node nobody works on is marked")
			}
			return queue.Result{Bytes: 7}, nil
		})
		res, err := handler(ctx, queue.Task{Job: id, Node: leaf(1)})
		if err != nil || res.Bytes != 7 {
			t.Errorf("marking changed the outcome: %+v, %v", res, err)
		}
		key := "binglide:{" + string(id) + "}:mark:1.1"
		if left := must[time.Duration](t)(rdb.PTTL(ctx, key).Result()); left > 4*time.Second {
			t.Errorf("the mark of an ended attempt lasts %v", left)
		}
	})
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, _ redis.UniversalClient) {
		ctx, cancel := context.WithCancel(t.Context())
		id := job.NewID()
		events := board.Subscribe(ctx, id)
		want := coord.Event{Node: leaf(3), Mapped: true}
		var got coord.Event
		eventually(t, "the event", func() bool { // those sent before the subscription stands are lost
			if err := board.Publish(ctx, job.NewID(), coord.Event{Final: true}); err != nil {
				t.Fatal(err)
			}
			if err := board.Publish(ctx, id, want); err != nil {
				t.Fatal(err)
			}
			select {
			case got = <-events:
				return true
			default:
				return false
			}
		})
		if got != want {
			t.Errorf("event %+v, want %+v", got, want)
		}
		cancel()
		eventually(t, "the end of the channel", func() bool {
			select {
			case _, open := <-events:
				return !open
			default:
				return false
			}
		})
	})
}

func TestForget(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		id, other, tree, ctx := job.NewID(), job.NewID(), raggedTree(), t.Context()
		for _, id := range []job.ID{id, other} {
			touchAll(t, board, id, tree)
		}
		if !must[bool](t)(board.Knows(ctx, id)) {
			t.Error("a job that was begun is not known")
		}
		if err := board.Forget(ctx, id, tree); err != nil {
			t.Fatal(err)
		}
		if keys := rdb.Keys(ctx, "binglide:{"+string(id)+"}:*").Val(); len(keys) > 0 {
			t.Errorf("Redis still has %v", keys)
		}
		if must[bool](t)(board.Knows(ctx, id)) || !must[bool](t)(board.Knows(ctx, other)) {
			t.Error("want one job forgotten and the other known")
		}
		if known := must[bool](t)(board.Begin(ctx, id)); known {
			t.Error("a forgotten job was known when it began again")
		}
		if err := board.Forget(ctx, other, tree); err != nil {
			t.Fatal(err)
		}
	})
}

// touchAll makes the board hold every kind of key of a job.
func touchAll(t *testing.T, board *coord.Redis, id job.ID, tree job.Tree) {
	t.Helper()
	ctx := t.Context()
	must[bool](t)(board.Begin(ctx, id))
	must[bool](t)(board.Lease(ctx, id, "a"))
	must[int](t)(board.NextAttempt(ctx, id, leaf(13)))
	must[bool](t)(board.Arrive(ctx, id, tree, tree.Root()))
	for _, level := range []int{1, 2} {
		for n := range tree.Row(level) {
			must[bool](t)(board.Arrive(ctx, id, tree, n))
		}
	}
	if err := board.Mapped(ctx, id, tree, leaf(13)); err != nil {
		t.Fatal(err)
	}
}

func TestRedis_RemembersNothingForEver(t *testing.T) {
	t.Parallel()
	redisBoards(t, func(t *testing.T, board *coord.Redis, rdb redis.UniversalClient) {
		id, tree, ctx := job.NewID(), raggedTree(), t.Context()
		touchAll(t, board, id, tree)
		only := job.NewID() // a job all of whose nodes were adopted
		if err := board.ArriveAll(ctx, only, tree, tree.Root()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []job.ID{id, only} {
			keys := rdb.Keys(ctx, "binglide:{"+string(id)+"}:*").Val()
			if len(keys) == 0 {
				t.Errorf("job %s has no keys", id)
			}
			for _, key := range keys {
				if left := rdb.TTL(ctx, key).Val(); left <= 0 {
					t.Errorf("%s never expires", key)
				}
			}
		}
	})
}
