package main

import (
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/internal/amount"
)

type clearsessionsCommand struct {
	databaseFlags
	progressFlags

	BatchSize int           `default:"0"  help:"Delete at most this many sessions at once. 0 is no limit but that of --batch-time."`
	BatchTime time.Duration `default:"0s" help:"How long a batch should take (default: a few milliseconds without --batch-size)."`
	Pause     time.Duration `default:"0s" help:"Pause between two batches, such as 100ms, so that others can use the database."`

	DryRun bool `help:"Count the expired sessions, and delete nothing."`
	JSON   bool `help:"Print a JSON object."`
}

// Help is what clearsessions --help adds.
func (*clearsessionsCommand) Help() string {
	return `Deletes the same sessions as "manage.py clearsessions", in batches that hold locks only briefly, so it can run while the
site is in use. You can stop it at any time: it prints how many sessions it has deleted, and you can run it again. It needs
no secret key. Caches and browsers remove expired sessions themselves. If the site has USE_TZ = False, dates are stored in
its TIME_ZONE, so pass its settings with --settings.
` + databaseHelp + `

Examples:

    djangosession clearsessions --dry-run db.sqlite3
    djangosession clearsessions --batch-size 500 --pause 100ms --settings site.json sqlite:///srv/site/db.sqlite3`
}

// Run is the command.
func (c *clearsessionsCommand) Run(t *tool) error {
	if c.BatchSize < 0 || c.BatchTime < 0 || c.Pause < 0 {
		return usagef("--batch-size, --batch-time and --pause must not be negative")
	}
	s, _, err := c.settingsWithoutSecret()
	if err != nil {
		return err
	}
	ctx, cancel := t.interruptible()
	defer cancel()
	db, err := c.open(ctx, t, s, use{write: !c.DryRun, rows: true})
	if err != nil {
		return err
	}
	defer db.close()
	if db.table == nil && db.name != fileEngine {
		t.notef("nothing to do: %s", whyNothingExpires(db.name))
	}

	progress := t.progress(c.Progress)
	removed, err := db.ClearExpired(ctx, djangosession.ClearOptions{
		BatchSize: c.BatchSize, BatchTime: c.BatchTime, Pause: c.Pause, DryRun: c.DryRun,
		Counted:  progress.total.Store,
		Progress: func(removed int64) { progress.showf(removed, "%s deleted", amount.Of(removed, "expired session")) },
	})
	progress.done()
	if _, interrupted := t.interrupted(); err != nil && removed == 0 && (!interrupted || c.DryRun) {
		return err
	}
	if printed := c.print(t, removed); printed != nil {
		return printed
	}
	return err
}

// whyNothingExpires says why a store has no expired sessions.
func whyNothingExpires(engine string) string {
	if engine == signedCookiesEngine {
		return "sessions are in the cookies of the visitors' browsers"
	}
	return "the cache removes expired sessions itself"
}

func (c *clearsessionsCommand) print(t *tool, n int64) error {
	switch {
	case c.JSON && c.DryRun:
		return t.line(jsonLine(map[string]int64{"found": n}))
	case c.JSON:
		return t.line(jsonLine(map[string]int64{"deleted": n}))
	case c.DryRun:
		return t.printf("%s would be deleted.\n", amount.Of(n, "expired session"))
	}
	return t.printf("%s deleted.\n", amount.Of(n, "expired session"))
}
