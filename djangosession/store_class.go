package djangosession

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A SessionStoreClass describes the class SessionStore of the module SESSION_ENGINE, as
// [SettingsScript] finds it inside Django. Classes are named by module and qualified
// name, such as "django.contrib.sessions.backends.db.SessionStore".
type SessionStoreClass struct {
	// MRO is the class and all its base classes, in the order in which Python looks for
	// methods.
	MRO []string `json:"mro"`
	// Overrides lists, for each class of MRO outside Django, the names of Django's
	// classes that it overrides.
	Overrides map[string][]string `json:"overrides"`
	// CacheKeyPrefix is the class attribute cache_key_prefix of stores that use a cache.
	CacheKeyPrefix string `json:"cache_key_prefix"`
	// FilePath is the absolute path of the folder in which a store keeps its files. If
	// SESSION_FILE_PATH is not set, it is the folder for temporary files of the process
	// that exported the settings; other processes may use another.
	FilePath string `json:"file_path"`

	// Model is the session model; "" for a store without one. Table and Columns describe
	// its table.
	Model   string               `json:"model"`
	Table   string               `json:"table"`
	Columns []SessionStoreColumn `json:"columns"`
	// ModelOverrides and ManagerOverrides are like Overrides, for the model and its
	// manager "objects".
	ModelOverrides   map[string][]string `json:"model_overrides"`
	ManagerOverrides map[string][]string `json:"manager_overrides"`

	// Error is the Python exception that ended the search. The other fields contain
	// what was found before it.
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

// harmlessOverrides returns the names that a subclass of one of Django's session stores,
// its model and its manager may override without changing where and how a session is
// stored:
//
//   - create_model_instance and acreate_model_instance add columns, as documented by
//     Django;
//   - get_model_class and model choose the table, and cache_key_prefix the keys in a
//     cache, which SettingsScript exports;
//   - key_salt and __init__ choose the salt and the serializer, which SettingsScript
//     finds out by making a store (it also checks that the store keeps its key and
//     uses the cache SESSION_CACHE_ALIAS);
//   - objects is a manager, whose own overrides are examined, and the clean methods
//     are for forms;
//   - from_queryset, use_in_migrations, encode, decode and save of a manager are not
//     called by the store;
//   - __str__ and __repr__ return texts for people.
//
// Overrides never contains names that Django's classes do not have, such as helpers of a
// site.
func harmlessOverrides() (store, model, manager []string) {
	store = []string{
		"__init__", "__repr__", "__str__", "acreate_model_instance", "cache_key_prefix", "create_model_instance", "get_model_class",
		"key_salt", "model",
	}
	model = []string{
		"__repr__", "__str__", "clean", "clean_fields", "full_clean", "objects", "validate_constraints", "validate_unique",
	}
	manager = []string{"__repr__", "__str__", "decode", "encode", "from_queryset", "save", "use_in_migrations"}
	return store, model, manager
}

const backendsPackage = "django.contrib.sessions.backends."

// Session engines that this module implements, by their module in Python.
const (
	dbEngine            = backendsPackage + "db"
	cachedDBEngine      = backendsPackage + "cached_db"
	cacheEngine         = backendsPackage + "cache"
	fileEngine          = backendsPackage + "file"
	signedCookiesEngine = backendsPackage + "signed_cookies"
	redisSessionsEngine = "redis_sessions.session" // of the package django-redis-sessions
)

// mergingPackage is the package of the engines that merge saves in Django. Each stores
// sessions as Django's engine of the same name does; see docs/merging.md.
const mergingPackage = "djangobridge.sessions."

// namedEngine returns SESSION_ENGINE, or Django's engine in place of a merging one.
func (s *Settings) namedEngine() string {
	name, merges := strings.CutPrefix(s.SessionEngine, mergingPackage)
	if merges && (name == "db" || name == "cached_db" || name == "cache") {
		return backendsPackage + name
	}
	return s.SessionEngine
}

// BaseEngine returns the module of the engine that the site's SESSION_ENGINE is, or that
// its class SessionStore extends: db, cached_db, cache, file or signed_cookies of
// "django.contrib.sessions.backends.", or "redis_sessions.session". It is "" for another
// engine. The engines "djangobridge.sessions." extend those of Django.
// [Settings.CheckEngine] reports whether a subclass stores sessions in the same way.
func (s *Settings) BaseEngine() string {
	known := []string{dbEngine, cachedDBEngine, cacheEngine, fileEngine, signedCookiesEngine, redisSessionsEngine}
	if named := s.namedEngine(); len(s.SessionStoreClass.MRO) == 0 && slices.Contains(known, named) {
		return named
	}
	for _, class := range s.SessionStoreClass.MRO {
		if module, is := strings.CutSuffix(class, ".SessionStore"); is && slices.Contains(known, module) {
			return module
		}
	}
	return ""
}

// CheckEngine reports why the site's SESSION_ENGINE may store sessions in another way
// than another engine, named by its module; see [Settings.BaseEngine]. It returns nil if
// SESSION_ENGINE is that module, or if SessionStoreClass shows a subclass that does not
// change how a session is stored. The engines "djangobridge.sessions." are such
// subclasses. Another one may override create_model_instance,
// get_model_class, key_salt and cache_key_prefix, but not load, save, delete and the
// like. The error is a [*SettingError].
func (s *Settings) CheckEngine(module string) error {
	problem := s.engineProblem(module)
	if problem == "" {
		return nil
	}
	return &SettingError{Setting: "SESSION_ENGINE", Problem: fmt.Sprintf("%q %s", s.SessionEngine, problem)}
}

func (s *Settings) engineProblem(module string) string {
	c := &s.SessionStoreClass
	switch {
	case len(c.MRO) == 0 && s.namedEngine() == module:
		return ""
	case len(c.MRO) == 0 && c.Error != "":
		return "could not be examined inside Django (" + c.Error + ")"
	case len(c.MRO) == 0 && strings.HasPrefix(s.namedEngine(), backendsPackage):
		return "is not " + module
	case len(c.MRO) == 0:
		return "is unknown, and the file does not describe its class SessionStore: " + exportAgain
	}
	isBase := false
	for _, class := range c.MRO {
		switch class {
		case module + ".SessionStore":
			isBase = true
		case backendsPackage + "base.SessionBase", "builtins.object", "typing.Generic":
		case dbEngine + ".SessionStore":
			if module != cachedDBEngine || !isBase { // which extends it
				return "is built on " + dbEngine
			}
		default:
			if strings.HasPrefix(class, mergingPackage) {
				continue
			}
			if strings.HasPrefix(class, "django.") {
				return "is built on " + strings.TrimSuffix(class, ".SessionStore")
			}
			if _, known := c.Overrides[class]; !known {
				return "has the class " + class + ", and the file does not describe it"
			}
		}
	}
	if !isBase {
		return "is not a subclass of that of " + module
	}
	if c.Error != "" && c.MRO[0] != module+".SessionStore" {
		return "could not be examined inside Django (" + c.Error + ")"
	}
	return c.overrideProblem(module + ".SessionStore")
}

// overrideProblem describes the first override that is not harmless; "" if all are. The
// overrides of the engine's own class are known, and so are those of mergingPackage.
func (c *SessionStoreClass) overrideProblem(engine string) string {
	store, model, manager := harmlessOverrides()
	for _, part := range []struct {
		overrides map[string][]string
		harmless  []string
	}{{c.Overrides, store}, {c.ModelOverrides, model}, {c.ManagerOverrides, manager}} {
		for _, class := range slices.Sorted(maps.Keys(part.overrides)) {
			for _, name := range part.overrides[class] {
				if class != engine && !strings.HasPrefix(class, mergingPackage) && !slices.Contains(part.harmless, name) {
					return fmt.Sprintf("has a class %s that overrides %s", class, name)
				}
			}
		}
	}
	return ""
}
