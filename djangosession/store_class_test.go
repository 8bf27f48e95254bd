package djangosession_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

const (
	backends = "django.contrib.sessions.backends."
	dbEngine = backends + "db"
)

type overrides = map[string][]string

// engineCase is a SESSION_ENGINE and the facts about its class. The problem is empty if
// it works like Django's db engine.
type engineCase struct {
	name    string
	engine  string
	class   djangosession.SessionStoreClass
	problem string
}

// subclass describes a site's class that is derived from Django's classes in these
// modules.
func subclass(own overrides, modules ...string) djangosession.SessionStoreClass {
	c := djangosession.SessionStoreClass{MRO: []string{"shop.S"}, Overrides: own}
	for _, m := range modules {
		c.MRO = append(c.MRO, backends+m+".SessionStore")
	}
	c.MRO = append(c.MRO, backends+"base.SessionBase", "builtins.object")
	return c
}

// merging describes the store of package djangobridge that extends Django's classes in
// these modules, or a site's class that extends it.
func merging(own overrides, modules ...string) djangosession.SessionStoreClass {
	const store, rows = "djangobridge.sessions.db.SessionStore", "djangobridge.sessions.rows.MergingRows"
	c := subclass(overrides{store: {}, rows: {"save", "cycle_key", "_get_session"}}, modules...)
	maps.Copy(c.Overrides, own)
	if own == nil {
		c.MRO = c.MRO[1:]
	}
	c.MRO = slices.Insert(c.MRO, len(c.MRO)-len(modules)-2, store, rows)
	return c
}

func engineCases() []engineCase {
	cases := []engineCase{
		{name: "Django's, by name", engine: dbEngine},
		{name: "Django's, exported", engine: dbEngine, class: djangosession.SessionStoreClass{
			MRO: []string{dbEngine + ".SessionStore", backends + "base.SessionBase", "builtins.object"}, Error: "RuntimeError",
		}},
		{name: "Django's name, another class", engine: dbEngine, class: subclass(overrides{"shop.S": {"load"}}, "db"), problem: "load"},
		{name: "another of Django's", engine: backends + "cached_db", problem: "is not " + dbEngine},
		{
			name: "another of Django's, exported", engine: backends + "cached_db", class: djangosession.SessionStoreClass{MRO: []string{
				backends + "cached_db.SessionStore", dbEngine + ".SessionStore", backends + "base.SessionBase", "builtins.object",
			}},
			problem: "is built on " + backends + "cached_db",
		},
		{name: "merging, by name", engine: "djangobridge.sessions.db"},
		{name: "merging, exported", engine: "djangobridge.sessions.db", class: merging(nil, "db")},
		{name: "a subclass of a merging store", engine: "shop.s", class: merging(overrides{"shop.S": {"get_model_class"}}, "db")},
		{
			name: "a subclass of a merging store that saves", engine: "shop.s", class: merging(overrides{"shop.S": {"save"}}, "db"),
			problem: "shop.S that overrides save",
		},
		{name: "another merging one", engine: "djangobridge.sessions.cached_db", problem: "is not " + dbEngine},
		{
			name: "another merging one, exported", engine: "djangobridge.sessions.cached_db", class: merging(nil, "cached_db", "db"),
			problem: "is built on " + backends + "cached_db",
		},
		{name: "no merging one", engine: "djangobridge.sessions.file", problem: "settings script"},
		{name: "unknown", engine: "redis_sessions.session", problem: "settings script"},
		{
			name: "cannot be imported", engine: "shop.gone", class: djangosession.SessionStoreClass{Error: "ModuleNotFoundError shop.gone"},
			problem: "ModuleNotFoundError shop.gone",
		},
		{name: "a class of which nothing is known", engine: "shop.s", class: djangosession.SessionStoreClass{MRO: []string{"shop.S"}}, problem: "shop.S"},
		{name: "nothing of Django's", engine: "shop.s", class: subclass(overrides{"shop.S": {}}), problem: "is not a subclass"},
		{name: "a subclass that changes nothing", engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "db")},
		{name: "on cached_db", engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "cached_db", "db"), problem: backends + "cached_db"},
		{name: "on an engine of a later Django", engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "new", "db"), problem: backends + "new"},
	}
	for _, name := range []string{
		"__init__", "create_model_instance", "acreate_model_instance", "get_model_class", "model", "key_salt", "__str__",
	} {
		cases = append(cases, engineCase{name: name, engine: "shop.s", class: subclass(overrides{"shop.S": {name}}, "db")})
	}
	for _, name := range []string{
		"load", "aload", "save", "asave", "delete", "create", "exists", "encode", "decode", "flush", "cycle_key", "clear",
		"clear_expired", "_get_session_from_db", "_get_new_session_key", "_get_or_create_session_key", "_get_session", "__setitem__",
		"__getattribute__", "get_session_cookie_age", "get_expiry_age", "get_expiry_date", "set_expiry", "session_key", "unheard_of",
	} {
		cases = append(cases, engineCase{
			name: name, engine: "shop.s", class: subclass(overrides{"shop.S": {"__init__", name}}, "db"), problem: "shop.S that overrides " + name,
		})
	}
	failed := subclass(overrides{"shop.S": {}}, "db")
	failed.Error = "OperationalError"
	model := subclass(overrides{"shop.S": {}}, "db")
	model.ModelOverrides = overrides{"shop.M": {"__str__", "objects", "clean"}}
	model.ManagerOverrides = overrides{"shop.Manager": {"encode", "save"}}
	saves, filters := model, model
	saves.ModelOverrides = overrides{"shop.M": {"__str__", "save"}}
	filters.ManagerOverrides = overrides{"shop.Manager": {"encode", "get_queryset"}}
	return append(cases,
		engineCase{name: "fails inside Django", engine: "shop.s", class: failed, problem: "OperationalError"},
		engineCase{name: "own model", engine: "shop.s", class: model},
		engineCase{name: "own model that saves", engine: "shop.s", class: saves, problem: "shop.M that overrides save"},
		engineCase{name: "own manager that filters", engine: "shop.s", class: filters, problem: "shop.Manager that overrides get_queryset"},
	)
}

