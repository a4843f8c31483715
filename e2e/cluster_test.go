package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/binglide/binglide/internal/testenv"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/s3"
)

// inputs is the bucket of the objects that jobs are about.
const inputs = "e2e-inputs"

// many is a size of which chunks of 64 KiB are enough to catch a job midway.
const many = 16 << 20

// cluster is the processes of binglide around a Redis of the test's own and a
// prefix of its own in MinIO.
type cluster struct {
	*program
	redis   *testenv.Service
	store   storage.Store
	prefix  string
	mappers []*process
	dir     string
}

// newCluster starts a scheduler, a reducer, and mappers that take one chunk at
// a time.
func newCluster(t *testing.T, mappers int) *cluster {
	t.Helper()
	endpoint := testenv.Need(t, testenv.EnvS3)
	c := &cluster{redis: testenv.New(t, testenv.Redis), dir: t.TempDir()}
	c.prefix = strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")) + fmt.Sprintf("-%d", time.Now().UnixNano())
	c.store = openStore(t, s3.Config{Endpoint: endpoint, Bucket: "e2e", Prefix: c.prefix})
	c.program = newProgram(t, "BINGLIDE_REDIS="+c.redis.URL(), "AWS_ENDPOINT_URL="+endpoint,
		"BINGLIDE_STORE=s3://e2e/"+c.prefix+"?endpoint="+endpoint,
		"AWS_ACCESS_KEY_ID="+testenv.AccessKey, "AWS_SECRET_ACCESS_KEY="+testenv.SecretKey)
	c.serve(t, "scheduler")
	c.serve(t, "reducer")
	for range mappers {
		c.mappers = append(c.mappers, c.serve(t, "mapper", "--workers=1"))
	}
	return c
}

func openStore(t *testing.T, conf s3.Config) storage.Store {
	t.Helper()
	conf.AccessKey, conf.SecretKey = testenv.AccessKey, testenv.SecretKey
	s, err := s3.Open(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve starts a process that must end well when it is asked to, at the end of
// the test.
func (c *cluster) serve(t *testing.T, role ...string) *process {
	t.Helper()
	s := c.start(t, role...)
	t.Cleanup(func() {
		select {
		case <-s.done: // the test ended it
		default:
			if code := s.signal(t, syscall.SIGTERM, 30*time.Second); code != 0 && code != 130 {
				t.Errorf("%s ended with %d", s.name, code)
			}
		}
	})
	return s
}

// submit submits an input and returns the job.
func (c *cluster) submit(t *testing.T, args ...string) string {
	t.Helper()
	return c.run(t, append([]string{"submit"}, args...)...)
}

// get writes the result folder of a job that is done, or will be.
func (c *cluster) get(t *testing.T, id string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), id)
	c.run(t, "wait", id)
	c.run(t, "get", id, "--out", out)
	return out
}

// midway returns when some, but not all, chunks of a job are done.
func (c *cluster) midway(t *testing.T, id string) {
	t.Helper()
	w := c.start(t, "watch", "--json", id)
	r := w.until(t, func(r report) bool { return r.Progress.Done >= 8 || r.State != "running" })
	if r.State != "running" || r.Progress.Done == r.Progress.Total {
		t.Fatalf("the job is %s with %d of %d chunks before anything was done to it", r.State, r.Progress.Done, r.Progress.Total)
	}
	w.kill(t)
}

func (c *cluster) status(t *testing.T, id string) report {
	t.Helper()
	return parseReport(t, c.run(t, "status", "--json", id))
}

// embedded returns the result folder that `binglide run` makes of a file.
func embedded(t *testing.T, file string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "embedded")
	newProgram(t).run(t, append([]string{"run", "--no-cache", "--out", out, file}, args...)...)
	return out
}

