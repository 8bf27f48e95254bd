package main

import "context"

// errNoUser refuses an empty id: a script that has none would believe it had logged somebody out.
var errNoUser = usagef("--user must not be empty")

type deleteCommand struct {
	databaseFlags
	User   *string `help:"Delete all sessions of this user, which logs them out everywhere." placeholder:"ID"`
	DryRun bool    `help:"Say what would be deleted, and delete nothing."`
	JSON   bool    `help:"Print a JSON object."`

	Keys []string `arg:"" help:"Session keys." name:"key" optional:""`
}

// Help is what sessions delete --help adds.
func (*deleteCommand) Help() string {
	return `Deletes the sessions of these keys, or with --user all sessions of one user; that reads every session of the table, since
only their contents say whose they are. Keys are the arguments, or the lines of standard input. A key without a session
counts as failed. --user needs the secret key; deleting by key does not.
` + databaseHelp + `

Examples:

    djangosession sessions delete db.sqlite3 9e0i9rj14vhlqbcnxhpv7zxyyzlsmlip
    djangosession sessions delete --user 42 --dry-run db.sqlite3`
}

// Run is the command.
func (c *deleteCommand) Run(t *tool) error {
	if c.User != nil && *c.User == "" {
		return errNoUser
	}
	if c.User != nil && len(c.Keys) > 0 {
		return usagef("give session keys or --user, not both")
	}
	s, secretKnown, err := c.settingsWithoutSecret()
	if err != nil {
		return err
	}
	if c.User != nil && !secretKnown {
		return errNoSecret
	}
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if c.User != nil {
		ctx, cancel = interruptible()
	}
	defer cancel()
	db, err := c.open(ctx, t, s, !c.DryRun)
	if err != nil {
		return err
	}
	defer db.close()
	if c.User != nil {
		return c.deleteOfUser(ctx, t, db)
	}
	return c.deleteKeys(ctx, t, db)
}

func (c *deleteCommand) deleteKeys(ctx context.Context, t *tool, db *database) error {
	var deleted, missing int64
	for key, err := range t.items(c.Keys) {
		if err != nil {
			return err
		}
		exists, err := db.Exists(ctx, key)
		if err == nil && exists {
			err = c.delete(ctx, db, key)
		}
		if err != nil {
			return c.stopped(t, deleted, err)
		}
		if exists {
			deleted++
		} else {
			missing++
		}
	}
	if err := c.print(t, deleted); err != nil || missing == 0 {
		return err
	}
	t.complainf("%s: there is no such session", plural(missing, "key"))
	return errSomeFailed
}

func (c *deleteCommand) deleteOfUser(ctx context.Context, t *tool, db *database) error {
	var read, deleted int64
	unreadable := newTally()
	progress := t.progress()
	defer progress.done()
	for row, err := range db.Rows(ctx) {
		if err != nil {
			progress.done()
			return c.stopped(t, deleted, err)
		}
		read++
		progress.showf("%s read, %d of user %s", plural(read, "session"), deleted, printable(*c.User))
		d, err := db.Codec().Decode(row.Data)
		if err != nil {
			unreadable.add(reasonOf(err))
			continue
		}
		if userID(d) != *c.User {
			continue
		}
		if err := c.delete(ctx, db, row.Key); err != nil {
			progress.done()
			return c.stopped(t, deleted, err)
		}
		deleted++
	}
	progress.done()
	if err := c.print(t, deleted); err != nil {
		return err
	}
	return unreadable.report(t)
}

func (c *deleteCommand) delete(ctx context.Context, db *database, key string) error {
	if c.DryRun {
		return nil
	}
	return db.Delete(ctx, key)
}

func (c *deleteCommand) print(t *tool, n int64) error {
	if c.JSON {
		name := "deleted"
		if c.DryRun {
			name = "found"
		}
		return t.line(jsonLine(map[string]int64{name: n}))
	}
	return t.printf("%s\n", c.outcome(n))
}

func (c *deleteCommand) outcome(n int64) string {
	if c.DryRun {
		return plural(n, "session") + " would be deleted."
	}
	return plural(n, "session") + " deleted."
}

// stopped says of work that ended early what was done.
func (c *deleteCommand) stopped(t *tool, deleted int64, err error) error {
	if deleted > 0 {
		t.notef("%s", c.outcome(deleted))
	}
	return err
}
