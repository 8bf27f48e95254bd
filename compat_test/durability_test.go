package compat_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// syncsVariable makes this program save sessions for a test that counts its sync calls.
const syncsVariable = "TABLES_SYNCS"

// TestAcknowledgedSavesAreSynced counts the syncs of a number of saves with strace, using
// the documented data source name for WAL mode.
func TestAcknowledgedSavesAreSynced(t *testing.T) {
	t.Parallel()
	const saves = 50
	if dsn := os.Getenv(syncsVariable); dsn != "" {
		saveOften(t, dsn, saves)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: compat_test/env/servers installs it")
	}
	text, err := os.ReadFile(filepath.Join("..", "tables", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	parameters := regexp.MustCompile(`file:db\.sqlite3\?([^"]*)"`).FindSubmatch(text)
	if parameters == nil {
		t.Fatal("doc.go has no data source name")
	}
	path := filepath.Join(dir, "db.sqlite3")
	base := &database{product: "sqlite", name: path, dialect: tables.SQLite{}}
	goSite(t, base)
	if _, err := base.open(t).ExecContext(t.Context(), "PRAGMA journal_mode = WAL"); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "calls")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-e", "trace=fsync,fdatasync", "-o", log,
		program, "-test.run", "^TestAcknowledgedSavesAreSynced$")
	cmd.Env = append(os.Environ(), syncsVariable+"=file:"+path+"?"+string(parameters[1]))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(calls), "sync("); n < saves {
		t.Errorf("%d syncs for %d saves", n, saves)
	}
}

func saveOften(t *testing.T, dsn string, saves int) {
	t.Helper()
	db, dialect, err := openSource("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	s := mergingOn(t, db, dialect, djangosession.NewSettings("compat-secret-key")).New()
	for n := range saves {
		s.Set("n", n)
		save(t, s)
	}
}
