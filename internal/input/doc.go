// Package input reads the bytes of inputs, and stores inputs as chunks.
//
// An input is a local file, an object of S3-compatible storage, or a list of
// chunks in our own store. [Open] reads any of them; [StatFile], [StatObject]
// and [StatManifest] describe one so that it can go into a spec; [Put] and
// [PutFile] store one as chunks and a manifest.
//
// # What a reader promises
//
// A job is about the bytes that its input had when it was submitted. A
// [Reader] returns those or an error, never others in silence:
//
//	input    pinned by                        checked
//	file     device, inode, size and times    when opened and after each scan
//	object   version or ETag                  by the server, at each read
//	stored   SHA-256 of the manifest, and     root and pages when read, a chunk
//	         from there the CRC32C of chunks  at the end of each scan
//
// Because some of these checks come last, whoever scans keeps what it computed
// to itself until the scan has returned nil.
//
// A block device tells nothing of its content's age. It is read as it is, and
// what is computed of it is not found again.
//
// # What storing promises
//
// Chunks are named by their SHA-256, so the store keeps equal ones once,
// whichever inputs they come from, and only those it lacks are sent. Chunks
// are stored first, then the pages of the manifest, then its root; an input
// exists from the moment its root does. What an interrupted [Put] leaves
// behind is named by nothing but is found again by the next one.
//
// A chunk of the right size is taken for whole, because reading it back costs
// as much as sending it. To mend an input of which a chunk was found corrupt,
// it is put again with [PutOptions.Verify]; one of which a chunk, a page or
// the root is missing is mended by any Put of the same bytes in chunks of the
// same size.
//
// # Memory
//
// A scan holds one buffer: of 1 MiB for a file, of at most 16 MiB otherwise.
// A manifest holds its root (32 bytes for each 4096 chunks) and the 32 pages
// used last, 4.5 MiB. A Put holds a chunk for each worker, 128 MiB at most,
// or one chunk where that is more.
package input
