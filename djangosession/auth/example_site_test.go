package auth_test

import (
	"context"
	"database/sql"
	"log"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// exampleDatabase returns a database with the users 1 anne, 2 staff and 3 root, in the
// table that Django's migrations create.
func exampleDatabase() *sql.DB {
	db, err := sql.Open(sqlitedriver.Name, ":memory:")
	check(err)
	db.SetMaxOpenConns(1) // each connection would have its own database
	_, err = db.ExecContext(context.Background(), `
CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
	is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL,
	is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL);
INSERT INTO auth_user (username, is_staff, is_superuser, password, last_name, email, is_active, date_joined, first_name) VALUES
	('anne', 0, 0, '!a', '', '', 1, '2026-01-01 00:00:00', ''),
	('staff', 1, 0, '!b', '', '', 1, '2026-01-01 00:00:00', ''),
	('root', 1, 1, '!c', '', '', 1, '2026-01-01 00:00:00', '');`)
	check(err)
	return db
}

// exampleCookie returns the cookie of a browser in which a user, or no user for "", is
// logged in, with further values in the session.
func exampleCookie(
	sessions *djangosession.Manager, logins *auth.Auth, users auth.Users, username string, values map[string]any,
) string {
	ctx, session := context.Background(), sessions.New()
	if username != "" {
		user, err := users.GetByUsername(ctx, username)
		check(err)
		check(logins.LoginSession(ctx, session, user))
	}
	for name, v := range values {
		session.Set(name, v)
	}
	check(session.Save(ctx))
	return "sessionid=" + session.Key()
}

func check(err error) {
	if err != nil {
		log.Fatal(err) //nolint:revive // examples have no *testing.T
	}
}
