package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/internal/uuidtext"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// userModelFlags describe the site's user model.
type userModelFlags struct {
	UserModel string `help:"AUTH_USER_MODEL (default: that of the settings, else auth.User)." placeholder:"APP.MODEL"`

	UserTable string `help:"Table of the users (default: that of the settings, else by the model)." placeholder:"NAME"`

	UserDatabase string `help:"Database of the users, if sessions are in another store." placeholder:"DATABASE"`

	UsernameColumn string `help:"Column of the usernames (default: that of the settings, else username)." placeholder:"NAME"`

	UserIDColumn string `help:"Column of the ids (default: that of the settings, else id)." name:"user-id-column" placeholder:"NAME"`

	//nolint:lll // a help text
	SessionUserColumn string `help:"Column of the session table with the id of the user. Only its rows and those with NULL are read, so every process must fill it." placeholder:"NAME"`

	//nolint:lll // a help text
	UserIDType string `help:"Type of the ids: integer, uuid or text (default: that of the settings, else integer for auth.User, and integer or uuid for other models)." name:"user-id-type" placeholder:"TYPE"`
}

// userHelp is the part of the help texts about users.
const userHelp = `
Sessions contain the id of their user, and --user takes that id. --username looks up a name in the table of the users, which
must be in the same database, or in that of --user-database. A settings file that "djangosession settings script" made
describes the site's user model.
Without one, name a model of the site's own with --user-model, and its columns where they differ from Django's.`

// errNoUser refuses an empty id, because a script without an id would otherwise seem to
// log a user out.
var errNoUser = usagef("--user must not be empty")

// defaultUserModel is Django's own.
const defaultUserModel = "auth.User"

// userChoice is the user whose sessions a command handles.
type userChoice struct {
	userModelFlags

	id, name *string // at most one is set
}

// isMade reports whether the command handles one user.
func (c userChoice) isMade() bool { return c.id != nil || c.name != nil }

// check refuses impossible users. The error is a [usageError].
func (c userChoice) check(settings string) error {
	o, err := c.options(settings)
	if err != nil {
		return err
	}
	if _, ok := idTypes()[c.UserIDType]; !ok && c.UserIDType != "" {
		return usagef("--user-id-type must be integer, uuid or text")
	}
	switch {
	case !c.isMade() && c.SessionUserColumn != "":
		return usagef("--session-user-column needs --user or --username")
	case c.id != nil && c.name != nil:
		return usagef("give --user or --username, not both")
	case c.name != nil && *c.name == "":
		return usagef("--username must not be empty")
	case c.id == nil:
		return nil
	case *c.id == "":
		return errNoUser
	}
	const remedy = "use --username for a name, or --user-model and --user-id-type if the site has other ids"
	switch isInteger, isUUID := isInteger(*c.id), isUUID(*c.id); {
	case o.IDType == tables.TextKey:
	case o.IDType == tables.UUIDKey && !isUUID:
		return usagef("--user must be a UUID; %s", remedy)
	case o.IDType == tables.IntegerKey && !isInteger:
		return usagef("--user must be the id of a user, which is an integer; %s", remedy)
	case o.IDType == 0 && !isInteger && !isUUID:
		return usagef("--user must be the id of a user, which is an integer or a UUID unless --user-id-type says otherwise; %s", remedy)
	}
	return nil
}

// selectRows makes a store read only rows that may belong to the user, if a column says
// which ones do.
func (c userChoice) selectRows(db *store, id string) error {
	switch {
	case c.SessionUserColumn == "":
		return nil
	case db.table == nil:
		return usagef("--session-user-column is only for sessions in a database")
	}
	db.user = id
	return nil
}

func isInteger(id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == id
}

func isUUID(id string) bool {
	_, err := py.ParseUUID(id)
	return err == nil
}