// keys lists the objects of the store under a prefix.
func (c *cluster) keys(t *testing.T, prefix string) (keys []string) {
	t.Helper()
	for info, err := range c.store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// putObject stores an object that is an input, in place of any other.
func putObject(t *testing.T, key string, data []byte) string {
	t.Helper()
	s := openStore(t, s3.Config{Endpoint: testenv.Need(t, testenv.EnvS3), Bucket: inputs})
	replace(t, s, key, data)
	return "s3://" + inputs + "/" + key
}

func replace(t *testing.T, s storage.Store, key string, data []byte) {
	t.Helper()
	if err := s.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), key, data); err != nil {
		t.Fatal(err)
	}
}

func TestCluster_EqualsEmbedded(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	data := append(prose(700_000), noise(1, 1_500_000)...)
	file := writeFile(t, "mixed.bin", data)
	want := embedded(t, file, all)
	id := c.submit(t, all, "--chunk=64KiB", file)
	out := c.get(t, id)
	checkEqual(t, out, want)
	checkOracle(t, out, data, 0)
	c.run(t, "verify", id)

	t.Run("resubmitted", func(t *testing.T) {
		again := c.submit(t, all, "--chunk=64KiB", file)
		out := c.get(t, again)
		checkEqual(t, out, want)
		if j := readJob(t, out); j.ChunksMapped != 0 || j.ChunksTotal != 34 {
			t.Errorf("%d of %d chunks mapped, want 0 of 34", j.ChunksMapped, j.ChunksTotal)
		}
		c.run(t, "verify", again)
	})
	t.Run("stored before", func(t *testing.T) {
		name := c.run(t, "put", "--chunk=64KiB", file)
		if !strings.HasPrefix(name, "input:") {
			t.Fatalf("put printed %q", name)
		}
		before := len(c.keys(t, "chunks/"))
		out := c.get(t, c.submit(t, all, name))
		checkEqual(t, out, want)
		if after := len(c.keys(t, "chunks/")); after != before {
			t.Errorf("%d chunks stored, %d before", after, before)
		}
	})
	t.Run("told", func(t *testing.T) { c.checkTold(t, id) })
}

// checkTold looks at what status, ls and watch say of a job that is done.
func (c *cluster) checkTold(t *testing.T, id string) {
	t.Helper()
	if st := c.status(t, id); st.State != "done" || st.Progress.Done != st.Progress.Total || st.Input != "mixed.bin" {
		t.Errorf("status: %+v", st)
	}
	listed := slices.ContainsFunc(parseReports(t, c.run(t, "ls", "--json")), func(r report) bool { return r.Job == id && r.State == "done" })
	if !listed || !strings.Contains(c.run(t, "ls"), id) {
		t.Errorf("ls does not list %s as done", id)
	}
	lines := parseReports(t, c.run(t, "watch", "--json", id))
	if last := lines[len(lines)-1]; !last.Final || last.Results["bytes"] == nil || last.Results["stats"] == nil {
		t.Errorf("the last line of watch has no results: %+v", last)
	}
}

func TestCluster_Object(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	data := noise(2, 3_000_001)
	input := putObject(t, c.prefix+"/object.bin", data)
	id := c.submit(t, "--chunk=1MiB", input)
	out := c.get(t, id)
	checkEqual(t, out, embedded(t, writeFile(t, "object.bin", data)))
	if copied := c.keys(t, "chunks/"); len(copied) > 0 {
		t.Errorf("the object was copied: %q", copied)
	}
	c.run(t, "verify", id)
}

func TestCluster_ObjectOverwritten(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	key := c.prefix + "/object.bin"
	id := c.submit(t, "--chunk=64KiB", putObject(t, key, noise(2, many)))
	c.midway(t, id)
	putObject(t, key, noise(3, many))
	r := c.try(t, nil, "wait", id)
	mishap{code: 1, says: []string{id, "input changed", inputs + "/" + key}}.judge(t, r)
	if st := c.status(t, id); st.State != "failed" || !strings.Contains(st.Error, "input changed") || !st.Final {
		t.Errorf("status: %+v", st)
	}
}