func TestEnginesAreKnownOrRefused(t *testing.T) {
	t.Parallel()
	for _, c := range engineCases() {
		s := djangosession.NewSettings("k")
		s.SessionEngine, s.SessionStoreClass = c.engine, c.class
		err := s.CheckEngine(dbEngine)
		if c.problem == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		refused, ok := errors.AsType[*djangosession.SettingError](err)
		if !ok || refused.Setting != "SESSION_ENGINE" || !strings.Contains(err.Error(), c.engine) || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want %q", c.name, err, c.problem)
		}
	}
}

// TestAnEngineOfAPackageIsKnown has a module outside Django, whose own class overrides
// everything, and subclasses of it.
func TestAnEngineOfAPackageIsKnown(t *testing.T) {
	t.Parallel()
	const engine = "redis_sessions.session"
	mro := []string{engine + ".SessionStore", backends + "base.SessionBase", "builtins.object"}
	for _, c := range []engineCase{
		{name: "itself", class: djangosession.SessionStoreClass{MRO: mro, Overrides: overrides{mro[0]: {"load", "save"}}}},
		{name: "a harmless subclass", class: djangosession.SessionStoreClass{
			MRO: append([]string{"shop.S"}, mro...), Overrides: overrides{"shop.S": {"key_salt"}, mro[0]: {"load", "save"}},
		}},
		{name: "another", problem: "shop.S that overrides load", class: djangosession.SessionStoreClass{
			MRO: append([]string{"shop.S"}, mro...), Overrides: overrides{"shop.S": {"load"}, mro[0]: {"load", "save"}},
		}},
	} {
		s := djangosession.NewSettings("k")
		s.SessionEngine, s.SessionStoreClass = engine, c.class
		err := s.CheckEngine(engine)
		if (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want %q", c.name, err, c.problem)
		}
	}
}

// TestEachEngineIsRecognized has the classes of Django's engines, of packages, and of
// sites that extend them.
func TestEachEngineIsRecognized(t *testing.T) {
	t.Parallel()
	redis := djangosession.SessionStoreClass{
		MRO:       []string{"redis_sessions.session.SessionStore", backends + "base.SessionBase", "builtins.object"},
		Overrides: overrides{"redis_sessions.session.SessionStore": {"load", "save"}},
	}
	redisSubclass := redis
	redisSubclass.MRO = append([]string{"shop.S"}, redis.MRO...)
	redisSubclass.Overrides = overrides{"shop.S": {"save"}, "redis_sessions.session.SessionStore": {"load", "save"}}
	for name, c := range map[string]struct {
		engine  string
		class   djangosession.SessionStoreClass
		base    string
		problem string
	}{
		"db":             {engine: dbEngine, base: dbEngine},
		"cached_db":      {engine: backends + "cached_db", class: subclass(overrides{"shop.S": {}}, "cached_db", "db"), base: backends + "cached_db"},
		"prefix":         {engine: "shop.s", class: subclass(overrides{"shop.S": {"cache_key_prefix"}}, "cached_db", "db"), base: backends + "cached_db"},
		"cached load":    {engine: "shop.s", class: subclass(overrides{"shop.S": {"load"}}, "cached_db", "db"), base: backends + "cached_db", problem: "load"},
		"cache":          {engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "cache"), base: backends + "cache"},
		"file":           {engine: backends + "file", class: subclass(overrides{"shop.S": {}}, "file"), base: backends + "file"},
		"signed_cookies": {engine: backends + "signed_cookies", base: backends + "signed_cookies"},
		"redis":          {engine: "redis_sessions.session", class: redis, base: "redis_sessions.session"},
		"redis by name":  {engine: "redis_sessions.session", base: "redis_sessions.session"},
		"redis subclass": {engine: "shop.s", class: redisSubclass, base: "redis_sessions.session", problem: "shop.S that overrides save"},
		"two engines":    {engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "cache", "db"), base: backends + "cache", problem: "is built on " + dbEngine},
		"wrong order":    {engine: "shop.s", class: subclass(overrides{"shop.S": {}}, "db", "cached_db"), base: dbEngine, problem: "cached_db"},
		"unknown":        {engine: "shop.s", class: subclass(overrides{"shop.S": {}})},
		"name alone":     {engine: "shop.s"},
	} {
		s := djangosession.NewSettings("k")
		s.SessionEngine, s.SessionStoreClass = c.engine, c.class
		if got := s.BaseEngine(); got != c.base {
			t.Errorf("%s: based on %q, want %q", name, got, c.base)
		}
		if c.base == "" {
			continue
		}
		if err := s.CheckEngine(c.base); (err != nil) != (c.problem != "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want %q", name, err, c.problem)
		}
	}
}