// options returns the user model of the flags, completed by the settings.
func (f *userModelFlags) options(settings string) (tables.UserOptions, error) {
	o := tables.UserOptions{
		Model: f.UserModel, Table: f.UserTable, IDColumn: f.UserIDColumn, UsernameColumn: f.UsernameColumn,
		IDType: idTypes()[f.UserIDType],
	}
	values, err := readObject(settings)
	if err != nil {
		return o, err
	}
	var exported djangosession.UserModel
	if given, ok := values["USER_MODEL"]; ok {
		if err := json.Unmarshal(given, &exported); err != nil {
			return o, usagef("setting USER_MODEL: %w", err)
		}
	}
	if o.Model == "" {
		o.Model = exported.Model
	}
	if given, ok := values["AUTH_USER_MODEL"]; ok && o.Model == "" && json.Unmarshal(given, &o.Model) != nil {
		return o, usagef("setting AUTH_USER_MODEL: must be a string")
	}
	switch o.Model {
	case "":
		o.Model = defaultUserModel
	case exported.Model:
		setDefault(&o.Table, exported.Table)
		setDefault(&o.IDColumn, exported.IDColumn)
		setDefault(&o.UsernameColumn, exported.UsernameColumn)
		setDefault(&o.IDType, idTypes()[exported.IDType])
	}
	if o.Model == defaultUserModel {
		setDefault(&o.IDType, tables.IntegerKey)
	}
	return o, nil
}

// setDefault stores a value unless there is one.
func setDefault[T comparable](to *T, value T) {
	var none T
	if *to == none {
		*to = value
	}
}

// idTypes are the values of --user-id-type, and of id_type in the settings.
func idTypes() map[string]tables.IDType {
	return map[string]tables.IDType{"integer": tables.IntegerKey, "uuid": tables.UUIDKey, "text": tables.TextKey}
}

// find returns the id of the user whose sessions the command handles.
func (c userChoice) find(ctx context.Context, t *tool, db *store, s djangosession.Settings, f *databaseFlags) (string, error) {
	if c.id != nil {
		return *c.id, nil
	}
	o, err := c.options(f.Settings)
	if err != nil {
		return "", err
	}
	from := db.connection
	o.Schema = f.Schema
	switch a, b := s.UserDatabase.Alias, s.SessionDatabase.Alias; {
	case c.UserDatabase != "":
		var users store
		defer users.close()
		s.SessionDatabase = s.UserDatabase // which is what is opened
		if err := (&databaseFlags{Database: c.UserDatabase}).connect(t, &s, use{}, &users); err != nil {
			return "", err
		}
		from, o.Schema = users.connection, ""
	case from.db == nil:
		return "", usagef("the site's users are in a database: name it with --user-database, or use --user instead of --username")
	case a != b && a != "" && b != "":
		return "", usagef("the site's users are in the database %q, and its sessions in %q: name that of the users with "+
			"--user-database, or use --user instead of --username", a, b)
	}
	o.Dialect, o.LockWait = from.dialect, f.lockWait()
	// No other column is needed here, and it does not matter what Python code decides.
	o.NoHash, o.Without = true, tables.PasswordField|tables.IsActiveField|tables.IsStaffField|tables.IsSuperuserField|
		tables.LastLoginField|tables.PermissionFields
	s.UserModel, s.UserDatabase = djangosession.UserModel{}, djangosession.Database{}
	users, err := tables.NewUsers(from.db, s, o)
	if err != nil {
		return "", usageError{err}
	}
	user, err := users.GetByUsername(ctx, *c.name)
	switch {
	case errors.Is(err, auth.ErrNoUser):
		return "", errNoSuchUser
	case errors.Is(err, tables.ErrNoTable):
		return "", fmt.Errorf("%w (--user-model and --user-table name the table of the users)", err)
	case err != nil:
		return "", err
	}
	return user.ID, nil
}

var errNoSuchUser = errors.New("there is no user with this name")

// sameUser reports whether two ids denote the same user. A UUID can be written in several
// ways.
func sameUser(a, b string) bool { return a == b || uuidtext.Same(a, b) }
