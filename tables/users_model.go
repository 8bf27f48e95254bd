package tables

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/uuidtext"
	"github.com/djangobridge/djangobridge/py"
)

// Absent is the name of a column or table of a [UserModel] that the model does not have.
const Absent = "-"

// An IDType is what the primary key of a user model is.
type IDType int

// The types of primary keys.
const (
	// IntegerKey is a whole number: AutoField, BigAutoField and the like.
	IntegerKey IDType = iota
	// UUIDKey is a UUIDField, whatever the database keeps it as: uuid in PostgreSQL and, since Django 5.0, MariaDB; char(32)
	// elsewhere.
	UUIDKey
	// TextKey is a CharField, an EmailField and the like. Ids that the database takes for equal but that are not the same
	// text are different ones here.
	TextKey
)

// A UserModel says where users are. Only Dialect is required: the rest is by default what Django's own model has. Names are
// those in the database, of any characters.
type UserModel struct {
	Dialect Dialect
	// Model is AUTH_USER_MODEL, from which Django makes the names of the tables; "auth.User" by default.
	Model string
	// Table is the table's name, for a model with a db_table of its own.
	Table string
	// Schema is as in [Options], for all tables.
	Schema string

	IDColumn       string // "id"
	IDType         IDType // IntegerKey
	UsernameColumn string // that of the field that USERNAME_FIELD names; "username"

	// The following may be [Absent]. A model without is_active has active users only, and one without the other two no staff
	// and no superusers.

	PasswordColumn    string // "password"; absent, nobody has a password, and NoHash has to be set
	IsActiveColumn    string // "is_active"
	IsStaffColumn     string // "is_staff"
	IsSuperuserColumn string // "is_superuser"
	LastLoginColumn   string // "last_login"

	// NoHash is for a model without get_session_auth_hash, which only one that is not derived from AbstractBaseUser can be:
	// nothing binds a session to a password then. A model that overrides the method cannot be used here.
	NoHash bool

	// GroupsTable and UserPermissionsTable are those of the fields groups and user_permissions, made of Table by default, and
	// UserColumn is the column in them that names the user, made of Model. GroupsTable is [Absent] for a model without
	// PermissionsMixin.
	GroupsTable, UserPermissionsTable, UserColumn string

	DatabaseTimeZone *time.Location // as in [Options]
	LockWait         time.Duration  // likewise
}

// fill puts in Django's defaults.
func (m *UserModel) fill() error {
	refuse := func(setting, problem string) error {
		return &djangosession.SettingError{Setting: setting, Problem: problem}
	}
	setDefault(&m.Model, "auth.User")
	app, model, ok := strings.Cut(m.Model, ".")
	model = strings.ToLower(model) // and not the app's label
	if !ok || app == "" || model == "" || strings.Contains(model, ".") {
		return refuse("AUTH_USER_MODEL", `must be of the form "app_label.Model"`)
	}
	setDefault(&m.Table, app+"_"+model)
	setDefault(&m.IDColumn, "id")
	setDefault(&m.UsernameColumn, "username")
	setDefault(&m.PasswordColumn, "password")
	setDefault(&m.IsActiveColumn, "is_active")
	setDefault(&m.IsStaffColumn, "is_staff")
	setDefault(&m.IsSuperuserColumn, "is_superuser")
	setDefault(&m.LastLoginColumn, "last_login")
	setDefault(&m.GroupsTable, m.Table+"_groups")
	setDefault(&m.UserPermissionsTable, m.Table+"_user_permissions")
	setDefault(&m.UserColumn, model+"_id")
	for _, name := range []string{
		m.Table, m.Schema, m.IDColumn, m.UsernameColumn, m.PasswordColumn, m.IsActiveColumn, m.IsStaffColumn,
		m.IsSuperuserColumn, m.LastLoginColumn, m.GroupsTable, m.UserPermissionsTable, m.UserColumn,
	} {
		if strings.Contains(name, "\x00") || !utf8.ValidString(name) {
			return refuse("UserModel", fmt.Sprintf("no database has a name like %q", name))
		}
	}
	switch {
	case m.Table == Absent, m.IDColumn == Absent, m.UsernameColumn == Absent, m.UserColumn == Absent:
		return refuse("UserModel", "table, id and name cannot be absent")
	case (m.GroupsTable == Absent) != (m.UserPermissionsTable == Absent) && m.GroupsTable != Absent:
		return refuse("UserModel", "groups without user permissions are no PermissionsMixin")
	case m.PasswordColumn == Absent && !m.NoHash:
		return refuse("UserModel", "without PasswordColumn nothing binds sessions to users: set NoHash if that is meant")
	case m.IDType < IntegerKey || m.IDType > TextKey:
		return refuse("UserModel", "IDType is none of the three")
	}
	return nil
}

