package main

import (
	"strings"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Names of session engines: Django's without their package.
const (
	dbEngine            = "db"
	cachedDBEngine      = "cached_db"
	cacheEngine         = "cache"
	fileEngine          = "file"
	signedCookiesEngine = "signed_cookies"
	redisSessionsEngine = "redis_sessions.session"
)

const (
	enginePackage = "django.contrib.sessions.backends."
	engineSetting = "SESSION_ENGINE"
)

// engineName returns the name of the engine that SESSION_ENGINE is or extends; "" for an
// unknown one.
func engineName(s *djangosession.Settings) string {
	return strings.TrimPrefix(s.BaseEngine(), enginePackage)
}
