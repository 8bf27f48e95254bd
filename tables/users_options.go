package tables

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
)

// An IDType is the type of the primary key of a user model.
type IDType int

// The types of primary keys.
const (
	// IntegerKey is a whole number: AutoField, BigAutoField and the like.
	IntegerKey IDType = iota + 1
	// UUIDKey is a UUIDField, whatever its column is: uuid in PostgreSQL and, since
	// Django 5.0, MariaDB; char(32) elsewhere.
	UUIDKey
	// TextKey is a CharField, an EmailField and the like. Ids must be the same text, even
	// if the column's collation considers different texts equal.
	TextKey
)

// UserFields is a set of fields of a user model.
type UserFields uint

// The fields that a user model may lack.
const (
	// PasswordField is password. Without it nobody has a password, and UserOptions.NoHash
	// has to be set.
	PasswordField UserFields = 1 << iota
	// IsActiveField is is_active. Without it all users are active.
	IsActiveField
	// IsStaffField is is_staff. Without it no user is staff.
	IsStaffField
	// IsSuperuserField is is_superuser. Without it no user is a superuser.
	IsSuperuserField
	// LastLoginField is last_login.
	LastLoginField
	// PermissionFields are groups and user_permissions, which come from PermissionsMixin.
	PermissionFields
)

// UserOptions describe the users, as far as the settings do not. All of them may be left
// out with settings that [djangosession.SettingsScript] printed. Names of tables and
// columns are those in the database, and may contain any characters.
type UserOptions struct {
	// Dialect is by default that of Settings.UserDatabase. Set it for settings without
	// USER_DATABASE, and for an unknown ENGINE that treats tables exactly as Django's own
	// engine does.
	Dialect Dialect
	// DatabaseTimeZone is by default that of Settings.UserDatabase; see [Options].
	DatabaseTimeZone *time.Location
	// Schema is the schema of all tables (in SQLite: the attached database). The default
	// is that of the connection.
	Schema string
	// LockWait is as in [Options].
	LockWait time.Duration
	// NoPreparedStatements is as in [Options].
	NoPreparedStatements bool
	// ReadOnly makes SetLastLogin and ReplacePassword return
	// [djangosession.ErrReadOnly]. Nothing else writes.
	ReadOnly bool
	// KnownOverrides lists methods of the site's user model and its manager that change
	// neither who is logged in nor what users may do, by class and name, such as
	// "shop.models.User.has_perm". The error of [NewUsers] names those that it does not
	// know.
	KnownOverrides []string

	// Model is AUTH_USER_MODEL, such as "auth.User", for settings without USER_MODEL. The
	// defaults of the following options are then those of Django's own model, with tables
	// named after Model. Otherwise they come from Settings.UserModel.
	//
	// Names, email addresses and dates of registration are read only for "auth.User"
	// without Table. Since Django 3.1, the tokens of reset links depend on the address,
	// so export the settings of sites with other models.
	Model string
	// Table is the table's name.
	Table string

	IDColumn       string // the primary key; "id"
	IDType         IDType // IntegerKey
	UsernameColumn string // the column of USERNAME_FIELD; "username"

	PasswordColumn    string // "password"
	IsActiveColumn    string // "is_active"
	IsStaffColumn     string // "is_staff"
	IsSuperuserColumn string // "is_superuser"
	LastLoginColumn   string // "last_login"

	// GroupsTable and UserPermissionsTable are the tables of the fields groups and
	// user_permissions: Table with "_groups" and "_user_permissions". UserColumn is their
	// column that references the user.
	GroupsTable, UserPermissionsTable, UserColumn string

	// Fields names further fields of the model, which are read with each user into
	// auth.User.Fields: "phone", or "team_id" for a foreign key "team". They need
	// Settings.UserModel.Fields. The values are those in the database, whatever the
	// field's Python code makes of them. By the field's type they are int64, bool,
	// float64, string (text, decimals, addresses, and JSON as text), []byte, [py.UUID],
	// [time.Time], [py.Date], [py.Time] and [time.Duration]; nil for NULL. SQLite stores
	// decimals as numbers, so that 1.50 is "1.5".
	Fields []string

	// LoginFields names the text fields in which [Users.GetByUsername] looks for the name
	// that a visitor enters, such as "email", or "username" and "email". The default is
	// USERNAME_FIELD. They need Settings.UserModel.Fields.
	LoginFields []string
	// IgnoreCase makes GetByUsername compare as the lookup iexact does: PostgreSQL
	// ignores case, SQLite that of ASCII letters, and MySQL what the column's collation
	// ignores. An index on UPPER(column) makes it fast in PostgreSQL.
	IgnoreCase bool

	// Without is the set of fields that the model does not have.
	Without UserFields
	// NoHash is for a model without get_session_auth_hash, which only models that are not
	// derived from AbstractBaseUser can lack. Its sessions are not bound to a password.
	// Models that override the method are not supported.
	NoHash bool
}

