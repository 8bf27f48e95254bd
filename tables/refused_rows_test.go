package tables_test

import (
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// Triggers refuse writes, with an error or silently. No write that failed is reported as
// stored, and a key that could not be removed is not changed.
func TestWritesThatTheDatabaseRefusesAreErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger string
		merge   bool
		write   func(s *djangosession.Session) error
	}{
		"save":                    {trigger: "UPDATE ON django_session BEGIN SELECT RAISE(ABORT, 'no')"},
		"merged save":             {trigger: "UPDATE ON django_session BEGIN SELECT RAISE(ABORT, 'no')", merge: true},
		"key, no insert":          {trigger: "INSERT ON django_session BEGIN SELECT RAISE(ABORT, 'no')", write: func(s *djangosession.Session) error { return s.CycleKey(t.Context()) }},
		"key, no delete":          {trigger: "DELETE ON django_session BEGIN SELECT RAISE(ABORT, 'no')", write: func(s *djangosession.Session) error { return s.CycleKey(t.Context()) }},
		"key, no delete, silence": {trigger: "DELETE ON django_session BEGIN SELECT RAISE(IGNORE)", write: func(s *djangosession.Session) error { return s.CycleKey(t.Context()) }},
		"flush":                   {trigger: "DELETE ON django_session BEGIN SELECT RAISE(ABORT, 'no')", write: func(s *djangosession.Session) error { return s.Flush(t.Context()) }},
	} {
		site := newTestSite(t, settings(), tables.Options{}, nil)
		site.use(t, djangosession.Options{MergeSaves: c.merge})
		s := site.sessions.New()
		s.Set("a", 1)
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		before, old := site.row(t, s.Key()), s.Key()
		site.exec(t, "CREATE TRIGGER refuse BEFORE "+c.trigger+"; END")
		s.Set("a", 2)
		write := c.write
		if write == nil {
			write = func(s *djangosession.Session) error { return s.Save(t.Context()) }
		}
		if err := write(s); err == nil || errors.Is(err, djangosession.ErrSessionGone) || errors.Is(err, djangosession.ErrKeyTaken) {
			t.Errorf("%s: error %v", name, err)
		}
		if s.Key() != old || site.count(t) != 1 || site.row(t, old) != before {
			t.Errorf("%s: something was changed", name)
		}
	}
}

// The sessions contain ids that are not UUIDs.
func TestUUIDsOfUsersAreUUIDs(t *testing.T) {
	t.Parallel()
	const hyphens, digits = "550e8400-e29b-41d4-a716-446655440000", "550e8400e29b41d4a716446655440000"
	db, _ := newUserDatabase(t, `CREATE TABLE shop_user (id char(32), username text, password text, is_active bool, is_staff bool,
		is_superuser bool, last_login datetime); INSERT INTO shop_user VALUES ('`+digits+`', 'anne', 'encoded', 1, 0, 0, NULL),
		('none', 'bob', 'encoded', 1, 0, 0, NULL)`)
	users := newUsers(t, db, tables.UserOptions{Model: "shop.User", IDType: tables.UUIDKey, Without: tables.PermissionFields})
	for _, id := range []string{hyphens, digits, "550E8400-E29B-41D4-A716-446655440000"} {
		u, err := users.Get(t.Context(), id)
		if err != nil || u.ID != hyphens || u.Username != "anne" {
			t.Errorf("%q: %v, %v", id, u, err)
		}
	}
	for _, id := range []string{"", "1", "none", digits[1:], digits + "0", "x50e8400e29b41d4a716446655440000"} {
		if u, err := users.Get(t.Context(), id); !errors.Is(err, auth.ErrBadID) || u != nil {
			t.Errorf("%q: %v, %v", id, u, err)
		}
		if err := users.SetLastLogin(t.Context(), id, time.Now()); !errors.Is(err, auth.ErrBadID) {
			t.Errorf("%q: SetLastLogin: %v", id, err)
		}
	}
	if u, err := users.GetByUsername(t.Context(), "bob"); err == nil || errors.Is(err, auth.ErrNoUser) || u != nil {
		t.Errorf("a row whose id is no UUID: %v, %v", u, err)
	}
	if u, err := users.GetByUsername(t.Context(), "anne"); err != nil || u.ID != hyphens {
		t.Errorf("anne: %v, %v", u, err)
	}
}
