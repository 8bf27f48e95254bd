package caches

import (
	"fmt"
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// The lengths of session keys. Django creates keys of 32 characters; its table limits
// them to 40, and shorter ones than 8 are never looked up.
const (
	minKeyLength = 8
	maxKeyLength = 40
)

// isSessionKey reports whether key has the form of Django's session keys: characters of
// a-z and 0-9. Other keys come from attackers, and are never sent to a cache.
func isSessionKey(key string) bool {
	if len(key) < minKeyLength || len(key) > maxKeyLength {
		return false
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// keys converts session keys to the keys of a cache.
type keys struct {
	cache     Cache
	function  KeyFunction
	prefix    string // cache_key_prefix
	keyPrefix string // KEY_PREFIX
	version   string // VERSION
}

// newKeys returns the keys of a site whose session store has the given cache_key_prefix
// unless the settings name another one.
func newKeys(c Cache, s *djangosession.Settings, o *Options, prefix string) (*keys, error) {
	if s.SessionStoreClass.CacheKeyPrefix != "" {
		prefix = s.SessionStoreClass.CacheKeyPrefix
	}
	k := &keys{
		cache: c, function: o.KeyFunction, prefix: prefix, keyPrefix: s.SessionCache.KeyPrefix, version: s.SessionCache.Version,
	}
	if k.version == "" {
		k.version = "1"
	}
	if k.function == nil {
		if s.SessionCache.KeyFunction != "" {
			return nil, cacheError(s, fmt.Sprintf("has the KEY_FUNCTION %q: implement it in Go and set Options.KeyFunction",
				s.SessionCache.KeyFunction))
		}
		k.function = Key
	}
	if _, err := k.of(djangosession.NewKey()); err != nil {
		return nil, cacheError(s, "makes keys that the cache refuses, by its KEY_PREFIX, VERSION or KEY_FUNCTION: "+err.Error())
	}
	return k, nil
}

// cacheError reports a problem with the cache of the sessions in CACHES.
func cacheError(s *djangosession.Settings, problem string) error {
	alias := s.SessionCache.Alias
	if alias == "" {
		alias = s.SessionCacheAlias
	}
	return &djangosession.SettingError{Setting: "CACHES", Problem: fmt.Sprintf("the cache %q %s", alias, problem)}
}

// of returns the key of a session in the cache. The error wraps
// [djangosession.ErrBadKey].
func (k *keys) of(session string) (string, error) {
	if !isSessionKey(session) {
		return "", djangosession.ErrBadKey
	}
	key := k.function(k.prefix+session, k.keyPrefix, k.version)
	if err := k.cache.CheckKey(key); err != nil {
		return "", fmt.Errorf("caches: %w", err)
	}
	return key, nil
}

// frame returns the texts before and after the session key in the keys of the cache. It
// reports false if a KEY_FUNCTION hides session keys, for example in a digest.
func (k *keys) frame() (before, after string, ok bool) {
	probe := djangosession.NewKey()
	key, err := k.of(probe)
	if err != nil {
		return "", "", false
	}
	before, after, ok = strings.Cut(key, probe)
	other := djangosession.NewKey()
	second, err := k.of(other)
	return before, after, ok && err == nil && second == before+other+after
}

// session returns the session key in a key of the cache that has the given frame. It
// reports false for a key that Django would not create for a session of this store. The
// prefix alone does not tell: that of cached_db begins with that of cache.
func (k *keys) session(key, before, after string) (string, bool) {
	session, found := strings.CutPrefix(key, before)
	session, ends := strings.CutSuffix(session, after)
	return session, found && ends && len(session) == djangosession.KeyLength && isSessionKey(session)
}
