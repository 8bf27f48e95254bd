package tables_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// columnsDDL creates a table with columns of all kinds.
const columnsDDL = `CREATE TABLE "shop_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL,
	"expire_date" datetime NOT NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "user_id" integer NULL,
	"agent" varchar(9) NULL, "ip" char(39) NULL, "note" text DEFAULT 'kept')`

// exportedColumns are those of columnsDDL as SettingsScript prints them.
func exportedColumns() []djangosession.SessionStoreColumn {
	return []djangosession.SessionStoreColumn{
		{Name: "session_key", Type: "CharField", PrimaryKey: true},
		{Name: "session_data", Type: "TextField"},
		{Name: "expire_date", Type: "DateTimeField"},
		{Name: "created_at", Type: "DateTimeField", AutoNowAdd: true},
		{Name: "updated_at", Type: "DateTimeField", AutoNow: true},
		{Name: "user_id", Type: "ForeignKey", Null: true},
		{Name: "agent", Type: "CharField", Null: true},
		{Name: "ip", Type: "GenericIPAddressField", Null: true},
		{Name: "note", Type: "TextField", Null: true, HasDefault: true},
	}
}

// clock is a clock that a test sets.
type clock struct{ time time.Time }

func (c *clock) now() time.Time { return c.time }

func (s *testSite) cell(t *testing.T, key, column string) string {
	t.Helper()
	var v sql.NullString
	query := "SELECT CAST(" + column + " AS TEXT) FROM shop_session WHERE session_key = ?"
	if err := s.db.QueryRowContext(t.Context(), query, key).Scan(&v); err != nil {
		t.Fatal(err)
	}
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

func TestColumnsAreFilledAtCreationOrAtEverySave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		useTZ        bool
		first, later string
	}{
		"USE_TZ":    {useTZ: true, first: "2023-11-14 22:13:20.500000", later: "2023-11-15 22:13:20"},
		"no USE_TZ": {first: "2023-11-14 23:13:20.500000", later: "2023-11-15 23:13:20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := &clock{time.UnixMilli(1700000000500)}
			s := settings()
			s.UseTZ, s.TimeZone, s.Now = c.useTZ, "Europe/Berlin", at.now
			site := newTestSite(t, s, tables.Options{Table: "shop_session", ExtraColumns: []tables.Column{
				{Name: "created_at", Value: tables.Now, CreateOnly: true},
				{Name: "updated_at", Value: tables.Now},
				{Name: "user_id", Value: tables.LoggedInUserID},
				{Name: "note"},
			}}, []string{columnsDDL})
			session := site.sessions.New()
			session.Set("_auth_user_id", "7")
			if err := session.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			key := session.Key()
			at.time = time.Unix(1700086400, 0)
			session.Set("a", 1)
			if err := session.Save(t.Context()); err != nil {
				t.Fatal(err)
			}
			for column, want := range map[string]string{
				"created_at": c.first, "updated_at": c.later, "user_id": "7", "agent": "NULL", "note": "kept",
			} {
				if got := site.cell(t, key, column); got != want {
					t.Errorf("%s is %s, want %s", column, got, want)
				}
			}
			// A change of the key creates a row, as it does in Django.
			if err := session.CycleKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := site.cell(t, session.Key(), "created_at"); got != c.later {
				t.Errorf("after CycleKey created_at is %s, want %s", got, c.later)
			}
		})
	}
}

func TestMergedSavesFillColumns(t *testing.T) {
	t.Parallel()
	at := &clock{time.Unix(1700000000, 0)}
	s := settings()
	s.UseTZ, s.Now, s.SessionStoreClass = true, at.now, storeClass(nil, "db")
	s.SessionEngine, s.SessionStoreClass.Table, s.SessionStoreClass.Columns = "shop.sessions", "shop_session", exportedColumns()
	site := newTestSite(t, s, tables.Options{}, []string{columnsDDL}) // table and dates by the export
	site.use(t, djangosession.Options{MergeSaves: true})
	session := site.sessions.New()
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	at.time = at.time.Add(time.Hour)
	session.Set("a", 1)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	created, updated := site.cell(t, session.Key(), "created_at"), site.cell(t, session.Key(), "updated_at")
	if created != "2023-11-14 22:13:20" || updated != "2023-11-14 23:13:20" {
		t.Errorf("created %s, updated %s", created, updated)
	}
}

