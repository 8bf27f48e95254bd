package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Users reads the users of a site from the table of its user model: Django's own, or any
// other model with a primary key and a username. It stores passwords and the times of
// logins. It implements [auth.Users], usually with one query per method. It is safe for
// concurrent use.
type Users struct {
	conn
	names      userNames
	idType     IDType
	noHash     bool
	readOnly   bool
	columns    []userColumn
	logins     []string // quoted columns in which GetByUsername looks
	ignoreCase bool
	email      string // quoted column
	noEmail    error  // why it is not known
	found      string // the start of a query for users: all columns
	get        keyQuery
	rows       sync.Pool // of *userRow
}

// NewUsers returns the users of a site in db, which the caller closes. Dialect, time zone
// and user model follow from the settings unless the options name them. NewUsers does not
// use the database; see [Users.Check].
//
// The error is a [*djangosession.SettingError] if neither settings nor options describe
// the users, if they contradict each other, or if Python code of the site decides who is
// logged in or what users may do.
func NewUsers(db *sql.DB, s djangosession.Settings, o UserOptions) (*Users, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	from := source{setting: "USER_DATABASE", options: "UserOptions", database: &s.UserDatabase}
	c, err := newConn(db, s, from, connOptions{o.Dialect, o.DatabaseTimeZone, o.LockWait, o.NoPreparedStatements})
	if err != nil {
		return nil, err
	}
	m, err := o.model(&s)
	if err != nil {
		return nil, err
	}
	further, err := o.furtherFields(&m)
	if err != nil {
		return nil, err
	}
	u := &Users{
		conn: c, names: quoteModel(c.dialect, o.Schema, &m), idType: idTypeOf(&m), noHash: m.SessionAuthHash == noAuthHash,
		readOnly: o.ReadOnly, ignoreCase: o.IgnoreCase,
	}
	u.email, u.noEmail = emailColumn(c.dialect, &m)
	if u.logins, err = o.loginColumns(c.dialect, &m); err != nil {
		return nil, err
	}
	u.columns = u.userColumns(&m, further)
	exprs := make([]string, len(u.columns))
	for i, column := range u.columns {
		exprs[i] = column.expr
	}
	u.found = fmt.Sprintf("SELECT %s FROM %s WHERE ", strings.Join(exprs, ", "), u.names.table)
	a := args{dialect: u.dialect}
	u.get = keyQuery{text: u.found + u.idIs(&a, u.names.id, sampleID(u.idType)), keys: len(a.values)}
	return u, nil
}

// Check reports whether the tables exist and have the columns that are read. The error is
// an [*Error].
func (u *Users) Check(ctx context.Context) error {
	const op = "check the user tables"
	scan := func(*sql.Rows) (struct{}, error) { return struct{}{}, nil }
	if _, err := queryAll(ctx, &u.conn, op, u.found+"1 = 0", nil, scan); err != nil || u.names.groups == "" {
		return err
	}
	for _, query := range []func(a *args, key any) string{u.groupsQuery, u.permissionsQuery} {
		a := args{dialect: u.dialect}
		if _, err := queryAll(ctx, &u.conn, op, query(&a, sampleID(u.idType)), a.values, scan); err != nil {
			return err
		}
	}
	return nil
}

// Get implements [auth.Users].
func (u *Users) Get(ctx context.Context, id string) (*auth.User, error) {
	key, err := u.parseID(id)
	if err != nil {
		return nil, err
	}
	var user *auth.User
	err = u.readRow(ctx, "find user", u.get.text, u.get.keyValues(key, 0), func(rows *sql.Rows) (err error) {
		user, err = u.scan(rows)
		return err
	})
	if absent(err, id) {
		return nil, auth.ErrNoUser
	}
	if err != nil {
		return nil, err
	}
	return user, nil
}

// GetByUsername implements [auth.Users]. The database decides which names are equal, as
// it does for Django; see also UserOptions.LoginFields and UserOptions.IgnoreCase. The
// error is [ErrSeveralUsers] if it finds more than one user.
func (u *Users) GetByUsername(ctx context.Context, username string) (*auth.User, error) {
	const op = "find user by name"
	if !possibleKey(username) {
		return nil, auth.ErrNoUser
	}
	a := args{dialect: u.dialect}
	users, err := u.query(ctx, op, u.found+u.nameIs(&a, username)+" LIMIT 2", a.values)
	switch {
	case absent(err, username), err == nil && len(users) == 0:
		return nil, auth.ErrNoUser
	case err != nil:
		return nil, err
	case len(users) > 1: // get raises MultipleObjectsReturned
		return nil, &Error{Op: op, Kind: ErrSeveralUsers}
	}
	return users[0], nil
}

// nameIs is the condition that a user has this name in one of the login fields.
func (u *Users) nameIs(a *args, username string) string {
	conditions := make([]string, len(u.logins))
	for i, column := range u.logins {
		if u.ignoreCase {
			conditions[i] = u.dialect.textIs(a, column, username)
		} else {
			conditions[i] = column + " = " + a.add(username)
		}
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// ErrSeveralUsers means that several users have the same name.
var ErrSeveralUsers = errors.New("several users have this name: USERNAME_FIELD, or what " +
	"UserOptions.LoginFields and IgnoreCase compare, must be unique")

// query returns the users that a query finds.
func (u *Users) query(ctx context.Context, op, query string, values []any) ([]*auth.User, error) {
	return queryAll(ctx, &u.conn, op, query, values, u.scan)
}
