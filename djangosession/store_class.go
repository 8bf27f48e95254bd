package djangosession

// A SessionStoreClass describes the class SessionStore of the module SESSION_ENGINE, as [SettingsCommand] finds it inside
// Django. Classes are named by module and qualified name, such as "django.contrib.sessions.backends.db.SessionStore".
type SessionStoreClass struct {
	// MRO is the class, its base classes and so on, in the order in which Python looks for methods.
	MRO []string `json:"mro"`
	// Defines lists the names that each class of MRO outside Django defines itself.
	Defines map[string][]string `json:"defines"`
	// CacheKeyPrefix is the class attribute cache_key_prefix of stores that use a cache.
	CacheKeyPrefix string `json:"cache_key_prefix"`
	// Serializer is the class of the serializer that a new store has.
	Serializer string `json:"serializer"`

	// Model is the session model, and "" for a store without one. Table and Columns are those of its table.
	Model   string               `json:"model"`
	Table   string               `json:"table"`
	Columns []SessionStoreColumn `json:"columns"`
	// ModelDefines lists the names of django.db.models.Model that each class of the model outside Django overrides, and
	// "objects" for a manager of its own. ManagerDefines lists what the classes of that manager define.
	ModelDefines   map[string][]string `json:"model_defines"`
	ManagerDefines map[string][]string `json:"manager_defines"`

	// Error is the name of the Python exception that ended the search; what was found before it is in the other fields.
	Error string `json:"error"`
}

// A SessionStoreColumn is a column of the table of a session model.
type SessionStoreColumn struct {
	Name       string `json:"name"`         // in the database
	Type       string `json:"type"`         // Django's name of the field's type, such as "DateTimeField"
	Null       bool   `json:"null"`         // may be NULL
	HasDefault bool   `json:"has_default"`  // Django fills it with a default; the database may not
	AutoNow    bool   `json:"auto_now"`     // Django fills it with the time of each save
	AutoNowAdd bool   `json:"auto_now_add"` // Django fills it with the time of the first save
	PrimaryKey bool   `json:"primary_key"`
}
