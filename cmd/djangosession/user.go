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

// userModelFlags say where the site's users are, and what their ids look like.
type userModelFlags struct {
	UserModel string `help:"AUTH_USER_MODEL (default: that of the settings, else auth.User)." placeholder:"APP.MODEL"`

	UserTable string `help:"Table of the users (default: by the model)." placeholder:"NAME"`

	UsernameColumn string `help:"Column of the names (default: username)." placeholder:"NAME"`

	UserIDColumn string `help:"Column of the ids (default: id)." name:"user-id-column" placeholder:"NAME"`

	//nolint:lll // a help text
	UserIDType string `help:"What ids are: integer, uuid or text (default: integer for auth.User; integer or uuid for other models)." name:"user-id-type" placeholder:"TYPE"`
}

// userHelp is the part of the help texts about users.
const userHelp = `
Sessions contain the id of their user, and --user takes that id. --username looks a name up in the table of the users, which
has to be in the same database. A site with a user model of its own says so with AUTH_USER_MODEL in the settings or with
--user-model, and names the columns where they differ from Django's.`

// errNoUser refuses an empty id: a script that has none would believe it had logged somebody out.
var errNoUser = usagef("--user must not be empty")

// defaultUserModel is Django's own.
const defaultUserModel = "auth.User"

// The values of --user-id-type.
const (
	integerIDs = "integer"
	uuidIDs    = "uuid"
	textIDs    = "text"
)

// userChoice says whose sessions a command is about.
type userChoice struct {
	userModelFlags

	id, name *string // at most one is set
}

// isMade reports whether the command is about one user.
func (c userChoice) isMade() bool { return c.id != nil || c.name != nil }

// check refuses what cannot be a user. The error is a [usageError].
func (c userChoice) check(settings string) error {
	model, err := c.model(settings)
	if err != nil {
		return err
	}
	switch c.UserIDType {
	case "", integerIDs, uuidIDs, textIDs:
	default:
		return usagef("--user-id-type must be integer, uuid or text")
	}
	switch {
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
	case c.UserIDType == textIDs:
	case c.UserIDType == uuidIDs && !isUUID:
		return usagef("--user must be a UUID; %s", remedy)
	case c.UserIDType == integerIDs && !isInteger, c.UserIDType == "" && model == defaultUserModel && !isInteger:
		return usagef("--user must be the id of a user, which is an integer; %s", remedy)
	case c.UserIDType == "" && !isInteger && !isUUID:
		return usagef("--user must be the id of a user, which is an integer or a UUID unless --user-id-type says otherwise; %s", remedy)
	}
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

// model returns AUTH_USER_MODEL.
func (f *userModelFlags) model(settings string) (string, error) {
	if f.UserModel != "" {
		return f.UserModel, nil
	}
	values, err := readObject(settings)
	if err != nil {
		return "", err
	}
	model := defaultUserModel
	if given, ok := values["AUTH_USER_MODEL"]; ok && json.Unmarshal(given, &model) != nil {
		return "", usagef("setting AUTH_USER_MODEL: must be a string")
	}
	return model, nil
}

// find returns the id of the user whose sessions the command is about.
func (c userChoice) find(ctx context.Context, db *database, s djangosession.Settings, f *databaseFlags) (string, error) {
	if c.id != nil {
		return *c.id, nil
	}
	model, err := c.model(f.Settings)
	if err != nil {
		return "", err
	}
	users, err := tables.NewUsers(db.db, s, tables.UserOptions{
		Dialect: db.dialect, Model: model, Table: c.UserTable, Schema: f.Schema, LockWait: f.lockWait(),
		IDColumn: c.UserIDColumn, IDType: c.idType(), UsernameColumn: c.UsernameColumn,
		// No other column is needed here.
		Without: tables.PasswordField | tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField |
			tables.LastLoginField | tables.PermissionFields,
		NoHash: true,
	})
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

var errNoSuchUser = errors.New("there is no user of this name")

func (f *userModelFlags) idType() tables.IDType {
	switch f.UserIDType {
	case uuidIDs:
		return tables.UUIDKey
	case textIDs:
		return tables.TextKey
	}
	return tables.IntegerKey
}

// sameUser reports whether two ids are those of one user: a UUID is written in several ways.
func sameUser(a, b string) bool { return a == b || uuidtext.Same(a, b) }
