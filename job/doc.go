// Package job says what a job is: the bytes it is about, the analyses asked of
// them, the tree of results, and the names of those results. It is pure: no
// I/O, no clock, only the standard library.
//
// # Vocabulary
//
// A job runs one or more analyses over a region of an input. The region is cut
// into chunks; a mapper turns each chunk into one summary per analysis, and
// reducers merge the summaries of sixteen neighbours into one, level by level,
// up to the root.
//
// Level 0 of the [Tree] is a row of cells of 4 KiB; each level up is sixteen
// times coarser. A [Node] is one cell of one level. Chunks are the nodes of the
// chunk level (16 MiB by default); what lies below them is computed inside the
// mapper and stored with the chunk's summary.
//
// A summary is named by its recipe, not by its position: a [Key] is the hash
// of the analysis, the level and either the identity of the bytes or the keys
// of the children. Two jobs that need the same summary therefore look for it
// under the same name, and whoever comes second finds it.
//
// # States
//
// A job has no stored state, only facts, each written once: its spec, and at
// most one of done, failed and cancelled that counts (see [StateOf]).
//
//	spec stored
//	    │
//	    ▼
//	 running ──── root committed ────▶ done
//	    ├──────── a chunk gave up ───▶ failed
//	    └──────── cancel stored ─────▶ cancelled
package job
