// Package layout is the only place that spells the keys of stored objects.
//
//	chunks/ab/abcd…          raw bytes of a chunk, named by their SHA-256
//	blobs/ab/abcd…           bytes of a large summary, named by their SHA-256
//	manifests/ab/abcd…       chunk list of a stored input, or a page of one
//	nodes/bytes/ab/abcd…     sealed summary, named by its recipe
//	jobs/<id>/spec           sealed fact: what was asked
//	jobs/<id>/done           sealed fact: the roots are stored
//	jobs/<id>/failed         sealed fact: given up, and why
//	jobs/<id>/cancelled      sealed fact: asked to stop
//	open/<id>                the job may need work; gone once it is final
//
// Two hexadecimal digits of fan-out keep the number of keys under a prefix low.
package layout

import (
	"fmt"
	"strings"

	"github.com/binglide/binglide/job"
)

// Prefixes under which objects of one kind are listed.
const (
	Chunks    = "chunks/"
	Blobs     = "blobs/"
	Manifests = "manifests/"
	Nodes     = "nodes/"
	Jobs      = "jobs/"
	Open      = "open/"
)

// Fact names one of the facts of a job.
type Fact string

// The facts, each stored at most once for a job.
const (
	Spec      Fact = "spec"
	Done      Fact = "done"
	Failed    Fact = "failed"
	Cancelled Fact = "cancelled"
)

// Chunk returns the key of the chunk whose bytes have that digest.
func Chunk(d job.Digest) string { return fan(Chunks, d.String()) }

// Blob returns the key of the blob with that digest.
func Blob(d job.Digest) string { return fan(Blobs, d.String()) }

// Manifest returns the key of the manifest, or page of one, with that digest.
func Manifest(d job.Digest) string { return fan(Manifests, d.String()) }

// Node returns the key of the summary of an analysis named by its recipe.
func Node(analysis string, k job.Key) string { return fan(Nodes+analysis+"/", k.String()) }

// JobFact returns the key of a fact of a job.
func JobFact(id job.ID, f Fact) string { return Jobs + string(id) + "/" + string(f) }

// JobPrefix returns the prefix of all facts of a job.
func JobPrefix(id job.ID) string { return Jobs + string(id) + "/" }

// OpenMark returns the key that marks a job as open.
func OpenMark(id job.ID) string { return Open + string(id) }

// ParseOpenMark reads what OpenMark wrote, or returns job.ErrInvalid.
func ParseOpenMark(key string) (job.ID, error) {
	id, ok := strings.CutPrefix(key, Open)
	if !ok {
		return "", fmt.Errorf("%w: %q is no open mark", job.ErrInvalid, key)
	}
	return job.ParseID(id)
}

// ParseSpec returns the job whose spec has that key, and false for other keys.
func ParseSpec(key string) (job.ID, bool) {
	rest, ok := strings.CutPrefix(key, Jobs)
	if !ok {
		return "", false
	}
	id, fact, _ := strings.Cut(rest, "/")
	if Fact(fact) != Spec {
		return "", false
	}
	parsed, err := job.ParseID(id)
	return parsed, err == nil
}

func fan(prefix, name string) string { return prefix + name[:2] + "/" + name }
