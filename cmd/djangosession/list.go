package main

import (
	"fmt"
	"strconv"

	"github.com/djangobridge/djangobridge/internal/amount"
)

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

// listedSession is a line of sessions list as JSON.
type listedSession struct {
	Key     string   `json:"session_key"`
	Expires string   `json:"expire_date"`
	Expired bool     `json:"expired"`
	Bytes   *int     `json:"bytes,omitempty"`
	User    string   `json:"user_id,omitempty"`
	Error   *problem `json:"error,omitempty"`
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

	id := ""
	if user.isMade() {
		if id, err = user.find(ctx, t, db, s, &c.databaseFlags); err != nil {
			return err
		}
		if err := user.selectRows(db, id); err != nil {
			return err
		}
	}
	table := &listTable{tool: t, command: c}
	unreadable := newTally()
	listed, read := 0, int64(0)
	progress := t.progress(c.Progress)
	defer progress.done()
	if err := db.countFor(ctx, progress); err != nil {
		return err
	}
	at := ""
	rows := db.rows
	if secretKnown {
		rows = db.rowsWithUsers
	}
	for row, err := range rows(ctx) {
		if err != nil {
			progress.done()
			c.suggest(t, db, at)
			return err
		}
		at = row.key
		read++
		progress.showf(read, "%s found", amount.Of(int64(listed), "session"))
		found := listedSession{
			Key: shownKey(row.key, c.FullKeys), Expires: jsonDate(row.expires), Expired: row.expired, Bytes: row.size,
		}
		if found.User = row.user; row.unreadable != nil {
			p := describe(row.unreadable)
			found.Error = &p
			unreadable.add(p.Reason)
		}
		if user.isMade() && !sameUser(found.User, id) {
			continue
		}
		if err := table.print(row, found, secretKnown); err != nil {
			return err
		}
		if listed++; c.Limit != nil && listed == *c.Limit {
			break
		}
	}
	progress.done()
	if listed == 0 && len(unreadable) == 0 && !c.JSON {
		t.notef("no sessions")
	}
	return unreadable.report(t)
}

// listTable prints the lines of sessions list. Its columns have fixed widths, because it
// prints while it reads.
type listTable struct {
	tool    *tool
	command *listCommand
	begun   bool
}

func (l *listTable) print(row row, found listedSession, secretKnown bool) error {
	if l.command.JSON {
		return l.tool.line(jsonLine(found))
	}
	keyWidth := 11
	if l.command.FullKeys {
		keyWidth = 32
	}
	if !l.begun {
		l.begun = true
		if !secretKnown {
			l.tool.notef("no secret key is given, so users are not shown")
		}
		heading := fmt.Sprintf("%-*s  %-23s  %-7s  %8s  %s", keyWidth, "KEY", "EXPIRES", "STATE", "BYTES", "USER")
		if err := l.tool.printf("%s\n", bold(l.tool.stdout, heading)); err != nil {
			return err
		}
	}
	state, user, size, expires := "live", "-", "-", "unknown"
	if row.size != nil {
		size, expires = strconv.Itoa(*row.size), shownDate(row.expires)
	} else if !row.expires.IsZero() {
		expires = shownDate(row.expires)
	}
	if found.Expired {
		state = "expired"
	}
	switch {
	case !secretKnown:
		user = ""
	case found.Error != nil:
		user = "(" + found.Error.Reason + ")"
	case found.User != "":
		user = printable(found.User)
	}
	return l.tool.printf("%-*s  %-23s  %-7s  %8s  %s\n",
		keyWidth, printable(found.Key), expires, state, size, user)
}
