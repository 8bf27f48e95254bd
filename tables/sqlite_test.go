package tables_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
	"github.com/djangobridge/djangobridge/tables"
)

func TestSQLiteConformance(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		return newTestSite(t, s, tables.Options{}, nil).backend()
	})
}

// backend returns the site's engine, and a SetRow that writes as Django does.
func (s *testSite) backend() enginetest.Backend {
	return enginetest.Backend{Engine: s.engine, SetRow: func(t *testing.T, key, text string, expire time.Time) bool {
		t.Helper()
		loc, err := s.settings.Location()
		if err != nil || s.settings.UseTZ {
			loc = time.UTC
		}
		s.insert(t, key, text, expire.In(loc).Format("2006-01-02 15:04:05.000000"))
		return true
	}}
}

func TestSQLiteFromTwoProcesses(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	enginetest.RunTwoProcesses(t, site.path, func(t *testing.T, source string, s djangosession.Settings) enginetest.Backend {
		t.Helper()
		db := openFile(t, "file:"+source+"?mode=rw&_busy_timeout=20")
		e, err := tables.New(db, s, tables.Options{Dialect: tables.SQLite{}, LockWait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return enginetest.Backend{Engine: e}
	})
}