func TestCluster_Cancel(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	file := writeFile(t, "a.bin", noise(4, many))
	id := c.submit(t, "--chunk=64KiB", file)
	c.midway(t, id)
	c.run(t, "cancel", id)
	cancelled := time.Now()
	for c.active(t) > 0 {
		if time.Since(cancelled) > 2*time.Second {
			t.Fatal("tasks still run 2 s after the job was cancelled")
		}
	}
	if r := c.try(t, nil, "wait", id); r.code != 4 {
		t.Errorf("wait: exit code %d, want 4: %s", r.code, r.stderr)
	}
	first := c.status(t, id)
	nodes := len(c.keys(t, "nodes/"))
	if first.State != "cancelled" || first.Progress.Done == first.Progress.Total {
		t.Errorf("status: %+v", first)
	}
	for range 5 { // of half a second and more each
		c.status(t, id)
	}
	if after := len(c.keys(t, "nodes/")); after != nodes {
		t.Errorf("%d summaries stored, %d right after cancelling", after, nodes)
	}
	again := c.submit(t, "--chunk=64KiB", file)
	out := c.get(t, again)
	checkEqual(t, out, embedded(t, file))
	if j := readJob(t, out); j.ChunksMapped >= j.ChunksTotal {
		t.Errorf("%d of %d chunks mapped: nothing was kept of the cancelled job", j.ChunksMapped, j.ChunksTotal)
	}
	c.run(t, "verify", again)
}

// active returns the number of tasks that are being worked on.
func (c *cluster) active(t *testing.T) (n int) {
	t.Helper()
	var health struct {
		Queues []struct{ Active int } `json:"queues"`
	}
	if err := json.Unmarshal([]byte(c.run(t, "health", "--json")), &health); err != nil {
		t.Fatal(err)
	}
	for _, q := range health.Queues {
		n += q.Active
	}
	return n
}

// TestCluster_CancelSparesOthers cancels one of two jobs over the same bytes.
func TestCluster_CancelSparesOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	file := writeFile(t, "a.bin", noise(5, many))
	id := c.submit(t, "--chunk=64KiB", file)
	other := c.submit(t, "--chunk=64KiB", file)
	c.midway(t, id)
	c.run(t, "cancel", id)
	checkEqual(t, c.get(t, other), embedded(t, file))
	if st := c.status(t, id); st.State != "cancelled" {
		t.Errorf("the cancelled job is %s", st.State)
	}
	c.run(t, "verify", other)
}

func TestCluster_RedisLosesAll(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	file := writeFile(t, "a.bin", noise(6, many))
	id := c.submit(t, "--chunk=64KiB", file)
	c.midway(t, id)
	flush(t, c.redis.URL())
	checkEqual(t, c.get(t, id), embedded(t, file))
	c.run(t, "verify", id)
}

func flush(t *testing.T, address string) {
	t.Helper()
	opt, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := client.FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestCluster_MapperKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	file := writeFile(t, "a.bin", noise(7, many))
	id := c.submit(t, "--chunk=64KiB", file)
	c.midway(t, id)
	c.mappers[0].kill(t)
	checkEqual(t, c.get(t, id), embedded(t, file))
	c.run(t, "verify", id)
}

// TestCluster_SharedFolder has two workers share a folder as their store.
func TestCluster_SharedFolder(t *testing.T) {
	t.Parallel()
	c := &cluster{redis: testenv.New(t, testenv.Redis)}
	c.program = newProgram(t, "BINGLIDE_REDIS="+c.redis.URL(), "BINGLIDE_STORE=file://"+t.TempDir())
	c.serve(t, "worker", "--workers=1")
	c.serve(t, "worker", "--workers=1")
	file := writeFile(t, "a.bin", noise(8, 5_000_000))
	id := c.submit(t, "--chunk=64KiB", file)
	checkEqual(t, c.get(t, id), embedded(t, file))
	c.run(t, "verify", id)
}
