package coord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/queue"
	"github.com/binglide/binglide/job"
)

// keep is how long Redis remembers a job nobody touches.
const keep = 7 * 24 * time.Hour

// Redis is the Board, the marks and the leases, kept in Redis.
//
//	binglide:{<job>}:arrived:<level>   bits: the nodes of a level that are stored
//	binglide:{<job>}:mapped            bits: the chunks computed, not found
//	binglide:{<job>}:attempts          hash: node to attempt, where it is not 1
//	binglide:{<job>}:epoch             there as long as Redis has not lost the job
//	binglide:{<job>}:driver            who drives the job; expires
//	binglide:{<job>}:mark:<node>       an attempt at the node is alive; expires
//	binglide:{<job>}:events            channel of events
//	binglide:cancel                    channel of cancelled jobs
//
// Bits count from the first node of the level in the job's tree.
type Redis struct{ rdb redis.UniversalClient }

// NewRedis returns the board kept behind a client.
func NewRedis(rdb redis.UniversalClient) *Redis { return &Redis{rdb} }

// Dial returns the board kept in a Redis. It does not connect yet.
func Dial(r queue.Redis) *Redis { return NewRedis(redis.NewClient(r.Options())) }

// Close frees the connections. The board must not be in use.
func (r *Redis) Close() error { return r.rdb.Close() }

func jobKey(id job.ID, name string) string { return "binglide:{" + string(id) + "}:" + name }

func arrivedKey(id job.ID, level int) string {
	return jobKey(id, "arrived:"+strconv.Itoa(level))
}

// bit returns the place of a node in the bits of its level.
func bit(t job.Tree, n job.Node) int64 {
	return n.Index - t.Region.Offset/job.LevelSize(n.Level)
}

// Arrive implements part of [Arrivals].
func (r *Redis) Arrive(ctx context.Context, id job.ID, t job.Tree, n job.Node) (bool, error) {
	key := arrivedKey(id, n.Level)
	if n == t.Root() {
		return false, r.setBit(ctx, key, bit(t, n))
	}
	first, count := siblings(t, n)
	pipe := r.rdb.Pipeline()
	pipe.SetBit(ctx, key, bit(t, n), 1)
	bits := pipe.GetRange(ctx, key, first/8, (first+count-1)/8)
	pipe.Expire(ctx, key, keep)
	if _, err := pipe.Exec(ctx); err != nil {
		return false, err
	}
	return allSet(bits.Val(), first%8, count), nil
}

// siblings returns the bits of all children of n's parent.
func siblings(t job.Tree, n job.Node) (first, count int64) {
	for c := range t.Children(n.Parent()) {
		return bit(t, c), int64(t.Arity(n.Parent()))
	}
	return 0, 0
}

func allSet(bits string, from, count int64) bool {
	for i := from; i < from+count; i++ {
		if !isSet(bits, i) {
			return false
		}
	}
	return true
}

func isSet(bits string, i int64) bool {
	return i/8 < int64(len(bits)) && bits[i/8]&(0x80>>(i%8)) != 0
}

// Retract implements part of [Arrivals].
func (r *Redis) Retract(ctx context.Context, id job.ID, t job.Tree, n job.Node) error {
	return r.rdb.SetBit(ctx, arrivedKey(id, n.Level), bit(t, n), 0).Err()
}

// ArriveAll records that n and every chunk under it are stored, so that
// progress counts them.
func (r *Redis) ArriveAll(ctx context.Context, id job.ID, t job.Tree, n job.Node) error {
	first, count := t.LeavesUnder(n)
	from := bit(t, job.Node{Level: t.ChunkLevel, Index: first})
	key := arrivedKey(id, t.ChunkLevel)
	pipe := r.rdb.Pipeline()
	for i, end := from, from+count; i < end; {
		if whole := (end - i) / 8; i%8 == 0 && whole > 0 {
			pipe.SetRange(ctx, key, i/8, strings.Repeat("\xff", int(whole)))
			i += 8 * whole
			continue
		}
		pipe.SetBit(ctx, key, i, 1)
		i++
	}
	pipe.Expire(ctx, key, keep)
	_, err := pipe.Exec(ctx)
	return err
}

// Arrived is the arrivals of one level at one moment.
type Arrived struct {
	tree  job.Tree
	level int
	bits  string
}

// Has reports whether a node of the level had arrived.
func (a Arrived) Has(n job.Node) bool { return isSet(a.bits, bit(a.tree, n)) }

// Arrived returns the arrivals of a level.
func (r *Redis) Arrived(ctx context.Context, id job.ID, t job.Tree, level int) (Arrived, error) {
	bits, err := r.rdb.Get(ctx, arrivedKey(id, level)).Result()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return Arrived{t, level, bits}, err
}

// Mapped implements part of [Board].
func (r *Redis) Mapped(ctx context.Context, id job.ID, t job.Tree, n job.Node) error {
	return r.setBit(ctx, jobKey(id, "mapped"), bit(t, n))
}

