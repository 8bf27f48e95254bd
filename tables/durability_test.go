package tables_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// The cases combine values of synchronous and modes of the journal. Django uses FULL.
func TestCheckReportsConnectionsThatDoNotSync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parameters string
		reported   bool
	}{
		// The own value of github.com/mattn/go-sqlite3 is NORMAL, that of
		// modernc.org/sqlite FULL.
		{parameters: "_journal_mode=WAL", reported: sqlitedriver.Name == "sqlite3"},
		{parameters: "_journal_mode=WAL&_synchronous=NORMAL", reported: true},
		{parameters: "_journal_mode=WAL&_synchronous=OFF", reported: true},
		{parameters: "_journal_mode=WAL&_synchronous=FULL"},
		{parameters: "_journal_mode=WAL&_synchronous=EXTRA"},
		{parameters: "_journal_mode=DELETE&_synchronous=OFF", reported: true},
		{parameters: "_journal_mode=DELETE&_synchronous=NORMAL"},
		{parameters: "_journal_mode=DELETE&_synchronous=FULL"},
		{parameters: "_journal_mode=TRUNCATE&_synchronous=EXTRA"},
		{parameters: "_journal_mode=WAL&_synchronous=OFF&mode=ro"},
	} {
		path := filepath.Join(t.TempDir(), "db.sqlite3")
		setUp := openFile(t, "file:"+path+"?_journal_mode=WAL")
		for _, statement := range engineOn(t, ":memory:").DDL() {
			if _, err := setUp.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(c.parameters, "WAL") {
			if _, err := setUp.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE"); err != nil {
				t.Fatal(err)
			}
		}
		e := engineOn(t, "file:"+path+"?"+c.parameters)
		err := e.Check(t.Context())
		var typed *tables.Error
		switch {
		case !c.reported && err != nil:
			t.Errorf("%s: error %v", c.parameters, err)
		case c.reported && (!errors.Is(err, tables.ErrNotDurable) || !errors.As(err, &typed)):
			t.Errorf("%s: error %v, want ErrNotDurable", c.parameters, err)
		case c.reported && !strings.Contains(err.Error(), "_synchronous=FULL"):
			t.Errorf("%s: %v does not name the parameter", c.parameters, err)
		}
		if c.reported { // logins work nevertheless
			sessions, err := djangosession.NewManager(e, settings(), djangosession.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := sessions.New().Save(t.Context()); err != nil {
				t.Errorf("%s: %v", c.parameters, err)
			}
		}
	}
	memory := engineOn(t, "file::memory:?_synchronous=OFF&cache=shared")
	if err := errors.Join(memory.CreateTable(t.Context()), memory.Check(t.Context())); err != nil {
		t.Errorf("in memory: %v", err)
	}
}

// dataSources are the data source names in the texts that people copy.
var dataSources = regexp.MustCompile(`sql\.Open\((?:"sqlite3"|sqlitedriver\.Name), "file:[^)]*\)`)

// TestPublishedDataSourcesSync reads what people copy.
func TestPublishedDataSourcesSync(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"doc.go", "example_test.go", "../examples/visits/main.go", "../examples/sidebyside/service.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := dataSources.FindAllString(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s has no data source name", name)
		}
		for _, source := range found {
			if !strings.Contains(source, "_synchronous=FULL") {
				t.Errorf("%s: %s", name, source)
			}
		}
	}
}
