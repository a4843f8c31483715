package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/binglide/binglide/storage"
)

const (
	magic      = "binglide sealed/1 "
	digestName = " sha256:"
	// fixedSize is the size of the line without key and length.
	fixedSize = len(magic) + 1 + len(digestName) + 2*sha256.Size + 1
)

// Seal returns the object that holds payload under key.
func Seal(key string, payload []byte) []byte {
	head := header(key, len(payload))
	object := make([]byte, 0, len(head)+len(digestName)+2*sha256.Size+1+len(payload))
	object = append(object, head...)
	object = append(object, digestName...)
	object = append(object, digest(head, payload)...)
	object = append(object, '\n')
	return append(object, payload...)
}

// Open returns the payload of the object sealed under key, or
// [storage.ErrCorrupt], saying what is wrong. The payload shares the object's
// memory.
func Open(key string, object []byte) ([]byte, error) {
	line, payload, ok := bytes.Cut(object, []byte{'\n'})
	if !ok || !bytes.HasPrefix(line, []byte(magic)) {
		return nil, fmt.Errorf("%w: no sealed object", storage.ErrCorrupt)
	}
	head := header(key, len(payload))
	want, ok := bytes.CutPrefix(line, []byte(head+digestName))
	if !ok {
		return nil, fmt.Errorf("%w: truncated or misplaced: %d bytes are there of %q", storage.ErrCorrupt, len(payload), clip(line))
	}
	if digest(head, payload) != string(want) {
		return nil, fmt.Errorf("%w: SHA-256 differs", storage.ErrCorrupt)
	}
	return payload, nil
}

// header is the line up to the digest. Keys hold no blank, so it is unambiguous.
func header(key string, length int) string { return magic + key + " " + strconv.Itoa(length) }

// digest returns the SHA-256 over the line up to the digest, a newline and the
// payload, in hexadecimal digits.
func digest(head string, payload []byte) string {
	h := sha256.New()
	h.Write([]byte(head + "\n"))
	h.Write(payload)
	return hex.EncodeToString(h.Sum(nil))
}

// unsealInfo turns the size of an object into that of its payload: the length
// n takes n bytes and its own digits. For an object that is not sealed the
// result is some number from 0 to its size.
func unsealInfo(info storage.Info) storage.Info {
	rest := info.Size - int64(fixedSize+len(info.Key))
	n := max(0, rest-1)
	for n > 0 && n+int64(len(strconv.FormatInt(n, 10))) > rest {
		n--
	}
	info.Size = n
	return info
}

// clip bounds how much of a damaged line an error quotes: a header with the
// longest key fits.
func clip(b []byte) []byte { return b[:min(len(b), 640)] }
