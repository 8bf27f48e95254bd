package main

import (
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// engine creates the engine of a site. Its name is the value of SESSION_ENGINE, which for
// a store of the tests' own is that of the engine from which it derives.
func (s *sites) engine(settings *djangosession.Settings, o *siteOrder) (djangosession.Engine, error) {
	switch strings.TrimPrefix(settings.SessionEngine, "django.contrib.sessions.backends.") {
	case "db":
		return s.table(settings, o)
	case "cache":
		cache, err := s.cache(settings, o)
		if err != nil {
			return nil, err
		}
		return caches.NewEngine(cache, *settings, caches.Options{})
	case "cached_db":
		cache, err := s.cache(settings, o)
		if err != nil {
			return nil, err
		}
		table, err := s.table(settings, o)
		if err != nil {
			return nil, err
		}
		return caches.NewCachedDB(table, cache, *settings, caches.Options{})
	case "file":
		return files.New(*settings, files.Options{})
	case "signed_cookies":
		return signedcookies.New(*settings, signedcookies.Options{})
	}
	return unimplemented{}, nil
}

func (s *sites) table(settings *djangosession.Settings, o *siteOrder) (*tables.Engine, error) {
	options := tables.Options{Dialect: tables.SQLite{}, Table: o.Table, LockWait: time.Minute, AcceptEngine: settings.SessionEngine}
	for _, name := range o.Columns {
		// The only custom model of Django's tests has an integer column for the user.
		// SQLite converts the text to an integer.
		options.ExtraColumns = append(options.ExtraColumns, tables.Column{Name: name, Value: tables.LoggedInUserID})
	}
	return tables.New(s.open(o.Database), *settings, options)
}

// cache returns the cache of the sessions, and completes the settings with its facts. An
// alias that Django does not know is an error.
func (s *sites) cache(settings *djangosession.Settings, o *siteOrder) (*djangoCache, error) {
	var described struct {
		KeyPrefix string `json:"key_prefix"`
		Version   string `json:"version"`
	}
	if err := s.pipe.cache(cacheOrder{Op: "describe", Alias: o.Cache}, &described); err != nil {
		return nil, err
	}
	settings.SessionCache = djangosession.SessionCache{
		Alias: o.Cache, KeyPrefix: described.KeyPrefix, Version: described.Version,
	}
	format, err := caches.NewPickle(*settings)
	return &djangoCache{pipe: s.pipe, alias: o.Cache, format: format}, err
}