func setDefault(name *string, value string) {
	if *name == "" {
		*name = value
	}
}

// userNames are the quoted names of a model, "" for what is absent.
type userNames struct {
	table, id, username, lastLogin string
	optional                       [4]string // password, is_active, is_staff, is_superuser

	groups, userPermissions, user                             string
	group, groupPermissions, permission, contentType          string
	groupID, permissionID, contentTypeID, name, codename, app string
	primary                                                   string // of Django's own tables
}

func (m *UserModel) quoted() userNames {
	d := m.Dialect
	column := func(name string) string {
		if name == Absent {
			return ""
		}
		return d.quote(name)
	}
	table := func(name string) string { return newNames(d, m.Schema, name).table }
	return userNames{
		table: table(m.Table), id: d.quote(m.IDColumn), username: d.quote(m.UsernameColumn), lastLogin: column(m.LastLoginColumn),
		optional: [4]string{
			column(m.PasswordColumn), column(m.IsActiveColumn), column(m.IsStaffColumn), column(m.IsSuperuserColumn),
		},
		groups: table(m.GroupsTable), userPermissions: table(m.UserPermissionsTable), user: d.quote(m.UserColumn),
		group: table("auth_group"), groupPermissions: table("auth_group_permissions"), permission: table("auth_permission"),
		contentType: table("django_content_type"),
		groupID:     d.quote("group_id"), permissionID: d.quote("permission_id"), contentTypeID: d.quote("content_type_id"),
		name: d.quote("name"), codename: d.quote("codename"), app: d.quote("app_label"), primary: d.quote("id"),
	}
}

// parseID turns the id in a session into what is looked for. The error is [auth.ErrBadID], or [auth.ErrNoUser] for text that
// no database holds.
func (u *Users) parseID(id string) (any, error) {
	switch u.model.IDType {
	case IntegerKey:
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != id {
			return nil, auth.ErrBadID
		}
		return n, nil
	case UUIDKey:
		uuid, err := py.ParseUUID(id)
		if err != nil {
			return nil, auth.ErrBadID
		}
		// All products take the digits alone, and where the column is char(32) there is nothing else.
		return strings.ReplaceAll(uuid.String(), "-", ""), nil
	case TextKey:
	}
	if !possibleKey(id) {
		return nil, auth.ErrNoUser
	}
	return id, nil
}

// SameID implements [auth.SameIDs]: a UUID may be written in several ways.
func (u *Users) SameID(a, b string) bool {
	return a == b || u.model.IDType == UUIDKey && uuidtext.Same(a, b)
}

// sampleID is something that parseID could give.
func sampleID(t IDType) any {
	switch t {
	case IntegerKey:
		return int64(0)
	case UUIDKey:
		return strings.Repeat("0", 32)
	case TextKey:
	}
	return "-"
}

// idIs is the condition that a column holds what parseID gave.
func (u *Users) idIs(a *args, column string, key any) string {
	if text, ok := key.(string); ok && u.model.IDType == TextKey {
		return u.dialect.keyIs(a, column, text)
	}
	return column + " = " + u.dialect.idExpr(a.add(key), u.model.IDType)
}

// idText is the expression that gives an id as text.
func idText(d Dialect, t IDType, column string) string {
	if t == TextKey {
		return column
	}
	return d.text(column)
}