// TestDatesAndTimesAreThoseOfTheProcess has a DateField and a TimeField. Django fills them
// from the clock of its process, which has the zone TIME_ZONE with and without USE_TZ.
// The values are what Django 3.2.25 and 6.1.3 store in SQLite.
func TestDatesAndTimesAreThoseOfTheProcess(t *testing.T) {
	t.Parallel()
	const ddl = `CREATE TABLE "shop_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL,
		"expire_date" datetime NOT NULL, "made_on" date NOT NULL, "made_at" time NOT NULL, "saved_on" date NOT NULL, "saved_at" time NOT NULL)`
	for zone, want := range map[string]string{
		"Europe/Berlin":      "2023-11-14 23:13:20.500000 2023-11-15 23:13:20",
		"Pacific/Kiritimati": "2023-11-15 12:13:20.500000 2023-11-16 12:13:20",
		"America/Chicago":    "2023-11-14 16:13:20.500000 2023-11-15 16:13:20",
	} {
		for _, useTZ := range []bool{true, false} {
			at := &clock{time.UnixMilli(1700000000500)}
			s := settings()
			s.UseTZ, s.TimeZone, s.Now, s.SessionStoreClass = useTZ, zone, at.now, storeClass(nil, "db")
			s.SessionEngine, s.SessionStoreClass.Table = "shop.sessions", "shop_session"
			s.SessionStoreClass.Columns = []djangosession.SessionStoreColumn{
				{Name: "made_on", Type: "DateField", AutoNowAdd: true},
				{Name: "made_at", Type: "TimeField", AutoNowAdd: true},
				{Name: "saved_on", Type: "DateField", AutoNow: true},
				{Name: "saved_at", Type: "TimeField", AutoNow: true},
			}
			site := newTestSite(t, s, tables.Options{}, []string{ddl})
			session := site.sessions.New()
			for range 2 {
				if err := session.Save(t.Context()); err != nil {
					t.Fatal(err)
				}
				at.time = time.Unix(1700086400, 0)
			}
			stored := make([]string, 0, 4)
			for _, column := range []string{"made_on", "made_at", "saved_on", "saved_at"} {
				stored = append(stored, site.cell(t, session.Key(), column))
			}
			if got := strings.Join(stored, " "); got != want {
				t.Errorf("%s, USE_TZ %v: %s, want %s", zone, useTZ, got, want)
			}
		}
	}
}

func TestColumnsOfTheRequest(t *testing.T) {
	t.Parallel()
	site := newTestSite(t, settings(), tables.Options{Table: "shop_session", ExtraColumns: []tables.Column{
		{Name: "created_at", Value: tables.Now},
		{Name: "updated_at", Value: tables.Now},
		{Name: "agent", Value: tables.UserAgent(9)},
		{Name: "ip", Value: tables.RemoteAddr},
	}}, []string{columnsDDL})
	var session *djangosession.Session
	handler := site.sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if session, err = djangosession.FromContext(r.Context()); err != nil {
			t.Error(err)
			return
		}
		session.Set("a", 1)
	}))
	for name, c := range map[string]struct{ addr, agent, wantAddr, wantAgent string }{
		"plain":       {addr: "192.0.2.1:1234", agent: "Agent/1", wantAddr: "192.0.2.1", wantAgent: "Agent/1"},
		"IPv6":        {addr: "[2001:DB8:0::1]:80", agent: "", wantAddr: "2001:db8::1", wantAgent: ""},
		"link-local":  {addr: "[fe80::1%eth0]:80", agent: "long agent", wantAddr: "fe80::1", wantAgent: "long agen"},
		"Unix socket": {addr: "@", agent: "\xe4\xff é", wantAddr: "NULL", wantAgent: "äÿ Ã©"},
		"mapped":      {addr: "[::ffff:192.0.2.1]:80", wantAddr: "::ffff:192.0.2.1"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.addr
		r.Header.Set("User-Agent", c.agent)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
			continue
		}
		if addr, agent := site.cell(t, session.Key(), "ip"), site.cell(t, session.Key(), "agent"); addr != c.wantAddr || agent != c.wantAgent {
			t.Errorf("%s: %s and %q, want %s and %q", name, addr, agent, c.wantAddr, c.wantAgent)
		}
	}
	if err := session.Save(t.Context()); err != nil { // outside a request
		t.Fatal(err)
	}
	if addr, agent := site.cell(t, session.Key(), "ip"), site.cell(t, session.Key(), "agent"); addr != "NULL" || agent != "NULL" {
		t.Errorf("without a request: %s and %q", addr, agent)
	}
}

