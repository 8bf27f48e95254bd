package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

const hookedKey = "hookedhookedhookedhookedhooked00"

// hookedRecord returns a record with one value.
func hookedRecord(key string, a int64) *djangosession.Record {
	d := py.NewDict(1)
	d.Set("a", a)
	return &djangosession.Record{
		Key: key, Data: d, ExpireDate: py.DateTime{Time: time.Now().Add(time.Hour)}, ExpireAge: time.Hour,
	}
}

// writesWithHooks are all writes, each from a session with a = 1 to a = 2.
func writesWithHooks(t *testing.T, e *tables.Engine) map[string]func(hook tables.Hook) error {
	t.Helper()
	change := func(key string) func(*djangosession.Record) error {
		return func(r *djangosession.Record) error { *r = *hookedRecord(key, 2); return nil }
	}
	const fresh = "freshfreshfreshfreshfreshfresh00"
	return map[string]func(hook tables.Hook) error{
		"CreateWith": func(hook tables.Hook) error { return e.CreateWith(t.Context(), hookedRecord(fresh, 2), hook) },
		"SaveWith":   func(hook tables.Hook) error { return e.SaveWith(t.Context(), hookedRecord(hookedKey, 2), hook) },
		"MergeWith":  func(hook tables.Hook) error { return e.MergeWith(t.Context(), hookedKey, change(hookedKey), hook) },
		"CycleWith":  func(hook tables.Hook) error { return e.CycleWith(t.Context(), hookedKey, change(fresh), hook) },
	}
}

func TestHooksGetWhatIsStoredAndCanUndoIt(t *testing.T) {
	t.Parallel()
	errHook := errors.New("the cache is down")
	for _, fails := range []bool{true, false} {
		for _, name := range []string{"CreateWith", "SaveWith", "MergeWith", "CycleWith"} {
			site := newTestSite(t, settings(), tables.Options{Prepare: func(_ context.Context, d *py.Dict) error {
				d.Set("prepared", true)
				return nil
			}}, nil)
			if err := site.engine.Create(t.Context(), hookedRecord(hookedKey, 1)); err != nil {
				t.Fatal(err)
			}
			before, calls := site.row(t, hookedKey), 0
			err := writesWithHooks(t, site.engine)[name](func(_ context.Context, r *djangosession.Record) error {
				calls++
				a, _ := r.Data.Get("a")
				prepared, _ := r.Data.Get("prepared")
				if a != int64(2) || prepared != any(true) || r.ExpireAge != time.Hour {
					t.Errorf("%s: the hook got a = %v, prepared = %v, age %v", name, a, prepared, r.ExpireAge)
				}
				if fails {
					return errHook
				}
				return nil
			})
			if calls != 1 || fails != errors.Is(err, errHook) || !fails && err != nil {
				t.Errorf("%s: error %v after %d calls", name, err, calls)
			}
			if fails && (site.count(t) != 1 || site.row(t, hookedKey) != before) {
				t.Errorf("%s: something was stored", name)
			}
		}
	}
}

func TestHooksAreNotCalledForWhatIsNotStored(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	never := func(context.Context, *djangosession.Record) error {
		t.Error("the hook was called")
		return nil
	}
	writes := writesWithHooks(t, site.engine)
	for _, name := range []string{"SaveWith", "MergeWith", "CycleWith"} {
		if err := writes[name](never); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%s: error %v, want ErrSessionGone", name, err)
		}
	}
	if err := site.engine.SaveWith(t.Context(), hookedRecord("null\x00byte", 1), never); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("an impossible key: error %v, want ErrSessionGone", err)
	}
	if err := site.engine.Create(t.Context(), hookedRecord(hookedKey, 1)); err != nil {
		t.Fatal(err)
	}
	if err := site.engine.CreateWith(t.Context(), hookedRecord(hookedKey, 2), never); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("CreateWith: error %v, want ErrKeyTaken", err)
	}
	if err := site.engine.SaveWith(t.Context(), &djangosession.Record{Key: hookedKey}, never); !errors.Is(err, djangosession.ErrNoData) {
		t.Errorf("SaveWith: error %v, want ErrNoData", err)
	}
}

