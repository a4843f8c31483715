package storage

// ValidPrefix reports whether a valid key can start with prefix. The empty
// prefix, with which all keys start, is one.
func ValidPrefix(prefix string) bool {
	return prefix == "" || ValidKey(prefix) || ValidKey(prefix+"0")
}
