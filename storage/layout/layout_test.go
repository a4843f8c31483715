package layout_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/binglide/binglide/job"
	"github.com/binglide/binglide/storage"
	"github.com/binglide/binglide/storage/layout"
)

const id = job.ID("abcdefghijklmno2")

func ExampleChunk() {
	fmt.Println(layout.Chunk(job.DigestOf([]byte("hello"))))
	// Output: chunks/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
}

func ExampleJobFact() {
	fmt.Println(layout.JobFact("abcdefghijklmno2", layout.Done))
	// Output: jobs/abcdefghijklmno2/done
}

func ExampleParseOpenMark() {
	id, err := layout.ParseOpenMark("open/abcdefghijklmno2")
	fmt.Println(id, err)
	// Output: abcdefghijklmno2 <nil>
}

// golden pins every kind of key: what is stored under one must be found again.
func golden() map[string]string {
	d := job.DigestOf([]byte("hello"))
	const hex = "2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	return map[string]string{
		layout.Chunk(d):                      "chunks/" + hex,
		layout.Blob(d):                       "blobs/" + hex,
		layout.Manifest(d):                   "manifests/" + hex,
		layout.Node("bytes", job.Key(d)):     "nodes/bytes/" + hex,
		layout.JobFact(id, layout.Spec):      "jobs/abcdefghijklmno2/spec",
		layout.JobFact(id, layout.Done):      "jobs/abcdefghijklmno2/done",
		layout.JobFact(id, layout.Failed):    "jobs/abcdefghijklmno2/failed",
		layout.JobFact(id, layout.Cancelled): "jobs/abcdefghijklmno2/cancelled",
		layout.JobPrefix(id) + "x":           "jobs/abcdefghijklmno2/x",
		layout.OpenMark(id):                  "open/abcdefghijklmno2",
	}
}

func TestKeys_Golden(t *testing.T) {
	t.Parallel()
	for got, want := range golden() {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if !storage.ValidKey(got) {
			t.Errorf("%s is no valid key", got)
		}
	}
}

// TestKeys_Prefixes finds each kind of key under its own prefix alone.
func TestKeys_Prefixes(t *testing.T) {
	t.Parallel()
	prefixes := []string{layout.Chunks, layout.Blobs, layout.Manifests, layout.Nodes, layout.Jobs, layout.Open}
	for key := range golden() {
		var under []string
		for _, p := range prefixes {
			if strings.HasPrefix(key, p) {
				under = append(under, p)
			}
		}
		if len(under) != 1 {
			t.Errorf("%s is listed under %q, want one", key, under)
		}
	}
	for _, p := range append(prefixes, layout.JobPrefix(id)) {
		if !storage.ValidPrefix(p) {
			t.Errorf("%q is no valid prefix", p)
		}
	}
}

func TestParse_RoundTrips(t *testing.T) {
	t.Parallel()
	for range 100 {
		id := job.NewID()
		if got, err := layout.ParseOpenMark(layout.OpenMark(id)); err != nil || got != id {
			t.Errorf("open mark of %s: got %s, %v", id, got, err)
		}
		if got, ok := layout.ParseSpec(layout.JobFact(id, layout.Spec)); !ok || got != id {
			t.Errorf("spec of %s: got %s, %v", id, got, ok)
		}
	}
}

func TestParseOpenMark_Refuses(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "open/", "open", "open/short", "open/ABCDEFGHIJKLMNO2", "open/abcdefghijklmno2/x", "jobs/abcdefghijklmno2", "abcdefghijklmno2"} {
		if id, err := layout.ParseOpenMark(key); !errors.Is(err, job.ErrInvalid) {
			t.Errorf("%q: got %q, %v; want %v", key, id, err, job.ErrInvalid)
		}
	}
}

func TestParseSpec_Refuses(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "jobs/", "jobs/spec", "jobs//spec", "jobs/short/spec", "jobs/abcdefghijklmno2", "jobs/abcdefghijklmno2/done", "jobs/abcdefghijklmno2/spec/x", "open/abcdefghijklmno2/spec"} {
		if id, ok := layout.ParseSpec(key); ok {
			t.Errorf("%q: got %q, want none", key, id)
		}
	}
}

func FuzzParse(f *testing.F) {
	for key := range golden() {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if id, err := layout.ParseOpenMark(key); err == nil && layout.OpenMark(id) != key {
			t.Errorf("%q: parsed as the open mark of %q", key, id)
		}
		if id, ok := layout.ParseSpec(key); ok && layout.JobFact(id, layout.Spec) != key {
			t.Errorf("%q: parsed as the spec of %q", key, id)
		}
	})
}

// TestNode_FansOut spreads keys over two hexadecimal digits.
func TestNode_FansOut(t *testing.T) {
	t.Parallel()
	var folders []string
	for i := range 256 {
		key := layout.Node("words", job.Key{byte(i)})
		folders = append(folders, key[:strings.LastIndexByte(key, '/')])
	}
	slices.Sort(folders)
	if n := len(slices.Compact(folders)); n != 256 {
		t.Errorf("%d folders, want 256", n)
	}
}
