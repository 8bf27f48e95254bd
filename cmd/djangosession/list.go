package main

import "github.com/djangobridge/djangobridge/internal/amount"

type listCommand struct {
	databaseFlags
	userModelFlags
	progressFlags
	resumeFlags

	User     *string `help:"Only the sessions of the user with this id."                         placeholder:"ID"`
	Username *string `help:"Only the sessions of the user with this name."                       placeholder:"NAME"`
	Limit    *int    `help:"Stop after this many sessions."                                      placeholder:"N"`
	FullKeys bool    `help:"Print session keys in full. A full key gives access to the session."`
	JSON     bool    `help:"Print a JSON object for each session."`
}

// Help is what sessions list --help adds.
func (*listCommand) Help() string {
	return `Prints one line per session, ordered by key. A session key is as powerful as a password while the session is valid, so
only its beginning is shown unless --full-keys is set. USER is the id of the logged-in user, "-" without one, or in parentheses
the reason why the session does not decode. Sessions cannot be read without the secret key; USER is then empty. BYTES is the
size of the data in a database. Sessions in memcached and in cookies cannot be listed. "sessions show" and "sessions
delete" accept keys as they are printed here.
` + userHelp + `
` + databaseHelp + `

Examples:

    djangosession sessions list db.sqlite3
    djangosession sessions list --user 42 --json sqlite:///srv/site/db.sqlite3 | jq -r .expire_date
    djangosession sessions list --full-keys --json db.sqlite3 | jq -r 'select(.expired) | .session_key'`
}

// Run is the command.
func (c *listCommand) Run(t *tool) error {
	user := userChoice{c.userModelFlags, c.User, c.Username}
	if err := user.check(c.Settings); err != nil {
		return err
	}
	if c.Limit != nil && *c.Limit < 1 {
		return usagef("--limit must be at least 1")
	}
	s, secretKnown, err := c.settingsWithoutSecret()
	if err != nil {
		return err
	}
	if user.isMade() && !secretKnown {
		return errNoSecret
	}
	ctx, cancel := t.interruptible()
	defer cancel()
	db, err := c.open(ctx, t, s, use{rows: true, userColumn: c.SessionUserColumn})
	if err != nil {
		return err
	}
	defer db.close()
	if err := c.begin(db); err != nil {
		return err
	}

	table := newListTable(t, c, secretKnown)
	if user.isMade() {
		id, err := user.find(ctx, t, db, s, &c.databaseFlags)
		if err != nil {
			return err
		}
		if err := user.selectRows(db, id); err != nil {
			return err
		}
		table.user = &id
	}
	read := int64(0)
	progress := t.progress(c.Progress)
	defer progress.done()
	if err := db.countFor(ctx, progress); err != nil {
		return err
	}
	at := ""
	for rows, err := range db.batches(ctx, secretKnown) {
		for i := range rows {
			if table.add(&rows[i]); table.isFull() {
				break
			}
		}
		if err := table.flush(); err != nil {
			return err
		}
		if table.isFull() {
			break
		}
		if len(rows) > 0 {
			at = rows[len(rows)-1].key
		}
		if err != nil {
			progress.done()
			c.suggest(t, db, at)
			return err
		}
		read += int64(len(rows))
		progress.showf(read, "%s found", amount.Of(table.listed, "session"))
	}
	progress.done()
	if table.listed == 0 && len(table.unreadable) == 0 && !c.JSON {
		t.notef("no sessions")
	}
	return table.unreadable.report(t)
}
