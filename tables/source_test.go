package tables_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// exported is a database as SettingsScript describes it.
func exported(engine, vendor string) djangosession.Database {
	return djangosession.Database{
		Alias: "default", WriteAlias: "default", Engine: "django.db.backends." + engine, Vendor: vendor,
	}
}

func TestDialectFollowsFromTheSettings(t *testing.T) {
	t.Parallel()
	db := (&failing{}).open(t)
	replica, broken, foreign := exported("mysql", "mysql"), exported("mysql", "mysql"), exported("x", "postgresql")
	replica.WriteAlias, broken.Error, foreign.Engine = "main", "KeyError shop", "shop.db"
	for name, c := range map[string]struct {
		database djangosession.Database
		given    tables.Dialect
		want     string // is in the statement that creates the table
		err      string // is in the error
	}{
		"sqlite":                {database: exported("sqlite3", "sqlite"), want: "varchar(40) NOT NULL PRIMARY KEY"},
		"postgresql":            {database: exported("postgresql", "postgresql"), want: "timestamp with time zone"},
		"mysql":                 {database: exported("mysql", "mysql"), want: "longtext"},
		"the same again":        {database: exported("mysql", "mysql"), given: &tables.MySQL{}, want: "longtext"},
		"an option alone":       {given: tables.MySQL{}, want: "longtext"},
		"unknown, with option":  {database: foreign, given: tables.PostgreSQL{}, want: "timestamp with time zone"},
		"another vendor":        {database: exported("oracle", "oracle"), given: tables.MySQL{}, want: "longtext"},
		"nothing":               {err: "Dialect"},
		"another than exported": {database: exported("mysql", "mysql"), given: tables.SQLite{}, err: "leave it out"},
		"another than vendor's": {database: foreign, given: tables.SQLite{}, err: "leave it out"},
		"unknown":               {database: foreign, err: "shop.db"},
		"unsupported":           {database: exported("oracle", "oracle"), err: "oracle"},
		"replica":               {database: replica, err: "DATABASE_ROUTERS"},
		"error inside Django":   {database: broken, err: "KeyError shop"},
	} {
		s := settings()
		s.SessionDatabase = c.database
		engine, err := tables.New(db, s, tables.Options{Dialect: c.given})
		checkSource(t, "sessions: "+name, err, c.err)
		if err == nil && !strings.Contains(engine.DDL()[0], c.want) {
			t.Errorf("%s: %s, want %s", name, engine.DDL()[0], c.want)
		}
		s = settings()
		s.UserDatabase = c.database
		_, err = tables.NewUsers(db, s, tables.UserOptions{Dialect: c.given, Model: "auth.User"})
		checkSource(t, "users: "+name, err, c.err)
	}
}

// checkSource requires a SettingError that contains the text, or no error for "".
func checkSource(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err == nil {
		return
	}
	if _, ok := errors.AsType[*djangosession.SettingError](err); !ok || want == "" || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error %v, want one about %q", name, err, want)
	}
}

func TestTimeZoneFollowsFromTheSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exported string
		given    *time.Location
		want     string // the hour that is stored
		err      string
	}{
		"none":         {want: "12"},
		"exported":     {exported: "Asia/Tokyo", want: "21"},
		"option":       {exported: "Asia/Tokyo", given: time.FixedZone("", 3600), want: "13"},
		"unknown zone": {exported: "Mars/Olympus", err: "Mars/Olympus"},
		"Go's own":     {exported: "Local", err: "Local"},
	} {
		s := settings()
		s.UseTZ, s.Now = true, func() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }
		s.SessionCookieAge = 0
		s.SessionDatabase = exported("sqlite3", "sqlite")
		s.SessionDatabase.TimeZone = c.exported
		db := openFile(t, "file:"+t.TempDir()+"/db.sqlite3")
		engine, err := tables.New(db, s, tables.Options{DatabaseTimeZone: c.given})
		checkSource(t, name, err, c.err)
		if err != nil {
			continue
		}
		if err := engine.CreateTable(t.Context()); err != nil {
			t.Fatal(err)
		}
		sessions, err := djangosession.NewManager(engine, s, djangosession.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sessions.New().Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		var date string
		err = db.QueryRowContext(t.Context(), "SELECT CAST(expire_date AS TEXT) FROM django_session").Scan(&date)
		if want := "2026-03-04 " + c.want + ":00:00"; err != nil || date != want {
			t.Errorf("%s: %q, %v, want %q", name, date, err, want)
		}
	}
}

// accountModel is a model with its own names, as SettingsScript describes it.
func accountModel() djangosession.UserModel {
	return djangosession.UserModel{
		Model: "shop.Account", Table: "Accounts", IDColumn: "uid", IDType: "uuid", UsernameColumn: "E mail",
		PasswordColumn: "hash", IsActiveColumn: "enabled", IsSuperuserColumn: "root",
		Groups:          &djangosession.UserLink{Table: "ag", UserColumn: "acc", OtherColumn: "group_id", Model: "auth.Group"},
		UserPermissions: &djangosession.UserLink{Table: "ap", UserColumn: "acc", OtherColumn: "permission_id", Model: "auth.Permission"},
		SessionAuthHash: "django",
	}
}

