package djangosession

// A SessionCache is the cache that the session store of a site uses, as
// [SettingsScript] finds it in CACHES. The zero value means that the store uses none,
// or that it is unknown.
type SessionCache struct {
	Alias   string `json:"alias"`   // SESSION_CACHE_ALIAS
	Backend string `json:"backend"` // BACKEND, such as "django.core.cache.backends.redis.RedisCache"
	// Location is LOCATION as written, but split as the backend does: hosts, URLs,
	// absolute folders or names. URLs may contain passwords.
	Location []string `json:"location"`
	// Weights are the weights of the servers in Location, if LOCATION has them.
	Weights []int `json:"weights"`
	// Options is OPTIONS, as JSON has the values. Classes and functions are dotted names.
	// Another object is a map with one key, "$object", and the dotted name of its class.
	// Values may be secrets.
	Options map[string]any `json:"options"`
	// Settings are those of CACHE_HERD_TIMEOUT, DJANGO_REDIS_CONNECTION_FACTORY and
	// DJANGO_REDIS_IGNORE_EXCEPTIONS that the site has, as in Options.
	Settings    map[string]any `json:"settings"`
	KeyPrefix   string         `json:"key_prefix"`   // KEY_PREFIX; ""
	Version     string         `json:"version"`      // VERSION, usually a number; "1"
	KeyFunction string         `json:"key_function"` // KEY_FUNCTION as a dotted name; "" for Django's own
	// Timeout is TIMEOUT, in seconds; 300; nil (None) never expires. Session stores pass
	// their own timeout.
	Timeout *float64 `json:"timeout"`
	// Clients are the versions of the Python packages that the backend uses, such as
	// "django_redis": "6.0.0".
	Clients map[string]string `json:"clients"`
	// Database is the database of a DatabaseCache, by the routers.
	Database Database `json:"database"`

	// Error is the Python exception that ended the search.
	Error string `json:"error"`
}