func TestValuesOfColumns(t *testing.T) {
	t.Parallel()
	s := settings()
	s.UseTZ = true
	type key struct{}
	var value any
	site := newTestSite(t, s, tables.Options{Table: "shop_session", ExtraColumns: []tables.Column{
		{Name: "created_at", Value: tables.Now},
		{Name: "updated_at", Value: tables.Now},
		{Name: "note", Value: func(ctx context.Context, d *py.Dict) (any, error) {
			if err, ok := value.(error); ok {
				return nil, err
			}
			if ctx.Value(key{}) != "of the caller" || d.Len() != 1 {
				t.Error("the context or the session is not the caller's")
			}
			return value, nil
		}},
	}}, []string{columnsDDL})
	ctx := context.WithValue(t.Context(), key{}, "of the caller")
	session := site.sessions.New()
	session.Set("a", 1)
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"text":         {value: "x", want: "x"},
		"nothing":      {value: nil, want: "NULL"},
		"aware date":   {value: py.DateTime{Time: time.Unix(1700000000, 0).In(time.FixedZone("", 3600))}, want: "2023-11-14 22:13:20"},
		"out of range": {value: py.DateTime{Time: time.Unix(1<<40, 0)}, want: "error"},
		"error":        {value: errors.New("broken"), want: "error"},
	} {
		value = c.value
		err := session.Save(ctx)
		if c.want == "error" {
			if err == nil || !strings.Contains(err.Error(), `"note"`) {
				t.Errorf("%s: error %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := site.cell(t, session.Key(), "note"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestUserUUIDIsWhatEachDatabaseTakes(t *testing.T) {
	t.Parallel()
	for id, want := range map[any]any{
		"0123ABCD-0000-4000-8000-000000000001": "0123abcd000040008000000000000001",
		"0123abcd000040008000000000000001":     "0123abcd000040008000000000000001",
		"7":                                    nil,
		nil:                                    nil,
	} {
		d := py.NewDict(1)
		if id != nil {
			d.Set("_auth_user_id", id)
		}
		if got, err := tables.LoggedInUserUUID(t.Context(), d); got != want || err != nil {
			t.Errorf("%v: %v, %v", id, got, err)
		}
	}
}

func TestPrepareChangesWhatIsStoredAlone(t *testing.T) {
	t.Parallel()
	fail := false
	site := newTestSite(t, settings(), tables.Options{Prepare: func(_ context.Context, d *py.Dict) error {
		if fail {
			return errors.New("broken")
		}
		d.Set("agent", "added")
		return nil
	}}, nil)
	session := site.sessions.New()
	session.Set("a", 1)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if session.Contains("agent") {
		t.Error("the session in memory has the value")
	}
	loaded, err := site.sessions.Load(t.Context(), session.Key())
	if err != nil || !loaded.Contains("agent") || !loaded.Contains("a") {
		t.Errorf("stored: %v, %v", loaded.Dict(), err)
	}
	fail = true
	if err := session.Save(t.Context()); err == nil {
		t.Error("an error of Prepare is not returned")
	}
}

func TestCheckNamesColumnsThatNobodyFills(t *testing.T) {
	t.Parallel()
	class := storeClass([]string{"create_model_instance"}, "db")
	class.Table, class.Columns = "shop_session", exportedColumns()
	for name, c := range map[string]struct {
		class  djangosession.SessionStoreClass
		extra  []tables.Column
		column string
		filled bool
	}{
		"unknown class":      {extra: nil, column: "created_at"},
		"without a value":    {extra: []tables.Column{{Name: "created_at"}, {Name: "updated_at", Value: tables.Now}}, column: "created_at"},
		"the site fills one": {class: class, column: "user_id", filled: true},
		"all named": {class: class, extra: []tables.Column{
			{Name: "user_id", Value: tables.LoggedInUserID}, {Name: "agent"}, {Name: "ip"}, {Name: "note"},
		}},
	} {
		s := settings()
		if s.SessionStoreClass = c.class; len(c.class.MRO) > 0 {
			s.SessionEngine = "shop.sessions"
		}
		site := newTestSite(t, s, tables.Options{Table: "shop_session", ExtraColumns: c.extra}, []string{columnsDDL})
		err := site.engine.Check(t.Context())
		if c.column == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wrong, ok := errors.AsType[*tables.ColumnError](err)
		if !ok || wrong.Column != c.column || wrong.Missing || wrong.Filled != c.filled || !strings.Contains(err.Error(), "CreateOnly") {
			t.Errorf("%s: %v", name, err)
		}
		session := site.sessions.New()
		if err := session.Save(t.Context()); !errors.Is(err, tables.ErrColumn) {
			t.Errorf("%s: Save: %v", name, err)
		}
	}
}

func TestColumnsOfDjangoAreNotExtra(t *testing.T) {
	t.Parallel()
	_, err := tables.New(openFile(t, ":memory:"), settings(), tables.Options{
		Dialect: tables.SQLite{}, ExtraColumns: []tables.Column{{Name: "session_data", Value: tables.Now}},
	})
	if wrong, ok := errors.AsType[*djangosession.SettingError](err); !ok || wrong.Setting != "Options.ExtraColumns" {
		t.Errorf("error %v", err)
	}
}
