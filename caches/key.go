package caches

// A KeyFunction returns the complete key of a value from the key that the session engine
// uses, KEY_PREFIX and VERSION. Matches KEY_FUNCTION.
type KeyFunction func(key, prefix, version string) string

// Key is Django's default KEY_FUNCTION: prefix, version and key, separated by colons.
func Key(key, prefix, version string) string { return prefix + ":" + version + ":" + key }
