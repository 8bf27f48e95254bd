// Package tables stores sessions in the table of Django's database engine,
// django_session, and reads the site's users. It uses database/sql and imports no driver;
// the program chooses one.
//
//	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10&_synchronous=FULL")
//	settings, err := djangosession.ReadSettingsFile("site.json")
//	engine, err := tables.New(db, settings, tables.Options{})
//	users, err := tables.NewUsers(db, settings, tables.UserOptions{})
//
// Dialect, table, time zone and user model follow from the settings that
// [djangosession.SettingsScript] prints. Options are for what the settings do not
// contain.
//
// # Statements
//
// A new session is one INSERT, which fails if the key is taken. A save is one UPDATE by
// primary key, which fails if the row no longer exists; it is never an upsert, so a
// session that a logout deleted stays deleted. A load is one SELECT by primary key that
// ignores expired sessions. Unknown columns keep their values. Like Django's, a save
// writes the whole session, and the later of two saves wins. A merged save, which
// djangosession's option MergeSaves turns on, is a transaction that locks the row, reads
// it and writes it.
//
// # Lost responses
//
// A server can commit a transaction and disappear before it confirms this. Create and a
// change of the key then look for their rows for at most two seconds, and report what
// really happened. If the server is away for longer, the error is an [ErrUnavailable] and
// the outcome is unknown. A login may then leave a row whose key no browser has: nobody
// can use that session, and it remains until it expires and is cleared, or until the user
// is logged out everywhere. After a change of the key, the old key may no longer work,
// and the user has to log in again. After such an error of a merged save, saving again is
// safe.
//
// # Dates and clocks
//
// The value of expire_date depends on USE_TZ, TIME_ZONE and the database. It is written
// as Django writes it, to the microsecond. Like Django, this package uses the clock of
// its own machine and never that of the database. A save stores the current time plus the
// session's age; a session is valid while its date is in the future. The clocks of all
// machines that share a table must therefore agree. A machine whose clock is ahead ends
// sessions too early, for all users if it clears expired sessions. A machine whose clock
// is behind extends them. Differences of seconds, as with NTP, are harmless. Differences
// close to SESSION_COOKIE_AGE are not: with an age of one hour, a machine that is three
// hours ahead does not find sessions that others saved, and its ClearExpired deletes all
// of them. See docs/running.md.
//
// # Site-specific session stores
//
// A site's own SESSION_ENGINE is accepted if it is a subclass of Django's that only adds
// columns; see [djangosession.Settings.CheckEngine]. Its table, its key salt, and columns
// with auto_now and auto_now_add come from the settings. Options.ExtraColumns defines how
// other columns are filled, on each save or only at creation. Other engines are refused,
// because Django might read sessions elsewhere; Options.AcceptEngine overrides that.
//
// # Sessions beside a cache
//
// [NewCache] is Django's database cache, for the engines of package caches. The engine of
// this package is also the table of cached_db: [Engine.CreateWith], [Engine.SaveWith],
// [Engine.MergeWith] and [Engine.CycleWith] run a [Hook] before the COMMIT, while the row
// is locked. A cache on the same [sql.DB] joins that transaction.
//
// # Users
//
// [Users] reads the table of the site's user model for package auth: who users are, and
// what they may do. The model comes from the settings, or from [UserOptions].
//
// # Logs
//
// This package logs nothing. github.com/go-sql-driver/mysql prints its own lines on
// stderr, for example for each idle connection that the server has closed. The example of
// [MySQL] sends them to slog.
//
// It matches django.contrib.sessions.backends.db, and the queries of django.contrib.auth.
package tables
