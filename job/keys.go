package job

import (
	"context"
	"sync"
)

// Identity is the canonical name of the bytes of one leaf. Equal identities
// mean equal bytes.
type Identity [32]byte

// IdentityOf names length bytes at offset of the given source of bytes.
//   - a stored chunk: the chunk's SHA-256, the range inside the chunk;
//   - an object: bucket, key, version or ETag, size, the range inside the object;
//   - a file: device, inode, size, times, the range inside the file.
func (in *Input) IdentityOf(chunk Digest, r Range) Identity {
	h := NewRecipe("binglide/identity/1")
	switch {
	case in.Stored != nil:
		h.Text("chunk")
		h.Bytes(chunk[:])
		size := LevelSize(in.Stored.ChunkLevel)
		r.Offset %= size
	case in.Object != nil:
		in.Object.identify(h)
		h.Int(in.Size)
	case in.File != nil:
		in.File.identify(h)
		h.Int(in.Size)
	}
	h.Int(r.Offset)
	h.Int(r.Length)
	return h.Sum()
}

func (o *Object) identify(h Recipe) {
	h.Text("object")
	h.Text(o.Bucket)
	h.Text(o.Key)
	if o.Version != "" {
		h.Text("version")
		h.Text(o.Version)
		return
	}
	h.Text("etag")
	h.Text(o.ETag)
}

func (f *File) identify(h Recipe) {
	h.Text("file")
	h.Int(int64(f.Device))
	h.Int(int64(f.Inode))
	h.Int(f.ModTime)
	h.Int(f.Change)
}

// LeafKey names the summary of a chunk. The salt is empty, or the ID of a
// private job.
func LeafKey(salt ID, a AnalysisID, level int, id Identity) Key {
	h := recipeOf("binglide/leaf/1", salt, a, level)
	h.Bytes(id[:])
	return h.Sum()
}

// NodeKey names the summary merged from children, from left to right.
func NodeKey(salt ID, a AnalysisID, level int, children []Key) Key {
	h := recipeOf("binglide/node/1", salt, a, level)
	h.Int(int64(len(children)))
	for i := range children {
		h.Bytes(children[i][:])
	}
	return h.Sum()
}

func recipeOf(domain string, salt ID, a AnalysisID, level int) Recipe {
	h := NewRecipe(domain)
	h.Text(string(salt))
	h.Text(a.Name)
	h.Int(int64(a.Version))
	h.Text(a.Params)
	h.Int(int64(level))
	return h
}

// Identifier tells the identity of a leaf's bytes. Implementations are safe for
// concurrent use.
type Identifier interface {
	Identity(ctx context.Context, r Range) (Identity, error)
}

// Keys computes the keys of a job's nodes from its spec alone, so that any
// process finds any result in storage without asking another. The keys of
// inner nodes are remembered, about 2 bytes for each chunk and analysis.
type Keys struct {
	spec *Spec
	ids  Identifier

	mu    sync.Mutex
	inner map[Node][]Key
}

// NewKeys returns the keys of a job whose leaves are identified by ids.
func NewKeys(s *Spec, ids Identifier) *Keys {
	return &Keys{spec: s, ids: ids, inner: make(map[Node][]Key)}
}

// Of returns the key of n for each analysis of the spec, in the spec's order.
// The caller must not change it. Errors are those of the Identifier.
func (k *Keys) Of(ctx context.Context, n Node) ([]Key, error) {
	t := k.spec.Tree()
	if t.IsLeaf(n) {
		return k.leaf(ctx, n)
	}
	k.mu.Lock()
	keys, ok := k.inner[n]
	k.mu.Unlock()
	if ok {
		return keys, nil
	}
	keys, err := k.merge(ctx, t, n)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.inner[n] = keys
	k.mu.Unlock()
	return keys, nil
}

func (k *Keys) leaf(ctx context.Context, n Node) ([]Key, error) {
	id, err := k.ids.Identity(ctx, k.spec.Tree().Range(n))
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(k.spec.Analyses))
	for i, a := range k.spec.Analyses {
		keys[i] = LeafKey(k.salt(), a, n.Level, id)
	}
	return keys, nil
}

func (k *Keys) merge(ctx context.Context, t Tree, n Node) ([]Key, error) {
	below := make([][]Key, len(k.spec.Analyses))
	for c := range t.Children(n) {
		keys, err := k.Of(ctx, c)
		if err != nil {
			return nil, err
		}
		for i, key := range keys {
			below[i] = append(below[i], key)
		}
	}
	keys := make([]Key, len(below))
	for i, a := range k.spec.Analyses {
		keys[i] = NodeKey(k.salt(), a, n.Level, below[i])
	}
	return keys, nil
}

func (k *Keys) salt() ID {
	if k.spec.Private {
		return k.spec.ID
	}
	return ""
}
