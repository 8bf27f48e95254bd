package djangobridge

import (
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// openUsers returns the users of the site: those of the options, or those in the
// database.
func (o *Options) openUsers(s *djangosession.Settings) (auth.Users, error) {
	if o.Users != nil {
		return o.Users, nil
	}
	db, users := o.DB, tables.UserOptions{
		Dialect: o.Dialect, LockWait: o.Tables.LockWait, NoPreparedStatements: o.Tables.NoPreparedStatements,
		ReadOnly: o.ReadOnly, KnownOverrides: o.KnownOverrides,
		Fields: o.UserFields, LoginFields: o.LoginFields, IgnoreCase: o.LoginIgnoresCase,
	}
	if o.UserDB != nil {
		db = o.UserDB
	}
	if !o.usesTable(s) || s.UserDatabase.Alias == s.SessionDatabase.Alias { // also if UserDB is DB once more
		users.Schema = o.Tables.Schema
	}
	return tables.NewUsers(db, *s, users)
}