// Values of djangosession.UserModel.
const (
	integerIDs, uuidIDs, textIDs = "integer", "uuid", "text"

	noAuthHash, djangoAuthHash = "absent", "django"
)

// model returns the user model of the settings, or else Django's own, changed by the
// options.
func (o *UserOptions) model(s *djangosession.Settings) (djangosession.UserModel, error) {
	m, err := o.described(s)
	if err != nil {
		return m, err
	}
	for _, x := range []struct {
		column *string
		given  string
		field  UserFields
	}{
		{&m.Table, o.Table, 0},
		{&m.IDColumn, o.IDColumn, 0},
		{&m.UsernameColumn, o.UsernameColumn, 0},
		{&m.PasswordColumn, o.PasswordColumn, PasswordField},
		{&m.IsActiveColumn, o.IsActiveColumn, IsActiveField},
		{&m.IsStaffColumn, o.IsStaffColumn, IsStaffField},
		{&m.IsSuperuserColumn, o.IsSuperuserColumn, IsSuperuserField},
		{&m.LastLoginColumn, o.LastLoginColumn, LastLoginField},
	} {
		switch isAbsent := o.Without&x.field != 0; {
		case isAbsent && x.given != "":
			return m, userOptionError(fmt.Sprintf("names the column %q of a field that Without names: leave out one of the two", x.given))
		case isAbsent:
			*x.column = ""
		case x.given != "":
			*x.column = x.given
		}
	}
	if err := o.links(&m); err != nil {
		return m, err
	}
	if o.IDType != 0 {
		m.IDType = map[IDType]string{IntegerKey: integerIDs, UUIDKey: uuidIDs, TextKey: textIDs}[o.IDType]
	}
	if o.NoHash {
		m.SessionAuthHash = noAuthHash
	}
	err = checkModel(&m)
	return m, err
}

// described returns the model before the options for its parts are applied.
func (o *UserOptions) described(s *djangosession.Settings) (djangosession.UserModel, error) {
	m := s.UserModel
	isKnown := m.Model != "" || m.Error != ""
	switch {
	case isKnown && o.Model != "" && o.Model != m.Model:
		return m, userOptionError(fmt.Sprintf(
			"names the model %q, but USER_MODEL of the settings is %q: leave it out", o.Model, m.Model))
	case o.NoHash && m.SessionAuthHash == djangoAuthHash:
		return m, userOptionError("sets NoHash, but the model in USER_MODEL of the settings has Django's get_session_auth_hash: " +
			"leave it out, or sessions would outlive their passwords")
	case o.Without&IsActiveField != 0 && isKnown && m.IsActiveColumn != "":
		return m, userOptionError("names IsActiveField in Without, but the model in USER_MODEL of the settings has is_active: " +
			"leave it out, or inactive users could log in")
	case isKnown || o.Model == "":
		err := m.Check(o.KnownOverrides)
		if missing, ok := errors.AsType[*djangosession.SettingError](err); ok && !isKnown {
			missing.Problem += `, or name the model in UserOptions.Model ("auth.User" is Django's own)`
		}
		return m, err
	}
	app, model, ok := strings.Cut(o.Model, ".")
	model = strings.ToLower(model) // and not the app's label
	if !ok || app == "" || model == "" || strings.Contains(model, ".") {
		return m, &djangosession.SettingError{Setting: "AUTH_USER_MODEL", Problem: `must be of the form "app_label.Model"`}
	}
	table := o.Table
	if table == "" {
		table = app + "_" + model
	}
	link := func(field string) *djangosession.UserLink {
		return &djangosession.UserLink{Table: table + "_" + field, UserColumn: model + "_id"}
	}
	m = djangosession.UserModel{
		Model: o.Model, Table: table, IDColumn: "id", IDType: integerIDs, UsernameColumn: "username",
		PasswordColumn: "password", IsActiveColumn: "is_active", IsStaffColumn: "is_staff", IsSuperuserColumn: "is_superuser",
		LastLoginColumn: "last_login", Groups: link("groups"), UserPermissions: link("user_permissions"),
		SessionAuthHash: djangoAuthHash,
	}
	if o.Model == "auth.User" && o.Table == "" {
		m.EmailField, m.Fields = "email", o.djangosFields()
	}
	return m, nil
}

