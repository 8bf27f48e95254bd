package tables_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// userDDL creates the tables that are read, as the migrations of Django 5.2 do.
const userDDL = `
CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "first_name" varchar(150) NOT NULL);
CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL, "permission_id" integer NOT NULL);
CREATE TABLE "auth_user_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" integer NOT NULL, "group_id" integer NOT NULL);
CREATE TABLE "auth_user_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" integer NOT NULL, "permission_id" integer NOT NULL);
INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
	VALUES (1, 'encoded', 0, 'anne', '', '', 1, 1, '2026-01-01 00:00:00', ''), (2, '', 1, 'bob', '', '', 0, 0, '2026-01-01 00:00:00', '');
INSERT INTO django_content_type VALUES (1, 'shop', 'order'), (2, 'log', 'entry');
INSERT INTO auth_permission VALUES (1, 1, 'add_order', ''), (2, 1, 'view_order', ''), (3, 2, 'view_entry', '');
INSERT INTO auth_group VALUES (1, 'editors'), (2, 'admins');
INSERT INTO auth_group_permissions VALUES (1, 1, 1), (2, 2, 3);
INSERT INTO auth_user_groups VALUES (1, 1, 1);
INSERT INTO auth_user_user_permissions VALUES (1, 1, 2), (2, 1, 1);`

// counter is SQLite's driver, which counts statements.
type counter struct {
	dsn        string
	statements atomic.Int64
	statement  func(text string) // if set, is told each of them
}

func (c *counter) count(text string) {
	c.statements.Add(1)
	if c.statement != nil {
		c.statement(text)
	}
}

func (c *counter) Connect(context.Context) (driver.Conn, error) {
	conn, err := connectSQLite(c.dsn)
	if err != nil {
		return nil, err
	}
	return &countedConn{sqliteConn: conn, counter: c}, nil
}

func (*counter) Driver() driver.Driver { return sqliteDriver() }

type countedConn struct {
	sqliteConn
	counter *counter
}

func (c *countedConn) QueryContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Rows, error) {
	c.counter.count(query)
	return c.sqliteConn.QueryContext(ctx, query, values)
}

func (c *countedConn) ExecContext(ctx context.Context, query string, values []driver.NamedValue) (driver.Result, error) {
	c.counter.count(query)
	return c.sqliteConn.ExecContext(ctx, query, values)
}

func newUserDatabase(t *testing.T, ddl string) (*sql.DB, *counter) {
	t.Helper()
	c := &counter{dsn: "file:" + filepath.Join(t.TempDir(), "db.sqlite3") + "?_busy_timeout=20"}
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), ddl); err != nil {
		t.Fatal(err)
	}
	c.statements.Store(0)
	return db, c
}

func newUsers(t *testing.T, db *sql.DB, m tables.UserOptions) *tables.Users {
	t.Helper()
	m.Dialect = tables.SQLite{}
	if m.LockWait == 0 {
		m.LockWait = 50 * time.Millisecond
	}
	users, err := tables.NewUsers(db, settings(), m)
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func TestEachQuestionAboutAUserIsOneQuery(t *testing.T) {
	t.Parallel()
	db, c := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	var u *auth.User
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"Get", func() (err error) { u, err = users.Get(t.Context(), "1"); return err }},
		{"GetByUsername", func() error { _, err := users.GetByUsername(t.Context(), "anne"); return err }},
		{"SetLastLogin", func() error { return users.SetLastLogin(t.Context(), "1", time.Now()) }},
		{"ReplacePassword", func() error { return users.ReplacePassword(t.Context(), "1", "encoded", "new") }},
		{"Groups", func() error { _, err := users.Groups(t.Context(), u); return err }},
		{"Permissions", func() error { _, err := users.Permissions(t.Context(), u); return err }},
	} {
		before := c.statements.Load()
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if n := c.statements.Load() - before; n != 1 {
			t.Errorf("%s: %d statements", step.name, n)
		}
	}
	before := c.statements.Load()
	for _, id := range []string{"x", "", "1 ", "01", "+1", "1e0", "١", "99999999999999999999"} {
		if _, err := users.Get(t.Context(), id); !errors.Is(err, auth.ErrBadID) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if c.statements.Load() != before {
		t.Error("a query for what cannot be an id")
	}
}

