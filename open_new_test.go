package djangobridge_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// oneUser is auth.Users with one user. It counts what is written.
type oneUser struct {
	auth.Users

	writes *int
	check  error
}

func (oneUser) Get(context.Context, string) (*auth.User, error) {
	return &auth.User{ID: "7", Username: "zoe", Password: "!", IsActive: true}, nil
}

func (u oneUser) SetLastLogin(context.Context, string, time.Time) error { *u.writes++; return nil }

func (u oneUser) Check(context.Context) error { return u.check }

func inMemory(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) }

// fileSettings are the settings in testdata/site.json, changed.
func fileSettings(t *testing.T, change func(*djangosession.Settings)) djangosession.Settings {
	t.Helper()
	s, err := djangosession.ReadSettingsFile("testdata/site.json")
	if err != nil {
		t.Fatal(err)
	}
	change(&s)
	return s
}

func TestNewUsesTheGivenSettings(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	addUsers(t, db, "anne")
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	site, err := djangobridge.New(fileSettings(t, func(s *djangosession.Settings) {
		s.Now = func() time.Time { return at }
	}), djangobridge.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if u, err := site.Users.Get(t.Context(), "1"); err != nil || u.Username != "anne" {
		t.Errorf("%v, %v", u, err)
	}
	s := site.Sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.GetExpiryDate(); err != nil || !got.Equal(at.Add(14*24*time.Hour)) {
		t.Errorf("the session ends at %v, %v", got, err)
	}
}

func TestNewRefusesWhatOpenRefuses(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	unchanged := func(*djangosession.Settings) {}
	for name, c := range map[string]struct {
		change  func(*djangosession.Settings)
		options djangobridge.Options
		names   string // "" if it is accepted
	}{
		"complete": {change: unchanged, options: djangobridge.Options{DB: db}},
		"hash": {
			change:  func(s *djangosession.Settings) { s.UserModel.SessionAuthHash = "overridden" },
			options: djangobridge.Options{DB: db}, names: "get_session_auth_hash",
		},
		"hash with users": {
			change:  func(s *djangosession.Settings) { s.UserModel.SessionAuthHash = "overridden" },
			options: djangobridge.Options{DB: db, Users: oneUser{}}, names: "get_session_auth_hash",
		},
		"two tables": {
			change:  func(s *djangosession.Settings) { s.UserModel.OtherTables = []string{"person"} },
			options: djangobridge.Options{DB: db}, names: "person",
		},
		"two tables with users": {
			change:  func(s *djangosession.Settings) { s.UserModel.OtherTables = []string{"person"} },
			options: djangobridge.Options{DB: db, Users: oneUser{}},
		},
		"users elsewhere": {
			change:  func(s *djangosession.Settings) { s.UserDatabase.Alias = "replica" },
			options: djangobridge.Options{DB: db, Users: oneUser{}},
		},
		"overrides with users": {
			change: func(s *djangosession.Settings) {
				s.UserModel.Overrides = map[string][]string{"shop.User": {"has_perm"}}
			},
			options: djangobridge.Options{DB: db, Users: oneUser{}}, names: "shop.User.has_perm",
		},
		"serializer": {
			change:  func(s *djangosession.Settings) { s.SessionSerializer = "shop.Serializer" },
			options: djangobridge.Options{DB: db}, names: "SESSION_SERIALIZER",
		},
		"engine": {
			change: func(s *djangosession.Settings) {
				s.SessionEngine, s.SessionStoreClass = "shop.sessions", djangosession.SessionStoreClass{}
			},
			options: djangobridge.Options{DB: db}, names: "SESSION_ENGINE",
		},
		"no facts about the cache": {
			change: func(s *djangosession.Settings) {
				s.SessionEngine, s.SessionStoreClass = backends+"cached_db", djangosession.SessionStoreClass{}
			},
			options: djangobridge.Options{DB: db}, names: "SESSION_CACHE is not in the settings",
		},
		"no facts about the database": {
			change: func(s *djangosession.Settings) {
				s.SessionDatabase, s.UserDatabase = djangosession.Database{}, djangosession.Database{}
			},
			options: djangobridge.Options{DB: db}, names: "SESSION_DATABASE",
		},
		"no facts about users": {
			change:  func(s *djangosession.Settings) { s.UserModel = djangosession.UserModel{} },
			options: djangobridge.Options{DB: db}, names: "USER_MODEL",
		},
		"no constructor": {
			change:  func(s *djangosession.Settings) { *s = djangosession.Settings{SecretKey: "k"} },
			options: djangobridge.Options{Users: oneUser{}, OpenEngine: inMemory}, names: "NewSettings",
		},
		"no secret": {
			change:  func(s *djangosession.Settings) { s.SecretKey = "" },
			options: djangobridge.Options{DB: db}, names: "SECRET_KEY",
		},
	} {
		site, err := djangobridge.New(fileSettings(t, c.change), c.options)
		if (err == nil) != (c.names == "") || (site == nil) != (err != nil) || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, want %q", name, err, c.names)
		}
		if refused, ok := errors.AsType[*djangobridge.RefusedError](err); ok && (refused.File != "" || !strings.Contains(err.Error(), "these settings")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyPartsInADatabaseNeedOne(t *testing.T) {
	t.Parallel()
	db := siteDB(t)
	onTable := cacheOf(cachePackage+"db.DatabaseCache", "t")
	otherAlias := cacheOf(cachePackage+"db.DatabaseCache", "t")
	otherAlias["SESSION_CACHE"].(map[string]any)["database"].(map[string]any)["alias"] = "x"
	otherAlias["SESSION_CACHE"].(map[string]any)["database"].(map[string]any)["write_alias"] = "x"
	users := oneUser{}
	for name, c := range map[string]struct {
		engine  string
		more    map[string]any
		options djangobridge.Options
		names   string // "" if it is accepted
	}{
		"files":                     {engine: "file", more: map[string]any{"SESSION_FILE_PATH": "/x"}, options: djangobridge.Options{Users: users}},
		"files and users":           {engine: "file", names: "Options.DB"},
		"cookies":                   {engine: "signed_cookies", options: djangobridge.Options{Users: users}},
		"own engine, no cache":      {engine: "cached_db", options: djangobridge.Options{Users: users, OpenEngine: inMemory}},
		"own engine":                {engine: "cached_db", more: onTable, options: djangobridge.Options{Users: users, OpenEngine: inMemory}},
		"file-based cache":          {engine: "cache", more: cacheOf(cachePackage+"filebased.FileBasedCache", "/x"), options: djangobridge.Options{Users: users}},
		"table":                     {engine: "cached_db", more: onTable, options: djangobridge.Options{Users: users}, names: "Options.DB"},
		"cache on a table":          {engine: "cache", more: onTable, options: djangobridge.Options{Users: users}, names: "Options.DB"},
		"cache on the database":     {engine: "cache", more: onTable, options: djangobridge.Options{Users: users, DB: db}},
		"cache on its database":     {engine: "cache", more: otherAlias, options: djangobridge.Options{Users: users, DB: db}},
		"table and cache":           {engine: "cached_db", more: onTable, options: djangobridge.Options{Users: users, DB: db}},
		"table and another's cache": {engine: "cached_db", more: otherAlias, options: djangobridge.Options{Users: users, DB: db}, names: "Options.OpenCache"},
		"users twice":               {engine: "file", options: djangobridge.Options{Users: users, UserDB: db}, names: "Options.UserDB"},
	} {
		site, err := djangobridge.Open(engineFile(t, c.engine, c.more), c.options)
		if (err == nil) != (c.names == "") || err != nil && !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, want %q", name, err, c.names)
		}
		if err == nil {
			_ = site.Close()
		}
	}
}

func TestGivenUsersAreCheckedAndNeverWrittenIfReadOnly(t *testing.T) {
	t.Parallel()
	broken := errors.New("the user service is down")
	for _, readOnly := range []bool{false, true} {
		writes := 0
		site, err := djangobridge.New(djangosession.NewSettings("k"), djangobridge.Options{
			Users: oneUser{writes: &writes, check: broken}, OpenEngine: inMemory, ReadOnly: readOnly,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := site.Check(t.Context()); !errors.Is(err, broken) {
			t.Errorf("check: %v", err)
		}
		var login error
		page := site.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			user, err := site.Users.Get(r.Context(), "7")
			if err != nil {
				t.Error(err)
			}
			login = site.Login.Login(r.Context(), user)
		}))
		page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if errors.Is(login, djangosession.ErrReadOnly) != readOnly || (writes == 0) != readOnly {
			t.Errorf("read-only %v: %v, %d writes", readOnly, login, writes)
		}
	}
}