// djangosFields returns the fields of Django's own model that have no option.
func (o *UserOptions) djangosFields() []djangosession.UserField {
	username := o.UsernameColumn
	if username == "" {
		username = "username"
	}
	return []djangosession.UserField{
		{Name: "username", Column: username, Type: charField},
		{Name: "first_name", Column: "first_name", Type: charField},
		{Name: "last_name", Column: "last_name", Type: charField},
		{Name: "email", Column: "email", Type: charField},
		{Name: "date_joined", Column: "date_joined", Type: dateTimeField},
	}
}

// links applies the options about groups and permissions.
func (o *UserOptions) links(m *djangosession.UserModel) error {
	names := o.GroupsTable + o.UserPermissionsTable + o.UserColumn
	switch {
	case o.Without&PermissionFields != 0 && names != "":
		return userOptionError("names tables of groups or permissions, which Without names too: leave out one of the two")
	case o.Without&PermissionFields != 0:
		m.Groups, m.UserPermissions = nil, nil
	case names == "":
	case m.Groups == nil && (o.GroupsTable == "" || o.UserPermissionsTable == "" || o.UserColumn == ""):
		return userOptionError("GroupsTable, UserPermissionsTable and UserColumn go together")
	default:
		m.Groups = linked(m.Groups, o.GroupsTable, o.UserColumn)
		m.UserPermissions = linked(m.UserPermissions, o.UserPermissionsTable, o.UserColumn)
	}
	return nil
}

// linked returns a link with the names that are given.
func linked(link *djangosession.UserLink, table, userColumn string) *djangosession.UserLink {
	var l djangosession.UserLink
	if link != nil {
		l = *link
	}
	if table != "" {
		l.Table = table
	}
	if userColumn != "" {
		l.UserColumn = userColumn
	}
	return &l
}

func userOptionError(problem string) error {
	return &djangosession.SettingError{Setting: "UserOptions", Problem: problem}
}

// checkModel refuses models that cannot be read.
func checkModel(m *djangosession.UserModel) error {
	names := []string{
		m.Table, m.IDColumn, m.UsernameColumn, m.PasswordColumn, m.IsActiveColumn, m.IsStaffColumn, m.IsSuperuserColumn,
		m.LastLoginColumn,
	}
	if m.Groups != nil {
		names = append(names, m.Groups.Table, m.Groups.UserColumn, m.UserPermissions.Table, m.UserPermissions.UserColumn)
	}
	for _, name := range names {
		if strings.Contains(name, "\x00") || !utf8.ValidString(name) {
			return userOptionError(fmt.Sprintf("%q cannot be the name of a table or column", name))
		}
	}
	switch {
	case m.Table == "" || m.IDColumn == "" || m.UsernameColumn == "":
		return &djangosession.SettingError{Setting: "USER_MODEL", Problem: "lacks the table, the primary key or the user's name"}
	case m.PasswordColumn == "" && m.SessionAuthHash != noAuthHash:
		return userOptionError("without a password nothing binds sessions to users: " +
			"set NoHash if the model has no get_session_auth_hash")
	case idTypeOf(m) == 0:
		return userOptionError("IDType must be IntegerKey, UUIDKey or TextKey")
	}
	return nil
}

// idTypeOf returns the type of a model's primary key, or 0 for other types.
func idTypeOf(m *djangosession.UserModel) IDType {
	return map[string]IDType{integerIDs: IntegerKey, uuidIDs: UUIDKey, textIDs: TextKey}[m.IDType]
}