func TestUsersAreReadWithWhatTheyMayDo(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User"})
	if err := users.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	if err := users.SetLastLogin(t.Context(), "1", at); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id, username, password   string
		active, staff, superuser bool
		lastLogin                time.Time
		groups, permissions      []string
	}{
		{"1", "anne", "encoded", true, true, false, at.Truncate(time.Microsecond), []string{"editors"}, []string{"shop.add_order", "shop.view_order"}},
		{"2", "bob", "", false, false, true, time.Time{}, nil, []string{"log.view_entry", "shop.add_order", "shop.view_order"}},
	} {
		u, err := users.Get(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		if u.ID != c.id || u.Username != c.username || string(u.Password) != c.password || u.IsActive != c.active ||
			u.IsStaff != c.staff || u.IsSuperuser != c.superuser || !u.LastLogin.Equal(c.lastLogin) {
			t.Errorf("read %+v, %v, want %+v", u, u.LastLogin, c)
		}
		groups, err := users.Groups(t.Context(), u)
		if !slices.Equal(groups, c.groups) || err != nil {
			t.Errorf("groups %v, %v", groups, err)
		}
		permissions, err := users.Permissions(t.Context(), u)
		slices.Sort(permissions)
		if !slices.Equal(permissions, c.permissions) || err != nil {
			t.Errorf("permissions %v, %v", permissions, err)
		}
	}
	for name, do := range map[string]func() error{
		"Get":           func() error { _, err := users.Get(t.Context(), "3"); return err },
		"GetByUsername": func() error { _, err := users.GetByUsername(t.Context(), "Anne"); return err },
		"SetLastLogin":  func() error { return users.SetLastLogin(t.Context(), "3", at) },
	} {
		if err := do(); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%s: %v, want ErrNoUser", name, err)
		}
	}
}

// These names would have an effect if they were not quoted.
func TestNamesOfAModelAreNamesAlone(t *testing.T) {
	t.Parallel()
	const evil = "x`\"'; DROP TABLE t; --"
	quoted := "`" + strings.ReplaceAll(evil, "`", "``") + "`"
	db, _ := newUserDatabase(t, "CREATE TABLE t (a); CREATE TABLE "+quoted+" ("+quoted+" text, name text); INSERT INTO "+quoted+" VALUES ('1', 'anne'), ('2', 'anne')")
	users := newUsers(t, db, tables.UserOptions{
		Model: "auth.User", Table: evil, IDColumn: evil, IDType: tables.TextKey, UsernameColumn: "name", NoHash: true,
		Without: tables.PasswordField | tables.IsActiveField | tables.IsStaffField | tables.IsSuperuserField |
			tables.LastLoginField | tables.PermissionFields,
	})
	u, err := users.Get(t.Context(), "1")
	if err != nil || u.Username != "anne" || !u.NoHash || !u.IsActive {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := users.GetByUsername(t.Context(), "anne"); !errors.Is(err, tables.ErrSeveralUsers) {
		t.Errorf("two of a name: %v", err)
	}
	for _, id := range []string{"1' OR '1'='1", "1; DROP TABLE t"} {
		if _, err := users.Get(t.Context(), id); !errors.Is(err, auth.ErrNoUser) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
		t.Error(err)
	}
}

func TestUnusableModelsAreNamed(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, "")
	for name, c := range map[string]struct {
		model   tables.UserOptions
		setting string
	}{
		"AUTH_USER_MODEL without an app": {tables.UserOptions{Model: "User"}, "AUTH_USER_MODEL"},
		"AUTH_USER_MODEL with two":       {tables.UserOptions{Model: "a.b.User"}, "AUTH_USER_MODEL"},
		"neither options nor settings":   {tables.UserOptions{}, "USER_MODEL"},
		"no password, but a hash":        {tables.UserOptions{Model: "auth.User", Without: tables.PasswordField}, "UserOptions"},
		"a column that is absent":        {tables.UserOptions{Model: "auth.User", Without: tables.IsStaffField, IsStaffColumn: "a"}, "UserOptions"},
		"groups that are absent":         {tables.UserOptions{Model: "auth.User", Without: tables.PermissionFields, GroupsTable: "a"}, "UserOptions"},
		"a zero byte":                    {tables.UserOptions{Model: "auth.User", Table: "a\x00"}, "UserOptions"},
		"an unknown type":                {tables.UserOptions{Model: "auth.User", IDType: 7}, "UserOptions"},
	} {
		c.model.Dialect = tables.SQLite{}
		var wrong *djangosession.SettingError
		if _, err := tables.NewUsers(db, settings(), c.model); !errors.As(err, &wrong) || wrong.Setting != c.setting {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tables.NewUsers(db, settings(), tables.UserOptions{Model: "auth.User"}); err == nil {
		t.Error("no dialect")
	}
	if _, err := tables.NewUsers(nil, settings(), tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}}); err == nil {
		t.Error("no database")
	}
	if _, err := tables.NewUsers(db, djangosession.Settings{}, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}}); !errors.Is(err, djangosession.ErrIncompleteSettings) {
		t.Errorf("no settings: %v", err)
	}
}

func TestFaultsOfUserTablesAreNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full, _ := newUserDatabase(t, userDDL)
	without := func(table string) *sql.DB {
		db, _ := newUserDatabase(t, strings.ReplaceAll(userDDL, table, "another"))
		return db
	}
	for name, c := range map[string]struct {
		db    *sql.DB
		model tables.UserOptions
		want  error
	}{
		"no such file":   {openFile(t, "file:"+filepath.Join(dir, "missing")+"?mode=rw"), tables.UserOptions{Model: "auth.User"}, tables.ErrUnavailable},
		"no such table":  {full, tables.UserOptions{Model: "shop.Account"}, tables.ErrNoTable},
		"no such column": {full, tables.UserOptions{Model: "auth.User", UsernameColumn: "email2"}, tables.ErrColumn},
		"no m2m table":   {without("auth_user_groups"), tables.UserOptions{Model: "auth.User"}, tables.ErrNoTable},

		"no m2m table of permissions": {without("auth_user_user_permissions"), tables.UserOptions{Model: "auth.User"}, tables.ErrNoTable},
		"no m2m table of groups":      {without("auth_group_permissions"), tables.UserOptions{Model: "auth.User"}, tables.ErrNoTable},
	} {
		users := newUsers(t, c.db, c.model)
		err := users.Check(t.Context())
		var typed *tables.Error
		if !errors.Is(err, c.want) || !errors.As(err, &typed) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if strings.HasPrefix(name, "no m2m table") {
			continue
		}
		if _, err := users.Get(t.Context(), "1"); !errors.Is(err, c.want) {
			t.Errorf("%s: Get: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newUsers(t, full, tables.UserOptions{Model: "auth.User"}).Get(ctx, "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	locker, err := full.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close() //nolint:errcheck // the database goes with the test
	if _, err := locker.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	if _, err := newUsers(t, full, tables.UserOptions{Model: "auth.User"}).Get(t.Context(), "1"); !errors.Is(err, tables.ErrLocked) {
		t.Errorf("a locked database: %v", err)
	}
}

// The capitals of the app's label are kept, and those of the model's name are not.
func TestTablesAreNamedAsDjangoNamesThem(t *testing.T) {
	t.Parallel()
	var asked string
	db := sql.OpenDB(&recorder{asked: &asked})
	users, err := tables.NewUsers(db, settings(), tables.UserOptions{Dialect: tables.PostgreSQL{}, Model: "MyShop.Customer"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = users.Groups(t.Context(), &auth.User{ID: "1"})
	if !errors.Is(err, errRecorded) || !strings.Contains(asked, `"MyShop_customer_groups" m`) || !strings.Contains(asked, `m."customer_id"`) {
		t.Errorf("asked %s, %v", asked, err)
	}
}

// recorder is a driver that records queries and returns nothing.
type recorder struct {
	driver.Conn
	asked *string
}

var errRecorded = errors.New("recorded")

func (r *recorder) Connect(context.Context) (driver.Conn, error) { return r, nil }

func (*recorder) Driver() driver.Driver { return sqliteDriver() }

func (*recorder) Close() error { return nil }

func (r *recorder) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	*r.asked = query
	return nil, errRecorded
}

func TestIDsOfOneUser(t *testing.T) {
	t.Parallel()
	const hyphens, digits, other = "550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000", "550e8400-e29b-41d4-a716-446655440001"
	db, _ := newUserDatabase(t, "")
	for idType, same := range map[tables.IDType]bool{tables.UUIDKey: true, tables.TextKey: false, tables.IntegerKey: false} {
		users := newUsers(t, db, tables.UserOptions{Model: "auth.User", IDType: idType})
		if users.SameID(hyphens, digits) != same || !users.SameID(hyphens, hyphens) || users.SameID(hyphens, other) || users.SameID("x", "y") {
			t.Errorf("IDType %v", idType)
		}
	}
	var _ auth.IDComparer = newUsers(t, db, tables.UserOptions{Model: "auth.User"})
}