func TestHooksRunWhileTheSessionIsLocked(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	if err := site.engine.Create(t.Context(), hookedRecord(hookedKey, 1)); err != nil {
		t.Fatal(err)
	}
	other, err := tables.New(site.db, settings(), tables.Options{Dialect: tables.SQLite{}, LockWait: -1})
	if err != nil {
		t.Fatal(err)
	}
	writes := writesWithHooks(t, site.engine)
	writes["Locked"] = func(hook tables.Hook) error {
		return site.engine.Locked(t.Context(), hookedKey, func(ctx context.Context, _ *djangosession.Record) error { return hook(ctx, nil) })
	}
	for _, name := range []string{"CreateWith", "SaveWith", "MergeWith", "Locked"} {
		err := writes[name](func(context.Context, *djangosession.Record) error {
			// In the context of the hook, it would take part in the transaction.
			if err := other.Save(t.Context(), hookedRecord(hookedKey, 3)); !errors.Is(err, tables.ErrLocked) { //nolint:contextcheck // see above
				t.Errorf("%s: another write: error %v, want ErrLocked", name, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLockedReturnsTheErrorOfItsFunction(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, nil)
	errDo := errors.New("do failed")
	for _, key := range []string{hookedKey, "null\x00byte"} { // neither exists
		if err := site.engine.Locked(t.Context(), key, func(context.Context, *djangosession.Record) error { return errDo }); !errors.Is(err, errDo) {
			t.Errorf("error %v", err)
		}
		if err := site.engine.Locked(t.Context(), key, func(context.Context, *djangosession.Record) error { return nil }); err != nil {
			t.Errorf("error %v", err)
		}
	}
}

// unchanging is a MySQL server that counts changed rows, and none has changed.
type unchanging struct {
	script

	exists bool
}

func (u *unchanging) Connect(context.Context) (driver.Conn, error) { return u, nil }

func (u *unchanging) ExecContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	if _, err := u.script.ExecContext(ctx, query, values); err != nil {
		return nil, err
	}
	return driver.RowsAffected(0), nil
}

func (u *unchanging) QueryContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	if strings.HasPrefix(query, "SELECT 1") {
		return &oneRow{left: u.exists}, nil
	}
	return u.script.QueryContext(ctx, query, values)
}

// oneRow has at most one row.
type oneRow struct{ left bool }

func (*oneRow) Columns() []string { return []string{"1"} }
func (*oneRow) Close() error      { return nil }

func (r *oneRow) Next(dest []driver.Value) error {
	if !r.left {
		return io.EOF
	}
	r.left, dest[0] = false, int64(1)
	return nil
}

func TestSavesThatChangeNothingOnMySQLAreSaves(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{true, false} {
		server := &unchanging{exists: exists}
		db := sql.OpenDB(server)
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		e, err := tables.New(db, settings(), tables.Options{Dialect: tables.MySQL{}})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		err = e.SaveWith(t.Context(), hookedRecord(hookedKey, 1), func(context.Context, *djangosession.Record) error {
			calls++
			return nil
		})
		if exists && (err != nil || calls != 1) || !exists && (!errors.Is(err, djangosession.ErrSessionGone) || calls != 0) {
			t.Errorf("exists: %v: error %v after %d calls", exists, err, calls)
		}
		last := server.statements[len(server.statements)-1]
		if exists != strings.HasPrefix(last, "COMMIT") || exists == strings.HasPrefix(last, "ROLLBACK") {
			t.Errorf("exists: %v: the last statement is %s", exists, last)
		}
	}
}

func TestHookOfALostCommitIsReportedAsLost(t *testing.T) {
	t.Parallel()
	for _, arrive := range []bool{true, false} {
		site, session := lossySite(t, arrive, 1)
		calls := 0
		err := site.engine.SaveWith(t.Context(), hookedRecord(session.Key(), 7), func(context.Context, *djangosession.Record) error {
			calls++
			return nil
		})
		if err == nil || calls != 1 {
			t.Errorf("error %v after %d calls", err, calls)
		}
	}
}
