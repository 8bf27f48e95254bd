package djangosession

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A SessionStoreClass describes the class SessionStore of the module SESSION_ENGINE, as
// [SettingsCommand] finds it inside Django. Classes are named by module and qualified
// name, such as "django.contrib.sessions.backends.db.SessionStore".
type SessionStoreClass struct {
	// MRO is the class, its base classes and so on, in the order in which Python looks
	// for methods.
	MRO []string `json:"mro"`
	// Overrides lists, for each class of MRO outside Django, the names of Django's
	// classes that it defines anew.
	Overrides map[string][]string `json:"overrides"`
	// CacheKeyPrefix is the class attribute cache_key_prefix of stores that use a cache.
	CacheKeyPrefix string `json:"cache_key_prefix"`

	// Model is the session model, and "" for a store without one. Table and Columns are
	// those of its table.
	Model   string               `json:"model"`
	Table   string               `json:"table"`
	Columns []SessionStoreColumn `json:"columns"`
	// ModelOverrides and ManagerOverrides are what Overrides is, for the model and for
	// its manager "objects".
	ModelOverrides   map[string][]string `json:"model_overrides"`
	ManagerOverrides map[string][]string `json:"manager_overrides"`

	// Error is the Python exception that ended the search; what was found before it is in
	// the other fields.
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
// its model and its manager may define anew without changing where and how a session is
// stored:
//
//   - create_model_instance and acreate_model_instance add columns, which is what Django documents them for;
//   - get_model_class and model choose the table, and key_salt and __init__ what SettingsCommand finds out by making a store
//     (the salt, the serializer, and that keys are kept);
//   - objects is a manager, whose own overrides are looked at, and the clean methods are for forms;
//   - from_queryset, use_in_migrations, encode, decode and save of a manager are not called by the store;
//   - __str__ and __repr__ are texts for people.
//
// Names that Django's classes do not have, such as helpers of a site, are never among the
// overrides.
func harmlessOverrides() (store, model, manager []string) {
	store = []string{
		"__init__", "__repr__", "__str__", "acreate_model_instance", "create_model_instance", "get_model_class", "key_salt", "model",
	}
	model = []string{
		"__repr__", "__str__", "clean", "clean_fields", "full_clean", "objects", "validate_constraints", "validate_unique",
	}
	manager = []string{"__repr__", "__str__", "decode", "encode", "from_queryset", "save", "use_in_migrations"}
	return store, model, manager
}

const backendsPackage = "django.contrib.sessions.backends."

// CheckEngine reports why the site's SESSION_ENGINE is not known to keep sessions exactly
// as Django's own engine of this module does, such as
// "django.contrib.sessions.backends.db". It is if it is that module, or if
// SessionStoreClass shows a subclass that changes nothing about how a session is stored:
// create_model_instance, get_model_class and key_salt may be overridden, load, save,
// delete and the like may not. The error is a [*SettingError], or nil.
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
	case len(c.MRO) == 0 && s.SessionEngine == module:
		return ""
	case len(c.MRO) == 0 && c.Error != "":
		return "could not be looked at inside Django (" + c.Error + ")"
	case len(c.MRO) == 0 && strings.HasPrefix(s.SessionEngine, backendsPackage):
		return "is not " + module
	case len(c.MRO) == 0:
		return "is not known, and the settings do not describe its class SessionStore: export them with SettingsCommand"
	}
	isBase := false
	for _, class := range c.MRO {
		switch class {
		case module + ".SessionStore":
			isBase = true
		case backendsPackage + "base.SessionBase", "builtins.object", "typing.Generic":
		default:
			if strings.HasPrefix(class, "django.") {
				return "is built on " + strings.TrimSuffix(class, ".SessionStore")
			}
			if _, known := c.Overrides[class]; !known {
				return "has the class " + class + ", of which nothing is known"
			}
		}
	}
	if !isBase {
		return "is not a subclass of that of " + module
	}
	if c.Error != "" && c.MRO[0] != module+".SessionStore" {
		return "could not be looked at inside Django (" + c.Error + ")"
	}
	return c.overrideProblem()
}

// overrideProblem names the first override that is not harmless.
func (c *SessionStoreClass) overrideProblem() string {
	store, model, manager := harmlessOverrides()
	for _, part := range []struct {
		overrides map[string][]string
		harmless  []string
	}{{c.Overrides, store}, {c.ModelOverrides, model}, {c.ManagerOverrides, manager}} {
		for _, class := range slices.Sorted(maps.Keys(part.overrides)) {
			for _, name := range part.overrides[class] {
				if !slices.Contains(part.harmless, name) {
					return fmt.Sprintf("has a class %s with a %s of its own", class, name)
				}
			}
		}
	}
	return ""
}
