package djangosession

// A SessionCache is the cache that the session store of a site uses, as
// [SettingsScript] finds it in CACHES. The zero value means that the store uses none,
// or that it is unknown.
type SessionCache struct {
	Alias   string `json:"alias"`   // SESSION_CACHE_ALIAS
	Backend string `json:"backend"` // BACKEND, such as "django.core.cache.backends.redis.RedisCache"
	// Location is LOCATION: hosts, URLs, folders or names. URLs contain neither user
	// names nor passwords, and of their options only db.
	Location []string `json:"location"`
	// Options are the names in OPTIONS, sorted. Their values may be secrets.
	Options     []string `json:"options"`
	KeyPrefix   string   `json:"key_prefix"`   // KEY_PREFIX; ""
	Version     string   `json:"version"`      // VERSION, usually a number; "1"
	KeyFunction string   `json:"key_function"` // KEY_FUNCTION as a dotted name; "" for Django's own
	// Timeout is TIMEOUT, in seconds; 300; nil (None) never expires. Session stores pass
	// their own timeout.
	Timeout *float64 `json:"timeout"`

	// Error is the Python exception that ended the search.
	Error string `json:"error"`
}
