// Package tables keeps sessions where Django's database engine keeps them, in the table django_session, and reads the users
// of the site, over database/sql. It imports no driver; the program that uses it chooses one.
//
//	db, err := sql.Open("sqlite3", "file:db.sqlite3?mode=rw&_busy_timeout=10")
//	engine, err := tables.New(db, settings, tables.Options{Dialect: tables.SQLite{}})
//
// # What it does to the table
//
// A new session is one INSERT, which fails if the key is taken. A save is one UPDATE by primary key, which fails if the row
// is gone, and never an upsert: a session that a logout deleted stays deleted. Loading is one SELECT by primary key, and
// a session that has expired is not found. Columns that this package does not know keep what they hold. Like Django's, a
// save writes the whole session: of two writers the later one wins. A merged save (see djangosession.Manager.MergeSaves) is a
// transaction that locks the row, reads it and writes it.
//
// # Dates
//
// What is stored in expire_date depends on USE_TZ, TIME_ZONE and the database, and is written as Django writes it, to the
// microsecond. Clocks of all machines that share the table should agree, as for Django itself.
//
// # Users
//
// [Users] are the people in the table of the site's user model, for package auth: who they are, and what they may do. A
// [UserModel] says what the tables and columns are called, if they are not Django's own, and what the primary key is.
//
// Matches django.contrib.sessions.backends.db, and what django.contrib.auth reads.
package tables
