package tables

import (
	"context"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Errors of UsersByEmail.
var (
	errNoEmail = &djangosession.SettingError{
		Setting: "USER_MODEL", Problem: "names no field with the email address: export the site's settings again",
	}
	errComputedEmail = &djangosession.SettingError{
		Setting: "USER_MODEL", Problem: "computes or converts the email address in Python: find users by their address with code " +
			"of your own",
	}
)

// UsersByEmail returns the users whose email address is email, without regard to case,
// active or not, and none if it is empty. The database decides which letters are the
// same, as it does for Django's iexact; compare the results before you trust them. The
// error is a [*djangosession.SettingError] if the model has no field with the address, if
// Python code computes or converts it, or if settings of an older version do not name it.
func (u *Users) UsersByEmail(ctx context.Context, email string) ([]*auth.User, error) {
	if u.noEmail != nil {
		return nil, u.noEmail
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

// emailColumn returns the quoted column of the email address. The error is a
// [*djangosession.SettingError].
func emailColumn(d Dialect, m *djangosession.UserModel) (string, error) {
	if m.EmailComputed {
		return "", errComputedEmail
	}
	for _, f := range m.Fields {
		if f.Name == m.EmailField && f.Column != "" {
			return d.quote(f.Column), nil
		}
	}
	return "", errNoEmail
}
