package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"strings"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// Values of --from.
const (
	fromSessionData = "session-data"
	fromCookie      = "cookie"
	fromCache       = "cache-value"
	fromRedis       = "redis-value"
	fromMemcached   = "memcached-value"
	fromFile        = "file-value"
	fromTable       = "table-value"
)

// fromHelp is the part of the help texts about other texts than session data.
const fromHelp = `
--from says what the items are:

    session-data     the column session_data, a file of the engine file, a value of django-redis-sessions (the default)
    cookie           the session cookie of the engine signed_cookies
    cache-value      a value of the cache that --settings describe, with its serializer and compressor
    redis-value      a value of Django's Redis cache or of django-redis; without --settings, a pickle
    memcached-value  a value of memcached
    file-value       the content of a file of the file-based cache
    table-value      the column value of the database cache

The values of caches are bytes: write them in hexadecimal or base 64. Nothing in them is executed. They are not signed, so that
no secret key is needed to read them.`

// backendOf is the backend whose values a kind of item is, if the settings do not name
// one of the same family.
func backendOf(from string) (backend string, family []string) {
	switch from {
	case fromRedis:
		return redisBackend, []string{redisBackend, djangoRedis}
	case fromMemcached:
		return pyMemcache, []string{pyMemcache, pyLibMC, pythonMemcached}
	case fromFile:
		return fileBasedBackend, []string{fileBasedBackend}
	case fromTable:
		return databaseBackend, []string{databaseBackend}
	}
	return "", nil
}

// valueReader returns the function that reads a value of a cache.
func valueReader(s djangosession.Settings, from string) (func(text string) (*py.Dict, error), error) {
	backend, family := backendOf(from)
	known := from == fromCache
	for _, name := range family {
		known = known || s.SessionCache.Backend == name
	}
	if !known { // what such a cache has by default; the place does not matter
		s.SessionCache = djangosession.SessionCache{Alias: "default", Backend: backend, Location: []string{"127.0.0.1:1"}, Version: "1"}
		switch backend {
		case redisBackend:
			s.SessionCache.Location = []string{"redis://127.0.0.1:1"}
		case fileBasedBackend:
			s.SessionCache.Location = []string{os.TempDir()}
		}
	}
	decode, err := decoderOf(&s)
	if err != nil {
		return nil, err
	}
	return func(text string) (*py.Dict, error) {
		value, err := bytesOf(text)
		if err != nil {
			return nil, err
		}
		return decode(value)
	}, nil
}

// decoderOf returns the function that reads a value of the site's cache.
func decoderOf(s *djangosession.Settings) (func(value []byte) (*py.Dict, error), error) {
	if s.SessionCache.Backend == databaseBackend { // whose base 64 has been read
		pickle, err := caches.NewPickle(*s)
		if err != nil {
			return nil, usageError{err}
		}
		return pickle.Loads, nil
	}
	var opened store
	cache, err := opened.openCache(s)
	if err != nil {
		return nil, err
	}
	opened.close() // the server is not needed
	decoder, ok := cache.(caches.Decoder)
	if !ok {
		return nil, usagef("values of %s cannot be read", s.SessionCache.Backend)
	}
	return decoder.Decode, nil
}

var errNoBytes = &itemError{badInput, errors.New("the value is neither hexadecimal nor base 64")}

// bytesOf reads bytes in hexadecimal or base 64. A text that is both is hexadecimal: no
// pickle and no compressed data begins with the bytes of such a text in base 64.
func bytesOf(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if data, err := hex.DecodeString(text); err == nil && text != "" {
		return data, nil
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding,
	} {
		if data, err := encoding.DecodeString(text); err == nil && text != "" {
			return data, nil
		}
	}
	return nil, errNoBytes
}
