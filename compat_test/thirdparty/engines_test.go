package thirdparty

import (
	"database/sql"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// TestEnginesOnRedisWorkTogether opens sites with the engines of packages whose sessions
// are in Redis, in the database too or there alone.
func TestEnginesOnRedisWorkTogether(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]djangobridge.Options{
		"qsessions_cached_db": {OpenCache: rediscache.Open, Tables: acceptedTables()},
		"redis_sessions":      {OpenEngine: rediscache.OpenSessions},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := servers.New(servers.Redis)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Remove(); err != nil {
					t.Error(err)
				}
			})
			s := startSiteOn(t, name, "redis://"+server.Addr()+"/2")
			v := openService(t, s, options)
			turns(t, sharedCase{name: name}, newBrowser(t, s.url, v.url))
		})
	}
}

func acceptedTables() tables.Options {
	o := tables.Options{LockWait: time.Minute}
	qsessionsCached(&o)
	return o
}

// openService starts a Go service on djangobridge.Open. It ends with the test.
func openService(t *testing.T, s *site, o djangobridge.Options) *service {
	t.Helper()
	file := filepath.Join(t.TempDir(), "site.json")
	writeErr := os.WriteFile(file, s.settings, 0o600)
	db, err := sql.Open("sqlite3", "file:"+s.database+"?mode=rw&_busy_timeout=20&_synchronous=FULL")
	if err := errors.Join(writeErr, err); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	o.DB, o.Sessions.Logger = db, logger
	o.Auth = auth.Options{Logger: logger}
	opened, err := djangobridge.Open(file, o)
	if err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(opened.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := opened.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := &service{db: db, sessions: opened.Sessions, login: opened.Login}
	server := httptest.NewServer(opened.Sessions.Middleware(opened.Login.Middleware(v.pages())))
	t.Cleanup(server.Close)
	v.url = server.URL
	return v
}
