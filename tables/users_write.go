package tables

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// SetLastLogin implements [auth.Users].
func (u *Users) SetLastLogin(ctx context.Context, id string, at time.Time) error {
	const op = "store last_login"
	switch {
	case u.readOnly:
		return djangosession.ErrReadOnly
	case u.names.lastLogin == "":
		return nil
	}
	key, err := u.parseID(id)
	if err != nil {
		return err
	}
	a := args{dialect: u.dialect}
	statement := fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", u.names.table, u.names.lastLogin,
		u.dialect.timeExpr(&a, u.stampAt(at.Truncate(time.Microsecond))), u.idIs(&a, u.names.id, key))
	n, err := u.exec(ctx, op, statement, a.values...)
	if absent(err, id) || err == nil && n == 0 && !u.dialect.countsChanges() {
		return auth.ErrNoUser
	}
	if err == nil && n == 0 { // or the column already contains this time
		_, err = u.Get(ctx, id)
	}
	return err
}

// ReplacePassword implements [auth.Users]. The passwords are compared byte by byte,
// whatever the column's collation is.
func (u *Users) ReplacePassword(ctx context.Context, id string, old, encoded auth.Secret) error {
	const op = "store password"
	password := u.names.password
	switch {
	case u.readOnly:
		return djangosession.ErrReadOnly
	case password == "":
		return fmt.Errorf("tables: %s: the user model has no password field: %w", op, errors.ErrUnsupported)
	}
	key, err := u.parseID(id)
	if err != nil {
		return err
	}
	var n int64
	if old == "" || possibleKey(string(old)) {
		a := args{dialect: u.dialect}
		statement := fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", u.names.table, password, a.add(string(encoded)),
			u.idIs(&a, u.names.id, key))
		is := u.dialect.keyIs(&a, password, string(old))
		if old == "" { // Get returns it for NULL too
			is = "(" + password + " IS NULL OR " + is + ")"
		}
		n, err = u.exec(ctx, op, statement+" AND "+is, a.values...)
	}
	switch {
	case err == nil && n > 0:
		return nil
	case err != nil && !absent(err, id) && !(lacksCharacters(err, string(old)) && isASCII(string(encoded))):
		return err
	}
	user, err := u.Get(ctx, id)
	switch {
	case err != nil:
		return err
	case old == encoded && user.Password == old: // MySQL does not count rows that keep their values
		return nil
	}
	return auth.ErrPasswordChanged
}
