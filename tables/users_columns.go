package tables

import (
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/py"
)

// A userColumn is an expression that queries for users select, and what its value is.
type userColumn struct {
	expr string
	set  func(user *auth.User, value sql.NullString) error
}

// userColumns returns the columns of the user model, without those that it does not have.
func (u *Users) userColumns(m *djangosession.UserModel, further []djangosession.UserField) []userColumn {
	columns := []userColumn{
		{expr: idText(u.dialect, u.idType, u.names.id), set: u.setID},
		textColumn(u.names.username, func(user *auth.User) *string { return &user.Username }),
	}
	for _, c := range []userColumn{
		{expr: u.names.password, set: func(user *auth.User, v sql.NullString) error {
			user.Password = auth.Secret(v.String)
			return nil
		}},
		boolColumn(u.names.isActive, func(user *auth.User) *bool { return &user.IsActive }),
		boolColumn(u.names.isStaff, func(user *auth.User) *bool { return &user.IsStaff }),
		boolColumn(u.names.isSuperuser, func(user *auth.User) *bool { return &user.IsSuperuser }),
	} {
		if c.expr != "" {
			columns = append(columns, c)
		}
	}
	if u.names.lastLogin != "" {
		columns = append(columns, u.timeColumn(u.names.lastLogin, func(user *auth.User) *time.Time { return &user.LastLogin }))
	}
	for _, f := range m.Fields {
		column := u.dialect.quote(f.Column)
		switch {
		case f.Type == dateTimeField && f.Name == "date_joined":
			columns = append(columns, u.timeColumn(column, func(user *auth.User) *time.Time { return &user.DateJoined }))
		case !isTextField(f.Type):
		case f.Name == m.EmailField:
			columns = append(columns, textColumn(column, func(user *auth.User) *string { return &user.Email }))
		case f.Name == "first_name":
			columns = append(columns, textColumn(column, func(user *auth.User) *string { return &user.FirstName }))
		case f.Name == "last_name":
			columns = append(columns, textColumn(column, func(user *auth.User) *string { return &user.LastName }))
		}
	}
	for _, f := range further {
		columns = append(columns, userColumn{
			expr: fieldExpr(u.dialect, u.dialect.quote(f.Column), f.Type),
			set: func(user *auth.User, v sql.NullString) (err error) {
				if user.Fields == nil {
					user.Fields = make(map[string]any, len(further))
				}
				user.Fields[f.Name], err = u.fieldValue(f, v)
				return err
			},
		})
	}
	return columns
}

// userRow is where the columns of a user are read.
type userRow struct {
	values []sql.NullString
	dst    []any // pointers to values
}

func newUserRow(columns int) *userRow {
	r := &userRow{values: make([]sql.NullString, columns), dst: make([]any, columns)}
	for i := range r.values {
		r.dst[i] = &r.values[i]
	}
	return r
}

// scan reads a row of u.found.
func (u *Users) scan(rows *sql.Rows) (*auth.User, error) {
	r, ok := u.rows.Get().(*userRow)
	if !ok {
		r = newUserRow(len(u.columns))
	}
	defer func() {
		clear(r.values) // among them a password
		u.rows.Put(r)
	}()
	if err := rows.Scan(r.dst...); err != nil {
		return nil, err
	}
	user := &auth.User{NoHash: u.noHash, IsActive: true}
	for i, c := range u.columns {
		if err := c.set(user, r.values[i]); err != nil {
			return nil, err
		}
	}
	return user, nil
}

func (u *Users) setID(user *auth.User, v sql.NullString) error {
	user.ID = v.String
	if u.idType != UUIDKey {
		return nil
	}
	uuid, err := py.ParseUUID(v.String)
	user.ID = uuid.String()
	return err
}

func textColumn(column string, field func(*auth.User) *string) userColumn {
	return userColumn{expr: column, set: func(user *auth.User, v sql.NullString) error {
		*field(user) = v.String
		return nil
	}}
}

func boolColumn(column string, field func(*auth.User) *bool) userColumn {
	return userColumn{expr: column, set: func(user *auth.User, v sql.NullString) error {
		is, err := strconv.ParseBool(v.String)
		*field(user) = is
		if err != nil && v.Valid {
			return fmt.Errorf("the column %s contains a value that is not a boolean", column)
		}
		return nil
	}}
}

func (u *Users) timeColumn(column string, field func(*auth.User) *time.Time) userColumn {
	return userColumn{expr: u.dialect.timeText(column), set: func(user *auth.User, v sql.NullString) error {
		*field(user) = u.instant(v.String)
		return nil
	}}
}

// instant returns a stored date, or the zero time if the column contains no date.
func (u *Users) instant(text string) time.Time {
	d := u.date(text)
	if d.Time.IsZero() {
		return time.Time{}
	}
	return d.In(u.loc)
}