const accountDDL = `
CREATE TABLE Accounts (uid char(32) PRIMARY KEY, "E mail" text, hash text, enabled bool, root bool, mail text);
CREATE TABLE ag (acc char(32), group_id integer);
CREATE TABLE ap (acc char(32), permission_id integer);
INSERT INTO Accounts VALUES ('123456781234123412341234567890ab', 'anne@example.com', 'pw', 1, 0, 'by-mail');
INSERT INTO Accounts VALUES ('223456781234123412341234567890ab', 'bob@example.com', 'pw', 0, 0, 'bob');
INSERT INTO ag VALUES ('123456781234123412341234567890ab', 1);
INSERT INTO ap VALUES ('123456781234123412341234567890ab', 3);
`

func TestUserModelFollowsFromTheSettings(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL+accountDDL)
	s := settings()
	s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), accountModel()
	users, err := tables.NewUsers(db, s, tables.UserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Check(t.Context()); err != nil {
		t.Error(err)
	}
	anne, err := users.GetByUsername(t.Context(), "anne@example.com")
	if err != nil || anne.ID != "12345678-1234-1234-1234-1234567890ab" || anne.Password != "pw" || !anne.IsActive || anne.NoHash {
		t.Fatalf("%+v, %v", anne, err)
	}
	if bob, err := users.GetByUsername(t.Context(), "bob@example.com"); err != nil || bob.IsActive {
		t.Errorf("%+v, %v", bob, err)
	}
	groups, err := users.Groups(t.Context(), anne)
	if err != nil || !slices.Equal(groups, []string{"editors"}) {
		t.Errorf("groups %v, %v", groups, err)
	}
	permissions, err := users.Permissions(t.Context(), anne)
	slices.Sort(permissions)
	if err != nil || !slices.Equal(permissions, []string{"log.view_entry", "shop.add_order"}) {
		t.Errorf("permissions %v, %v", permissions, err)
	}
	// An option counts more than the settings, for itself alone.
	users, err = tables.NewUsers(db, s, tables.UserOptions{Model: "shop.Account", UsernameColumn: "mail", Without: tables.PermissionFields})
	if err != nil {
		t.Fatal(err)
	}
	if bob, err := users.GetByUsername(t.Context(), "bob"); err != nil || bob.IsActive || bob.Password != "pw" {
		t.Errorf("%+v, %v", bob, err)
	}
}

func TestUserModelsThatPythonDecidesAboutAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, "")
	for name, c := range map[string]struct {
		change func(m *djangosession.UserModel)
		o      tables.UserOptions
		err    string
	}{
		"complete":  {change: func(*djangosession.UserModel) {}},
		"another":   {change: func(*djangosession.UserModel) {}, o: tables.UserOptions{Model: "auth.User"}, err: "shop.Account"},
		"unknown":   {change: func(m *djangosession.UserModel) { *m = djangosession.UserModel{} }, err: "UserOptions.Model"},
		"error":     {change: func(m *djangosession.UserModel) { m.Error = "KeyError" }, err: "KeyError"},
		"other key": {change: func(m *djangosession.UserModel) { m.IDType, m.IDField = "", "shop.Key" }, err: "shop.Key"},
		"no table":  {change: func(m *djangosession.UserModel) { m.Table = "" }, err: "lacks the table"},
		"own hash":  {change: func(m *djangosession.UserModel) { m.SessionAuthHash = "overridden" }, err: "get_session_auth_hash"},
		"no hash":   {change: func(m *djangosession.UserModel) { m.SessionAuthHash, m.PasswordColumn = "absent", "" }},
		"activity left out": {
			change: func(*djangosession.UserModel) {},
			o:      tables.UserOptions{Without: tables.IsActiveField}, err: "inactive users",
		},
		"hash left out": {
			change: func(*djangosession.UserModel) {}, o: tables.UserOptions{NoHash: true}, err: "NoHash",
		},
		"hash left out twice": {
			change: func(m *djangosession.UserModel) { m.SessionAuthHash = "absent" }, o: tables.UserOptions{NoHash: true},
		},
		"computed":    {change: func(m *djangosession.UserModel) { m.Computed = []string{"is_active"} }, err: "is_active"},
		"inheritance": {change: func(m *djangosession.UserModel) { m.OtherTables = []string{"people"} }, err: "people"},
		"half a link": {change: func(m *djangosession.UserModel) { m.UserPermissions = nil }, err: "user_permissions"},
		"override": {
			change: func(m *djangosession.UserModel) { m.Overrides = map[string][]string{"shop.Account": {"has_perm"}} },
			err:    "shop.Account.has_perm",
		},
		"known override": {
			change: func(m *djangosession.UserModel) { m.Overrides = map[string][]string{"shop.Account": {"has_perm"}} },
			o:      tables.UserOptions{KnownOverrides: []string{"shop.Account.has_perm"}},
		},
	} {
		s := settings()
		s.UserDatabase, s.UserModel = exported("sqlite3", "sqlite"), accountModel()
		c.change(&s.UserModel)
		_, err := tables.NewUsers(db, s, c.o)
		checkSource(t, name, err, c.err)
	}
}

func TestReadOnlyUsersStoreNoLogin(t *testing.T) {
	t.Parallel()
	db, _ := newUserDatabase(t, userDDL)
	users := newUsers(t, db, tables.UserOptions{Model: "auth.User", ReadOnly: true})
	if err := users.SetLastLogin(t.Context(), "1", time.Now()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Errorf("error %v, want ErrReadOnly", err)
	}
	var last sql.NullString
	if err := db.QueryRowContext(t.Context(), "SELECT last_login FROM auth_user WHERE id = 1").Scan(&last); err != nil || last.Valid {
		t.Errorf("last_login %v, %v", last, err)
	}
	if u, err := users.Get(t.Context(), "1"); err != nil || u.Username != "anne" {
		t.Errorf("%+v, %v", u, err)
	}
}
