package tables_test

import (
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// docs/running.md describes this.
func TestClocksFurtherApartThanTheSessionAgeEndLiveSessions(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0)
	s := settings()
	s.SessionCookieAge, s.Now = time.Hour, func() time.Time { return at }
	site := newTestSite(t, s, tables.Options{}, nil)
	session := site.sessions.New()
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ahead time.Duration
		live  bool
	}{{ahead: time.Second, live: true}, {ahead: 59 * time.Minute, live: true}, {ahead: 3 * time.Hour}} {
		other := s
		other.Now = func() time.Time { return at.Add(c.ahead) }
		engine, err := tables.New(site.db, other, tables.Options{Dialect: tables.SQLite{}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine.Load(t.Context(), session.Key())
		if found := err == nil; found != c.live || err != nil && !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("%v ahead: error %v", c.ahead, err)
		}
		n, err := engine.ClearExpired(t.Context(), djangosession.ClearOptions{})
		if err != nil || (n == 0) != c.live {
			t.Errorf("%v ahead: %d cleared, %v", c.ahead, n, err)
		}
	}
}
