// Package tables keeps sessions where Django's database engine keeps them, in the table django_session, and reads the users
// of the site, over database/sql. It imports no driver; the program that uses it chooses one.
//
//	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
//	settings, err := djangosession.ReadSettingsFile("site.json")
//	engine, err := tables.New(db, settings, tables.Options{})
//	users, err := tables.NewUsers(db, settings, tables.UserOptions{})
//
// Dialect, table, time zone and user model follow from the settings that
// [djangosession.SettingsScript] prints; options are for what the settings lack.
//
// # What it does to the table
//
// A new session is one INSERT, which fails if the key is taken. A save is one UPDATE by primary key, which fails if the row
// is gone, and never an upsert: a session that a logout deleted stays deleted. Loading is one SELECT by primary key, and
// a session that has expired is not found. Columns that this package does not know keep what they hold. Like Django's, a
// save writes the whole session: of two writers the later one wins. A merged save (see djangosession.Manager.MergeSaves) is a
// transaction that locks the row, reads it and writes it.
//
// # Dates and clocks
//
// The value of expire_date depends on USE_TZ, TIME_ZONE and the database, and is written as Django writes it, to the
// microsecond. Like Django, this package uses the clock of its own machine and never that of the database: a save stores now
// plus the session's age, and a session is found and kept from clearing while its date is after now. So the clocks of all
// machines that share a table have to agree. A machine whose clock is ahead by some time ends sessions that much too early,
// for everybody if it clears expired sessions; one whose clock is behind lets them live that much longer. Seconds, as NTP
// keeps them, do no harm. A difference close to SESSION_COOKIE_AGE does: with an age of one hour, a machine that is three hours
// ahead finds no session that others saved, and its ClearExpired deletes all of them. See docs/running.md.
//
// # Site-specific session stores
//
// A SESSION_ENGINE of the site's own is accepted if it is a subclass of Django's that only adds columns (see
// [djangosession.Settings.CheckEngine]). Its table, its key salt, and columns with auto_now and auto_now_add come from the
// exported settings; Options.ExtraColumns says how others are filled, on each save or at creation alone. Other engines are
// refused, because Django might read sessions elsewhere; Options.AcceptEngine is the way round.
//
// # Logs
//
// This package logs nothing. github.com/go-sql-driver/mysql prints lines of its own on stderr, such as one for each idle
// connection that the server has closed; the example of [MySQL] sends them to slog.
//
// # Users
//
// [Users] are the people in the table of the site's user model, for package auth: who they are, and what they may do. A
// user model comes from the settings, or from [UserOptions].
//
// Matches django.contrib.sessions.backends.db, and what django.contrib.auth reads.
package tables
