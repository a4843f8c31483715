// Package s3 keeps objects in a bucket of S3-compatible storage, and reads
// objects that others keep there.
//
// Writing is one PUT with "If-None-Match: *", which S3 promises to let one of
// several racing writers win, and with a CRC-32C over the bytes, which the
// server checks. Where the key is taken, the object is read and compared: so a
// PUT whose answer was lost is found to be ours.
//
// Reading is one GET into a buffer of the right size. S3 tells of a damaged
// object only by breaking off in the middle, so a GET that breaks off is taken
// up where it stopped, a bounded number of times, before the object is called
// corrupt.
//
// Every transfer has a progress deadline: it may take as long as it needs, as
// long as bytes keep coming.
package s3
