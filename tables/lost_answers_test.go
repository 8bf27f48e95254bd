package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// errLine is a failure of the file system, in SQLite's words.
var errLine = errors.New("unable to open database file: the line is broken")

// loser is SQLite's driver on a file system that fails at a COMMIT, either before the
// COMMIT takes effect or before its response.
type loser struct {
	dsn    string
	lose   atomic.Int64 // how many answers are still to be lost
	arrive bool         // the COMMIT takes effect
}

func (l *loser) Connect(context.Context) (driver.Conn, error) {
	conn, err := connectSQLite(l.dsn)
	if err != nil {
		return nil, err
	}
	return &lossyConn{sqliteConn: conn, loser: l}, nil
}

func (*loser) Driver() driver.Driver { return sqliteDriver() }

type lossyConn struct {
	sqliteConn
	loser *loser
}

func (c *lossyConn) ExecContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(query, "COMMIT") && c.loser.lose.Add(-1) >= 0 {
		if c.loser.arrive {
			if _, err := c.sqliteConn.ExecContext(ctx, query, values); err != nil {
				return nil, err
			}
		}
		return nil, errLine
	}
	return c.sqliteConn.ExecContext(ctx, query, values)
}

// lossySite is a site with one session, whose next answers are lost.
func lossySite(t *testing.T, arrive bool, lose int64) (*testSite, *djangosession.Session) {
	t.Helper()
	return lossySiteWith(t, djangosession.Options{}, arrive, lose)
}

func lossySiteWith(
	t *testing.T, o djangosession.Options, arrive bool, lose int64,
) (*testSite, *djangosession.Session) {
	t.Helper()
	l := &loser{dsn: "file:" + filepath.Join(t.TempDir(), "db.sqlite3") + "?_busy_timeout=20", arrive: arrive}
	db := sql.OpenDB(l)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	site := &testSite{db: db}
	var err error
	if site.engine, err = tables.New(db, settings(), tables.Options{Dialect: tables.SQLite{}, LockWait: time.Second}); err != nil {
		t.Fatal(err)
	}
	if site.sessions, err = djangosession.NewManager(site.engine, settings(), o); err != nil {
		t.Fatal(err)
	}
	for _, statement := range site.engine.DDL() {
		site.exec(t, statement)
	}
	s := site.sessions.New()
	s.Set("a", 1)
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.lose.Store(lose)
	return site, s
}

func (s *testSite) exists(t *testing.T, key string) bool {
	t.Helper()
	there, err := s.sessions.Exists(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// Create fails only if nothing was stored.
func TestLostAnswersOfCreationsAreFoundOut(t *testing.T) {
	t.Parallel()
	for _, arrive := range []bool{true, false} {
		site, _ := lossySite(t, arrive, 1)
		s := site.sessions.New()
		s.Set("b", 2)
		err := s.Save(t.Context())
		if (err == nil) != arrive || !arrive && !errors.Is(err, tables.ErrUnavailable) {
			t.Errorf("COMMIT arrived: %v; error %v", arrive, err)
		}
		if want := map[bool]int{true: 2, false: 1}[arrive]; site.count(t) != want {
			t.Errorf("COMMIT arrived: %v; %d rows", arrive, site.count(t))
		}
		if (s.Key() != "") != arrive || arrive && !site.exists(t, s.Key()) {
			t.Errorf("COMMIT arrived: %v; key %v", arrive, s.Key() != "")
		}
	}
}

// The session has the new key if that was stored, and otherwise the old one.
func TestLostAnswersOfChangesOfTheKeyAreFoundOut(t *testing.T) {
	t.Parallel()
	for _, arrive := range []bool{true, false} {
		site, s := lossySite(t, arrive, 1)
		old := s.Key()
		err := s.CycleKey(t.Context())
		if (err == nil) != arrive || !arrive && !errors.Is(err, tables.ErrUnavailable) {
			t.Errorf("COMMIT arrived: %v; error %v", arrive, err)
		}
		if (s.Key() != old) != arrive || site.exists(t, old) == arrive || !site.exists(t, s.Key()) || site.count(t) != 1 {
			t.Errorf("COMMIT arrived: %v; key changed: %v, old one there: %v", arrive, s.Key() != old, site.exists(t, old))
		}
	}
}

// All responses are lost for as long as the engine asks.
func TestAnswersThatCannotBeFoundOutAreSaidToBe(t *testing.T) {
	t.Parallel()
	const unknown = "it is unknown whether the change took effect"
	for name, change := range map[string]func(*testSite, *djangosession.Session) error{
		"Create":   func(site *testSite, _ *djangosession.Session) error { return site.sessions.New().Save(t.Context()) },
		"CycleKey": func(_ *testSite, s *djangosession.Session) error { return s.CycleKey(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, s := lossySite(t, false, 1_000_000)
			started := time.Now()
			err := change(site, s)
			if !errors.Is(err, tables.ErrUnavailable) || name == "CycleKey" && !strings.Contains(err.Error(), unknown) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// The error says that the merge can be repeated, whether or not it took effect.
func TestLostAnswersOfMergesCanBeRepeated(t *testing.T) {
	t.Parallel()
	for _, arrive := range []bool{true, false} {
		site, s := lossySiteWith(t, djangosession.Options{MergeSaves: true}, arrive, 1)
		s.Set("a", 2)
		if err := s.Save(t.Context()); !errors.Is(err, tables.ErrUnavailable) || !strings.Contains(err.Error(), "repeating it is safe") {
			t.Errorf("COMMIT arrived: %v; error %v", arrive, err)
		}
		if err := s.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, err := site.sessions.Load(t.Context(), s.Key())
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := again.Get("a"); v != int64(2) || site.count(t) != 1 {
			t.Errorf("COMMIT arrived: %v; a is %v", arrive, v)
		}
	}
}
