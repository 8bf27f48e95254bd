package tables

import (
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// errNoEmail is returned if the settings do not say where addresses are.
var errNoEmail = &djangosession.SettingError{
	Setting: "USER_MODEL", Problem: "names no field with the email address: export the site's settings again",
}

// UsersByEmail returns the users whose email address is email, without regard to case,
// active or not, and none if it is empty. The database decides which letters are the
// same, as it does for Django's iexact; compare the results before you trust them. The
// error is a
// [*djangosession.SettingError] if the model has no field with the address, or settings
// of an older version do not name it.
func (u *Users) UsersByEmail(ctx context.Context, email string) ([]*auth.User, error) {
	if u.email == "" {
		return nil, errNoEmail
	}
	if !possibleKey(email) {
		return nil, nil
	}
	a := args{dialect: u.dialect}
	users, err := u.query(ctx, "find users by email", u.found+u.dialect.textIs(&a, u.email, email), a.values)
	if err != nil && absent(err, email) {
		return nil, nil
	}
	return users, err
}

// emailColumn returns the quoted column of the email address, or "".
func emailColumn(d Dialect, m *djangosession.UserModel) string {
	for _, f := range m.Fields {
		if f.Name == m.EmailField && f.Column != "" {
			return d.quote(f.Column)
		}
	}
	return ""
}
