// Package caches is Django's cache framework, as far as sessions need it: the keys of
// values, their lifetimes and their formats, and the session engines "cache" and
// "cached_db", which work on any [Cache]. It contains the file-based cache. Package tables
// has the database cache; the packages below this one have caches that need a client
// library.
package caches