func (r *Redis) setBit(ctx context.Context, key string, at int64) error {
	pipe := r.rdb.Pipeline()
	pipe.SetBit(ctx, key, at, 1)
	pipe.Expire(ctx, key, keep)
	_, err := pipe.Exec(ctx)
	return err
}

// MappedCount implements part of [Board].
func (r *Redis) MappedCount(ctx context.Context, id job.ID) (int64, error) {
	return r.rdb.BitCount(ctx, jobKey(id, "mapped"), nil).Result()
}

// Progress returns how far a job has come.
func (r *Redis) Progress(ctx context.Context, id job.ID, t job.Tree) (job.Progress, error) {
	key := arrivedKey(id, t.ChunkLevel)
	last := job.Node{Level: t.ChunkLevel, Index: t.FirstLeaf().Index + t.Leaves() - 1}
	pipe := r.rdb.Pipeline()
	done := pipe.BitCount(ctx, key, nil)
	mapped := pipe.BitCount(ctx, jobKey(id, "mapped"), nil)
	hasFirst := pipe.GetBit(ctx, key, 0)
	hasLast := pipe.GetBit(ctx, key, bit(t, last))
	if _, err := pipe.Exec(ctx); err != nil {
		return job.Progress{}, err
	}
	p := job.Progress{
		ChunksTotal: t.Leaves(), ChunksDone: done.Val(), ChunksMapped: mapped.Val(),
		BytesTotal: t.Region.Length, BytesDone: done.Val() * job.LevelSize(t.ChunkLevel),
	}
	size := job.LevelSize(t.ChunkLevel)
	if hasFirst.Val() == 1 {
		p.BytesDone -= size - t.Range(t.FirstLeaf()).Length
	}
	if hasLast.Val() == 1 && last != t.FirstLeaf() {
		p.BytesDone -= size - t.Range(last).Length
	}
	return p, nil
}

// Attempts implements part of [Attempts].
func (r *Redis) Attempts(ctx context.Context, id job.ID, nodes ...job.Node) ([]int, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	fields := make([]string, len(nodes))
	for i, n := range nodes {
		fields[i] = n.String()
	}
	extra, err := r.rdb.HMGet(ctx, jobKey(id, "attempts"), fields...).Result()
	if err != nil {
		return nil, err
	}
	attempts := make([]int, len(nodes))
	for i, v := range extra {
		s, _ := v.(string)
		more, _ := strconv.Atoi(s) // absent: none
		attempts[i] = 1 + more
	}
	return attempts, nil
}

// NextAttempt implements part of [Attempts].
func (r *Redis) NextAttempt(ctx context.Context, id job.ID, n job.Node) (int, error) {
	key := jobKey(id, "attempts")
	pipe := r.rdb.Pipeline()
	extra := pipe.HIncrBy(ctx, key, n.String(), 1)
	pipe.Expire(ctx, key, keep)
	_, err := pipe.Exec(ctx)
	return 1 + int(extra.Val()), err
}

// Publish implements part of [Events].
func (r *Redis) Publish(ctx context.Context, id job.ID, e Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	return r.rdb.Publish(ctx, jobKey(id, "events"), b).Err()
}

// Subscribe returns the events of a job from now on. Some may be lost; the
// channel is closed when ctx ends.
func (r *Redis) Subscribe(ctx context.Context, id job.ID) <-chan Event {
	out := make(chan Event, 1024)
	sub := r.rdb.Subscribe(ctx, jobKey(id, "events"))
	go func() {
		defer close(out)
		defer sub.Close()
		relay(ctx, sub.Channel(), func(m *redis.Message) {
			var e Event
			if json.Unmarshal([]byte(m.Payload), &e) == nil {
				select {
				case out <- e:
				default: // a slow reader looks for itself
				}
			}
		})
	}()
	return out
}

func relay(ctx context.Context, in <-chan *redis.Message, do func(*redis.Message)) {
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-in:
			if !ok {
				return
			}
			do(m)
		}
	}
}

// Begin records that Redis knows the job, and reports whether it did before.
func (r *Redis) Begin(ctx context.Context, id job.ID) (known bool, err error) {
	set, err := r.rdb.SetNX(ctx, jobKey(id, "epoch"), 1, keep).Result()
	return !set, err
}

// Knows reports whether Redis still has what Begin recorded.
func (r *Redis) Knows(ctx context.Context, id job.ID) (bool, error) {
	n, err := r.rdb.Exists(ctx, jobKey(id, "epoch")).Result()
	return n == 1, err
}

// Forget removes all that Redis holds of a job.
func (r *Redis) Forget(ctx context.Context, id job.ID, t job.Tree) error {
	keys := []string{jobKey(id, "mapped"), jobKey(id, "attempts"), jobKey(id, "epoch"), jobKey(id, "driver")}
	for level := t.ChunkLevel; level <= t.Root().Level; level++ {
		keys = append(keys, arrivedKey(id, level))
	}
	return r.rdb.Unlink(ctx, keys...).Err()
}
