package e2e

import (
	"strings"
	"testing"
)

// TestCluster_Damage writes garbage over one object of a finished job: verify
// names it, and the next job over the same bytes repairs it.
func TestCluster_Damage(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	file := writeFile(t, "a.bin", noise(9, 2_000_000))
	args := []string{"--chunk=64KiB", file}
	id := c.submit(t, args...)
	out := c.get(t, id)
	c.run(t, "verify", id)
	root := readJob(t, out).Keys["digram"]
	for _, damage := range []struct {
		name string
		pick func(t *testing.T) string
	}{
		{"root", func(*testing.T) string { return "nodes/digram/" + root[:2] + "/" + root }},
		{"below the root", func(t *testing.T) string { return other(t, c.keys(t, "nodes/bytes/"), readJob(t, out).Keys["bytes"]) }},
		{"chunk", func(t *testing.T) string { return c.keys(t, "chunks/")[3] }},
	} {
		t.Run(damage.name, func(t *testing.T) {
			key := damage.pick(t)
			replace(t, c.store, key, []byte("this is garbage, and no summary or chunk"))
			r := c.try(t, nil, "verify", id)
			if r.code != 1 || !strings.Contains(r.stdout, key[strings.LastIndex(key, "/")+1:]) {
				t.Errorf("verify: exit code %d, does not name %s:\n%s%s", r.code, key, r.stdout, r.stderr)
			}
			again := c.submit(t, args...)
			checkEqual(t, c.get(t, again), out)
			c.run(t, "verify", again)
			c.run(t, "verify", id)
		})
	}
}

// other returns a key that does not end in the given name.
func other(t *testing.T, keys []string, not string) string {
	t.Helper()
	for _, key := range keys {
		if !strings.HasSuffix(key, not) {
			return key
		}
	}
	t.Fatalf("no key but that of %s", not)
	return ""
}
