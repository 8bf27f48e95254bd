package main

import (
	"context"
	"errors"

	"github.com/djangobridge/djangobridge/internal/amount"
)

type deleteCommand struct {
	databaseFlags
	userModelFlags
	progressFlags
	resumeFlags

	User     *string `help:"Delete all sessions of the user with this id, which logs them out everywhere." placeholder:"ID"`
	Username *string `help:"Delete all sessions of the user with this name."                               placeholder:"NAME"`
	DryRun   bool    `help:"Print what would be deleted, and delete nothing."`
	JSON     bool    `help:"Print a JSON object."`

	Keys []string `arg:"" help:"Session keys, or their beginnings as sessions list prints them." name:"key" optional:""`
}

// Help is what sessions delete --help adds.
func (*deleteCommand) Help() string {
	return `Deletes the sessions with these keys, or with --user or --username all sessions of one user. Keys are the arguments, or
the lines of standard input. A shortened key, such as 0gmsponz..., must match exactly one session. --user and --username
need the secret key; deleting by key does not.

For a user, it reads every session of the store, because only their contents name the user; --session-user-column selects
rows to read. It reads them at least twice, because a login can give a session another key in the meantime.
` + userHelp + `

The exit status is 0 on success, also for a user without sessions; 1 if a key has no session, no user has the name, or
sessions could not be read, or the user kept logging in; and 2 for wrong usage, such as a name instead of an id.
` + databaseHelp + `

Examples:

    djangosession sessions delete db.sqlite3 9e0i9rj14vhlqbcnxhpv7zxyyzlsmlip
    djangosession sessions delete --user 42 --dry-run db.sqlite3
    djangosession sessions delete --username ada db.sqlite3`
}

// Run is the command.
func (c *deleteCommand) Run(t *tool) error {
	user := userChoice{c.userModelFlags, c.User, c.Username}
	if err := user.check(c.Settings); err != nil {
		return err
	}
	if user.isMade() && len(c.Keys) > 0 {
		return usagef("give session keys, or --user or --username, not both")
	}
	s, secretKnown, err := c.settingsWithoutSecret()
	if err != nil {
		return err
	}
	if user.isMade() && !secretKnown {
		return errNoSecret
	}
	if !user.isMade() && c.From != "" {
		return usagef("--from needs --user or --username")
	}
	db, err := c.open(context.Background(), t, s, use{write: !c.DryRun, keys: &c.Keys, userColumn: c.SessionUserColumn})
	if err != nil {
		return err
	}
	defer db.close()
	if db.name == signedCookiesEngine {
		return errCookiesStay
	}
	if err := c.begin(db); err != nil {
		return err
	}
	if user.isMade() {
		return c.deleteOfUser(t, db, s, user)
	}
	return c.deleteKeys(t, db)
}

var errCookiesStay = errors.New("SESSION_ENGINE is signed_cookies: sessions are in the cookies of the visitors' browsers, and " +
	"a cookie is valid until SESSION_COOKIE_AGE has passed: only a new SECRET_KEY ends sessions before")

// deleteKeys deletes the sessions of keys. It reads all keys before it deletes the first
// session: until then the user can end the program as usual, and afterwards the program
// reports what it has done.
func (c *deleteCommand) deleteKeys(t *tool, db *store) error {
	var keys []string
	for key, err := range t.items(c.Keys) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	ctx, cancel := t.interruptible()
	defer cancel()
	var deleted, missing, ambiguous int64
	for _, text := range keys {
		key, err := db.find(ctx, text)
		item, isItem := errors.AsType[*itemError](err)
		switch {
		case err == nil:
			if err := c.delete(ctx, db, key); err != nil {
				return c.stopped(t, deleted, err)
			}
			deleted++
		case errors.Is(err, errNoSession):
			missing++
		case isItem:
			t.complainf("%s", item)
			ambiguous++
		default:
			return c.stopped(t, deleted, err)
		}
	}
	if err := c.print(t, deleted); err != nil {
		return err
	}
	if missing > 0 {
		t.complainf("%s: there is no such session", amount.Of(missing, "key"))
	}
	if missing+ambiguous > 0 {
		return errSomeFailed
	}
	return nil
}

func (c *deleteCommand) delete(ctx context.Context, db *store, key string) error {
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
		return amount.Of(n, "session") + " would be deleted."
	}
	return amount.Of(n, "session") + " deleted."
}

// stopped reports how far work came that ended early.
func (c *deleteCommand) stopped(t *tool, deleted int64, err error) error {
	if _, interrupted := t.interrupted(); interrupted || deleted > 0 {
		t.notef("%s", c.outcome(deleted))
	}
	return err
}
