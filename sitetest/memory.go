package sitetest

import (
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/tables"
)

const (
	backends      = "django.contrib.sessions.backends."
	signedCookies = backends + "signed_cookies"
)

// inMemory returns the settings and options of a site whose sessions and users are in
// memory.
func (o *Options) inMemory(
	t testing.TB, clock *Clock, users *memory.Users,
) (djangosession.Settings, djangobridge.Options) {
	t.Helper()
	s := o.settings(t)
	s.Now = clock.Now // the engine reads it
	s.SessionDatabase, s.UserDatabase = djangosession.Database{}, djangosession.Database{}
	s.PasswordHashers, s.Hashers = cheapHashers()
	b := o.Bridge
	users.LoginFields, users.IgnoreCase = slices.Clone(b.LoginFields), b.LoginIgnoresCase
	for i, name := range users.LoginFields {
		if name == s.UserModel.UsernameField {
			users.LoginFields[i] = "username"
		}
	}
	b.DB, b.UserDB, b.Dialect, b.Users = nil, nil, nil, users
	b.UserFields, b.LoginFields, b.LoginIgnoresCase = nil, nil, false // the users have all fields that tests give them
	b.Tables, b.Cache, b.Files = tables.Options{}, caches.Options{}, files.Options{}
	b.OpenCache, b.OpenEngine = nil, nil
	if s.BaseEngine() == signedCookies {
		return s, b
	}
	s.SessionEngine = backends + "db"
	s.SessionStoreClass, s.SessionCache = djangosession.SessionStoreClass{}, djangosession.SessionCache{}
	engine, err := memory.New(s)
	if err != nil {
		t.Fatalf("sitetest: %v", err)
	}
	b.OpenEngine = func(djangosession.Settings) (djangosession.Engine, error) { return engine, nil }
	return s, b
}

// settings returns the settings that the options name.
func (o *Options) settings(t testing.TB) djangosession.Settings {
	t.Helper()
	isSet := o.Settings.DjangoVersion != "" || o.Settings.SecretKey != ""
	switch {
	case o.File != "" && isSet:
		t.Fatal("sitetest: Options has both File and Settings: set only one of them")
	case o.File != "":
		s, err := djangosession.ReadSettingsFile(o.File)
		if err != nil {
			t.Fatalf("sitetest: %v", err)
		}
		return s
	case isSet:
		return o.Settings
	}
	return djangosession.NewSettings("a secret for tests")
}
