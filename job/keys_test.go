package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/binglide/binglide/job"
)

var counting = job.AnalysisID{Name: "bytes", Version: 1}

// TestKeys_Golden holds the format of keys: stores hold results under them. A
// change that shows here needs a new version in the domain of the recipe. The
// values come from a program in another language, written from the doc comment
// of Recipe.
func TestKeys_Golden(t *testing.T) {
	t.Parallel()
	id := job.Identity(job.DigestOf([]byte("identity")))
	leaf := job.LeafKey("", counting, 3, id)
	node := job.NodeKey("", counting, 4, []job.Key{leaf, leaf})
	in := inputs()
	r := job.Range{Offset: 65536, Length: 100}
	for _, tt := range []struct {
		name string
		got  fmt.Stringer
		want string
	}{
		{"leaf", leaf, goldenLeaf},
		{"node", node, goldenNode},
		{"private", job.LeafKey("abcdefghij234567", counting, 3, id), goldenPrivate},
		{"stored", identity(in["stored"], r), goldenStored},
		{"object", identity(in["object"], r), goldenObject},
		{"file", identity(in["file"], r), goldenFile},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func identity(in job.Input, r job.Range) job.Digest {
	return job.Digest(in.IdentityOf(job.DigestOf([]byte("chunk")), r))
}

func inputs() map[string]job.Input {
	return map[string]job.Input{
		"stored": {Name: "a", Size: 1 << 20, Stored: &job.Stored{ChunkLevel: 1}},
		"object": {Name: "a", Size: 1 << 20, Object: &job.Object{Bucket: "b", Key: "k", ETag: "e"}},
		"file":   {Name: "a", Size: 1 << 20, File: &job.File{Path: "/a", Device: 1, Inode: 2, ModTime: 3, Change: 4}},
	}
}

// TestIdentityOf_Differs changes one thing at a time and tells whether the
// bytes may be others for it.
func TestIdentityOf_Differs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input string
		change      func(*job.Input)
		differs     bool
	}{
		{"name", "file", func(in *job.Input) { in.Name = "b" }, false},
		{"path", "file", func(in *job.Input) { in.File.Path = "/b" }, false},
		{"size", "file", func(in *job.Input) { in.Size++ }, true},
		{"device", "file", func(in *job.Input) { in.File.Device++ }, true},
		{"inode", "file", func(in *job.Input) { in.File.Inode++ }, true},
		{"mtime", "file", func(in *job.Input) { in.File.ModTime++ }, true},
		{"ctime", "file", func(in *job.Input) { in.File.Change++ }, true},
		{"bucket", "object", func(in *job.Input) { in.Object.Bucket = "c" }, true},
		{"key", "object", func(in *job.Input) { in.Object.Key = "c" }, true},
		{"etag", "object", func(in *job.Input) { in.Object.ETag = "c" }, true},
		{"version", "object", func(in *job.Input) { in.Object.Version = "c" }, true},
		{"version like the etag", "object", func(in *job.Input) { in.Object.Version = "e" }, true},
		{"size", "object", func(in *job.Input) { in.Size++ }, true},
		{"bucket runs into key", "object", func(in *job.Input) { in.Object.Bucket, in.Object.Key = "bk", "" }, true},
		{"manifest", "stored", func(in *job.Input) { in.Stored.Manifest = job.Digest{1} }, false},
		{"size", "stored", func(in *job.Input) { in.Size *= 2 }, false},
	} {
		t.Run(tt.input+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			r := job.Range{Offset: 65536, Length: 100}
			before, changed := inputs()[tt.input], inputs()[tt.input]
			tt.change(&changed)
			if got := identity(before, r) != identity(changed, r); got != tt.differs {
				t.Errorf("identity differs: %v, want %v", got, tt.differs)
			}
		})
	}
}

func TestIdentityOf_Range(t *testing.T) {
	t.Parallel()
	for name, in := range inputs() {
		base := identity(in, job.Range{Offset: 65536, Length: 100})
		if base == identity(in, job.Range{Offset: 65537, Length: 100}) || base == identity(in, job.Range{Offset: 65536, Length: 101}) {
			t.Errorf("%s: another range has the same identity", name)
		}
		next := identity(in, job.Range{Offset: 2 * 65536, Length: 100})
		if same := base == next; same != (name == "stored") {
			t.Errorf("%s: the same range of the next chunk, with equal bytes: same identity %v", name, same)
		}
	}
	in := inputs()["stored"]
	if in.IdentityOf(job.Digest{1}, job.Range{}) == in.IdentityOf(job.Digest{2}, job.Range{}) {
		t.Error("two chunks have one identity")
	}
}

