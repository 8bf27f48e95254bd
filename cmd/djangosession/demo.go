package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/fixtures"
	"github.com/djangobridge/djangobridge/py/tagged"
	"github.com/djangobridge/djangobridge/tables"
)

type demoCommand struct{}

// Help is what demo --help adds.
func (*demoCommand) Help() string {
	return `Makes the SQLite database of a small Django site in a new temporary folder, as Django itself wrote it, then does to its
sessions what a Go program beside the site does: read, change, save. The folder stays, for the commands that the demo
ends with.`
}

// The settings of the demo's site. Its secret is public.
const (
	demoSecret   = "test-secret-key"
	demoSettings = `{"SECRET_KEY": "` + demoSecret + `", "USE_TZ": true, "TIME_ZONE": "UTC"}` + "\n"
)

// Run is the command.
func (c *demoCommand) Run(t *tool) error {
	ctx, cancel := t.interruptible()
	defer cancel()
	folder, err := os.MkdirTemp("", "djangosession-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d := &demo{tool: t, settings: filepath.Join(folder, "settings.json"), path: filepath.Join(folder, "db.sqlite3")}
	if err := d.makeSite(ctx); err != nil {
		return err
	}
	defer d.db.Close() //nolint:errcheck // what was written is committed
	for _, step := range []func(context.Context) error{d.read, d.change, d.logout} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return d.end()
}

// demo is a running demonstration.
type demo struct {
	*tool
	settings, path string // files

	db       *sql.DB
	engine   *tables.Engine
	sessions *djangosession.Manager
	steps    int
}

// stepf begins a paragraph of the story.
func (d *demo) stepf(format string, args ...any) error {
	d.steps++
	return d.printf("%s\n", bold(d.stdout, fmt.Sprintf("%d. ", d.steps)+fmt.Sprintf(format, args...)))
}

func (d *demo) makeSite(ctx context.Context) error {
	// Only the demo creates a file; the commands refuse to.
	for name, data := range map[string]string{d.settings: demoSettings, d.path: ""} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	c, err := openSQLiteFile(d.path, true)
	if err != nil {
		return err
	}
	d.db = c.db
	if _, err := d.db.ExecContext(ctx, fixtures.DemoSQL); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	s := djangosession.NewSettings(demoSecret)
	s.TimeZone = "UTC"
	if d.engine, err = tables.New(d.db, s, tables.Options{Dialect: c.dialect}); err != nil {
		return err
	}
	if d.sessions, err = djangosession.NewManager(d.engine, s, djangosession.Options{}); err != nil {
		return err
	}
	return d.stepf("A site's database, with the tables, users and sessions that Django %s wrote:\n   %s",
		djangosession.NewestRelease, d.path)
}

// row finds the session of a user.
func (d *demo) row(ctx context.Context, user string) (tables.Row, error) {
	for row, err := range d.engine.Rows(ctx) {
		if err != nil {
			return row, err
		}
		if dict, err := d.engine.Codec().Decode(row.Data); err == nil && userID(dict) == user {
			return row, nil
		}
	}
	return tables.Row{}, errors.New("demo: the user has no session")
}

func (d *demo) read(ctx context.Context) error {
	row, err := d.row(ctx, "1")
	if err != nil {
		return err
	}
	s, err := d.sessions.Load(ctx, row.Key)
	if err != nil {
		return err
	}
	if err := d.stepf("The session of a user who is logged in, as it is stored:\n   %s", row.Data); err != nil {
		return err
	}
	if err := d.stepf("What is in it:"); err != nil {
		return err
	}
	return d.values(s)
}

func (d *demo) values(s *djangosession.Session) error {
	for name, value := range s.Items() {
		text, err := tagged.Dumps(value)
		if err != nil {
			return err
		}
		if err := d.printf("   %-20s  %s\n", name, text); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) change(ctx context.Context) error {
	before, err := d.row(ctx, "1")
	if err != nil {
		return err
	}
	s, err := d.sessions.Load(ctx, before.Key)
	if err != nil {
		return err
	}
	visits, err := djangosession.Value[int](s, "visits")
	if err != nil {
		return err
	}
	s.Set("visits", visits+1)
	s.Set("seen_by", "Go")
	if err := s.Save(ctx); err != nil {
		return err
	}
	after, err := d.row(ctx, "1")
	if err != nil {
		return err
	}
	if err := d.stepf("Go sets two values and saves; Django reads the new text like its own:\n   %s", after.Data); err != nil {
		return err
	}
	if s, err = d.sessions.Load(ctx, before.Key); err != nil {
		return err
	}
	return d.values(s)
}

func (d *demo) logout(ctx context.Context) error {
	row, err := d.row(ctx, "2")
	if err != nil {
		return err
	}
	s, err := d.sessions.Load(ctx, row.Key)
	if err != nil {
		return err
	}
	s.Set("cart", []string{"tea"})
	if err := d.sessions.Delete(ctx, row.Key); err != nil { // as a request to Django would
		return err
	}
	saved := s.Save(ctx)
	if !errors.Is(saved, djangosession.ErrSessionGone) {
		return fmt.Errorf("demo: a deleted session was saved: %w", saved)
	}
	return d.stepf("Another user logs out in Django while Go is about to save. The save does not bring the session back:\n   %s",
		plain(saved))
}

func (d *demo) end() error {
	program := invocation()
	return d.printf("\n%s\n   %s\n   %s\n", bold(d.stdout, "The database is "+d.path+". Try next:"),
		fmt.Sprintf("%s sessions list --settings %s %s", program, shellQuote(d.settings), shellQuote(d.path)),
		fmt.Sprintf("%s clearsessions --dry-run %s", program, shellQuote(d.path)))
}
