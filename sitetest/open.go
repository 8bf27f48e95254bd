package sitetest

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge"
)

// Open returns a site in its real database. file and o are those with which the service
// calls [djangobridge.Open]. The clock is the time of the call. Users are those of the
// database; see [Site.User].
//
// The helpers write sessions, even if o is read-only, and nothing else. Handlers write as
// in production: last_login and passwords of users who log in with a form, and the tables
// of the service. At the end of the test, Open deletes the sessions whose cookies its
// clients have received. Other sessions remain until they expire: those of handlers that
// a test calls without a [Client], and all of them if the program is killed. Use a copy
// of the site's database.
func Open(t testing.TB, file string, o djangobridge.Options) *Site {
	t.Helper()
	opened, err := djangobridge.Open(file, o)
	if err != nil {
		t.Fatalf("sitetest: %v", err)
	}
	s := opened.Settings
	if err := opened.Close(); err != nil {
		t.Fatalf("sitetest: %v", err)
	}
	site := newSite(t, s, o, newClock(time.Time{}))
	if err := site.Check(t.Context()); err != nil {
		t.Fatalf("sitetest: %v", err)
	}
	t.Cleanup(func() { site.deleteCreated(t) }) // before the site is closed
	return site
}