func TestKeys_Differ(t *testing.T) {
	t.Parallel()
	id := job.Identity{1}
	a, b := job.Key{1}, job.Key{2}
	keys := []job.Key{
		job.LeafKey("", counting, 1, id),
		job.LeafKey("x", counting, 1, id),
		job.LeafKey("", counting, 2, id),
		job.LeafKey("", counting, 1, job.Identity{2}),
		job.LeafKey("", job.AnalysisID{Name: "bytes", Version: 2}, 1, id),
		job.LeafKey("", job.AnalysisID{Name: "bytes", Version: 1, Params: "p"}, 1, id),
		job.LeafKey("", job.AnalysisID{Name: "byte", Version: 1, Params: "s"}, 1, id),
		job.NodeKey("", counting, 1, []job.Key{job.Key(id)}),
		job.NodeKey("", counting, 1, nil),
		job.NodeKey("", counting, 1, []job.Key{a, b}),
		job.NodeKey("", counting, 1, []job.Key{b, a}),
		job.NodeKey("", counting, 2, []job.Key{a, b}),
		job.NodeKey("x", counting, 1, []job.Key{a, b}),
	}
	slices.SortFunc(keys, func(a, b job.Key) int { return slices.Compare(a[:], b[:]) })
	if got := len(slices.Compact(keys)); got != 13 {
		t.Errorf("%d of 13 recipes have keys of their own", got)
	}
}

// idents counts how often it is asked.
type idents struct {
	mu    sync.Mutex
	asked int
	err   error
}

func (i *idents) Identity(_ context.Context, r job.Range) (job.Identity, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	return job.Identity(recipe("test", int(r.Offset), int(r.Length))), i.err
}

func keysSpec() *job.Spec {
	return &job.Spec{
		ID: "abcdefghij234567", Region: job.Range{Length: 1<<20 + 1}, ChunkLevel: 1,
		Analyses: []job.AnalysisID{counting, {Name: "digram", Version: 1}},
	}
}

func TestKeys_Of(t *testing.T) {
	t.Parallel()
	s, ids := keysSpec(), &idents{}
	k, tr := job.NewKeys(s, ids), s.Tree()
	root, err := k.Of(t.Context(), tr.Root())
	if err != nil || len(root) != 2 || root[0] == root[1] {
		t.Fatalf("Of(root) = %v, %v", root, err)
	}
	if ids.asked != 17 {
		t.Errorf("17 chunks identified by %d calls", ids.asked)
	}
	var below []job.Key
	for c := range tr.Children(tr.Root()) {
		keys, err := k.Of(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		below = append(below, keys[0])
	}
	if want := job.NodeKey("", counting, 3, below); root[0] != want {
		t.Errorf("root %s is not the merge of its children %s", root[0], want)
	}
	if ids.asked != 17 {
		t.Error("inner nodes were not remembered")
	}
}

func TestKeys_Private(t *testing.T) {
	t.Parallel()
	s := keysSpec()
	open, err := job.NewKeys(s, &idents{}).Of(t.Context(), s.Tree().Root())
	if err != nil {
		t.Fatal(err)
	}
	s.Private = true
	private, err := job.NewKeys(s, &idents{}).Of(t.Context(), s.Tree().Root())
	if err != nil || open[0] == private[0] {
		t.Errorf("a private job has the keys of others: %v, %v", private, err)
	}
}

func TestKeys_Error(t *testing.T) {
	t.Parallel()
	s, ids := keysSpec(), &idents{err: errors.New("no manifest")}
	k := job.NewKeys(s, ids)
	if _, err := k.Of(t.Context(), s.Tree().Root()); !errors.Is(err, ids.err) {
		t.Errorf("Of = %v, want %v", err, ids.err)
	}
	ids.err = nil
	if _, err := k.Of(t.Context(), s.Tree().Root()); err != nil {
		t.Errorf("the error was remembered: %v", err)
	}
}

func TestKeys_Concurrent(t *testing.T) {
	t.Parallel()
	s := keysSpec()
	k := job.NewKeys(s, &idents{})
	want, err := job.NewKeys(s, &idents{}).Of(t.Context(), s.Tree().Root())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, err := k.Of(t.Context(), s.Tree().Root()); err != nil || !slices.Equal(got, want) {
				t.Errorf("Of = %v, %v; want %v", got, err, want)
			}
		})
	}
	wg.Wait()
}

const (
	goldenLeaf    = "1b76290f26f1cf979aae578435674dde9e252ac85ef79389963a5fc9307fa9dd"
	goldenNode    = "9e591a575c91e60b1828815d2a043e5fbe87ae001409e615cc453a474502ff85"
	goldenPrivate = "d990170b0b9a22b6a9d6bc761d8ee6e74a1a77551ca7c86c0fee4940ca849b0c"
	goldenStored  = "57a08812896501c5955f5261032b7487df219acfc3dfd4378d90e31c77b5ff1c"
	goldenObject  = "e49ba0609574ca9bf43744329af7ebf8d3a7b2c7af2e375b489757f38dbf127d"
	goldenFile    = "9ec4f745143bbcdda46cbb3054194ea06b4877e9bc6042b84e00f2f357819886"
)
