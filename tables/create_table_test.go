package tables_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// Every statement runs, and the first failure stops.
func TestTablesAreMadeWithTheirIndex(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, []string{"CREATE TABLE other (id integer)"})
	if err := site.engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	var tableCount, indexes int
	err := site.db.QueryRowContext(t.Context(), `SELECT SUM(type = 'table'), SUM(type = 'index' AND sql IS NOT NULL)
		FROM sqlite_master WHERE tbl_name = 'django_session'`).Scan(&tableCount, &indexes)
	if err != nil || tableCount != 1 || indexes != 1 {
		t.Errorf("%d tables and %d indexes, %v", tableCount, indexes, err)
	}
	if err := site.engine.Check(t.Context()); errors.Is(err, tables.ErrNoTable) || errors.Is(err, tables.ErrColumn) {
		t.Errorf("checked: %v", err)
	}
	readOnly := engineOn(t, "file:"+site.path+"?mode=ro")
	if err := readOnly.CreateTable(t.Context()); err == nil {
		t.Error("made in a database that is read-only")
	}
}

// There is no table, so each query would fail.
func TestImpossibleKeysAreAnsweredWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{}, []string{"CREATE TABLE other (id integer)"})
	for _, key := range []string{"a key with\x00zero", "a key with \xff"} {
		if there, err := site.engine.Exists(t.Context(), key); err != nil || there {
			t.Errorf("Exists(%q): %v, %v", key, there, err)
		}
		if _, err := site.engine.Load(t.Context(), key); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("Load(%q): %v", key, err)
		}
		if err := site.engine.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
		if err := site.engine.Create(t.Context(), &djangosession.Record{Key: key}); !errors.Is(err, djangosession.ErrBadKey) {
			t.Errorf("Create(%q): %v", key, err)
		}
		if err := site.engine.Save(t.Context(), &djangosession.Record{Key: key}); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Save(%q): %v", key, err)
		}
	}
}

func TestErrorsSayWhatIsKnown(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*tables.Error{
		"tables: do: " + errQuoted.Error():                                         {Op: "do", Err: errQuoted},
		"tables: do: " + tables.ErrLocked.Error():                                  {Op: "do", Kind: tables.ErrLocked},
		"tables: do: " + tables.ErrLocked.Error() + " (" + errQuoted.Error() + ")": {Op: "do", Kind: tables.ErrLocked, Err: errQuoted},
	} {
		if err.Error() != want || strings.Contains(want, "nil") {
			t.Errorf("%q, want %q", err, want)
		}
		if errors.Is(err, errQuoted) != (err.Err != nil) || errors.Is(err, tables.ErrLocked) != (err.Kind != nil) {
			t.Errorf("%v: causes %v", err, err.Unwrap())
		}
	}
}
