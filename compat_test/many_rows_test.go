package compat_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manyRowsVariable is the number of rows of the tables that newManyRows makes.
const manyRowsVariable = "COMPAT_MANY_ROWS"

// manyRows returns that number.
func manyRows(t *testing.T) int {
	t.Helper()
	text := os.Getenv(manyRowsVariable)
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", manyRowsVariable, text)
	}
	return n
}

// manyRowsSettings give the site an old key, and users that Django's own model has.
const manyRowsSettings = `
SECRET_KEY_FALLBACKS = ["the-key-of-last-year"]
SESSION_COOKIE_AGE = 1209600
ALLOWED_HOSTS = ["shop.test"]
DEBUG = False
`

// manyForms makes users, and prints session data as Django stores it: of carts, logins,
// large sessions, sessions signed with the old key, and one signed with a key that the
// site no longer has. The time of each signature is in the past.
const manyForms = `
import django, json, os, random, time
from unittest import mock
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.front"
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.test import override_settings
call_command("migrate", run_syncdb=True, verbosity=0)
User = get_user_model()
users = [User(**{User.USERNAME_FIELD: name + "@example.com"}) for name in ("anne", "bert", "cleo")]
for user in users:
    user.set_unusable_password()
    user.save()
now = time.time()
def login(user):
    return {"_auth_user_id": str(user.pk), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": user.get_session_auth_hash(), "cart": {"tea": user.pk}}
forms = []
def add(days, make, **changes):
    with override_settings(**changes), mock.patch("time.time", lambda: now - 86400 * days):
        forms.append(SessionStore().encode(make()))
for days in range(8):
    add(days + 1, lambda: {"cart": {"tea": days, "note": "two words"}})
for days in range(8):
    add(days + 1, lambda: login(users[days % len(users)]))
add(30, lambda: login(users[0]), SECRET_KEY="the-key-of-last-year", SECRET_KEY_FALLBACKS=[])
words = random.Random(1)
for days in range(2):
    add(days + 1, lambda: {"seen": [words.randrange(10**9) for _ in range(600)], "repeated": "tea " * 800})
add(90, lambda: login(users[1]), SECRET_KEY="a-key-that-was-removed", SECRET_KEY_FALLBACKS=[])
print(json.dumps(forms))
`

// manyExpired is the form that only expired rows have: that with the removed key.
const manyExpired = 19

// newManyRows makes a site with a session table of n rows, its settings in site.json. The
// rows are made on the server. Their keys are in order, and evenly distributed over all
// keys. A quarter of the sessions has not expired; they end within two weeks, and the
// others ended within the last 120 days.
func newManyRows(t *testing.T, product string, n int) *front {
	t.Helper()
	f := newFront(t, "5.2.19", product, "auth.User")
	f.shop.write("shop/front.py", frontSettings("auth.User", f.base)+manyRowsSettings)
	f.shop.write("forms.py", manyForms)
	var forms []string
	if err := json.Unmarshal([]byte(f.django("python forms.py")), &forms); err != nil || len(forms) != manyExpired+1 {
		t.Fatalf("%d forms, %v", len(forms), err)
	}
	f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
	if err := os.Chmod(filepath.Join(f.shop.dir, "site.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	f.base.fillMany(t, forms, n)
	t.Logf("%s: %d rows in %v", product, n, time.Since(start).Round(time.Millisecond))
	return f
}

// manyStatements are statements of a product. In fill, the placeholders are the number of
// rows, the distance of the keys, and the number of forms.
type manyStatements struct {
	forms, fill, analyze, dropIndex string
}

// fillRows is the statement that makes n rows.
func (m manyStatements) fillRows(n, forms int) string {
	return fmt.Sprintf(m.fill, n, int64(1)<<60/int64(n), forms, manyExpired)
}

func manyStatementsOf(product string) manyStatements {
	switch product {
	case "postgresql":
		return manyStatements{
			forms: "CREATE UNLOGGED TABLE many_forms (i integer, data text)",
			fill: `INSERT INTO django_session (session_key, session_data, expire_date)
			SELECT lpad(to_hex(s.i * %[2]d), 15, '0') || substr(md5(s.i::text), 1, 17), f.data,
				CASE WHEN s.i / %[3]d %% 4 = 0 AND f.i <> %[4]d THEN now() + interval '1 second' * (60 + s.i * 7919 %% 1200000)
				ELSE now() - interval '1 second' * (60 + s.i * 7919 %% 10368000) END
			FROM generate_series(0::bigint, %[1]d - 1) s(i) JOIN many_forms f ON f.i = s.i %% %[3]d`,
			analyze:   "ANALYZE django_session",
			dropIndex: "DROP INDEX django_session_expire_date_a5c62663",
		}
	case "mariadb":
		return manyStatements{
			forms: "CREATE TABLE many_forms (i integer, data longtext)",
			fill: `INSERT INTO django_session (session_key, session_data, expire_date)
			WITH RECURSIVE d(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM d WHERE i < 9)
			SELECT CONCAT(LPAD(LOWER(HEX(s.i * %[2]d)), 15, '0'), LEFT(MD5(s.i), 17)), f.data,
				IF(s.i DIV %[3]d %% 4 = 0 AND f.i <> %[4]d, UTC_TIMESTAMP(6) + INTERVAL 60 + s.i * 7919 %% 1200000 SECOND,
				UTC_TIMESTAMP(6) - INTERVAL 60 + s.i * 7919 %% 10368000 SECOND)
			FROM (SELECT a.i + 10*b.i + 100*c.i + 1000*e.i + 10000*f.i + 100000*g.i + 1000000*h.i AS i
				FROM d a, d b, d c, d e, d f, d g, d h WHERE h.i <= %[1]d DIV 1000000 AND g.i <= %[1]d DIV 100000
				AND f.i <= %[1]d DIV 10000 AND e.i <= %[1]d DIV 1000 HAVING i < %[1]d ORDER BY i) s
			JOIN many_forms f ON f.i = s.i %% %[3]d`,
			analyze:   "ANALYZE TABLE django_session",
			dropIndex: "DROP INDEX django_session_expire_date_a5c62663 ON django_session",
		}
	}
	return manyStatements{
		forms: "CREATE TABLE many_forms (i integer PRIMARY KEY, data text)",
		fill: `INSERT INTO django_session (session_key, session_data, expire_date)
		WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM s WHERE i < %[1]d - 1)
		SELECT printf('%%015x', s.i * %[2]d) || substr(lower(hex(randomblob(9))), 1, 17), f.data,
			strftime('%%Y-%%m-%%d %%H:%%M:%%S', 'now', CASE WHEN s.i / %[3]d %% 4 = 0 AND f.i <> %[4]d
			THEN '+' || (60 + s.i * 7919 %% 1200000) ELSE '-' || (60 + s.i * 7919 %% 10368000) END || ' seconds')
		FROM s JOIN many_forms f ON f.i = s.i %% %[3]d`,
		dropIndex: "DROP INDEX django_session_expire_date_a5c62663",
	}
}

// fillMany makes n rows. Indexes are faster to make afterwards.
func (d *database) fillMany(t *testing.T, forms []string, n int) {
	t.Helper()
	db := d.open(t)
	m := manyStatementsOf(d.product)
	do := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	do("DELETE FROM django_session")
	do(m.forms)
	for i, data := range forms {
		do("INSERT INTO many_forms VALUES (" + strconv.Itoa(i) + ", '" + data + "')") // whose characters are those of base64
	}
	do(m.dropIndex)
	do(m.fillRows(n, len(forms)))
	do("CREATE INDEX django_session_expire_date_a5c62663 ON django_session (expire_date)")
	do("DROP TABLE many_forms")
	if m.analyze != "" {
		do(m.analyze)
	}
}

// TestManyRows checks that the tables are what their users expect.
func TestManyRows(t *testing.T) {
	t.Parallel()
	n := manyRows(t)
	for _, product := range databases() {
		t.Run(product, func(t *testing.T) {
			t.Parallel()
			f := newManyRows(t, product, n)
			db := f.base.open(t)
			var rows, live int
			now := map[string]string{"postgresql": "now()", "mariadb": "UTC_TIMESTAMP(6)", "sqlite": "datetime('now')"}[product]
			readNumber(t, db, "SELECT COUNT(*) FROM django_session WHERE LENGTH(session_key) = 32", &rows)
			readNumber(t, db, "SELECT COUNT(*) FROM django_session WHERE expire_date > "+now, &live)
			if rows != n || live < n/5 || live > n/4+20 {
				t.Errorf("%d rows, of which %d are live, want %d, a quarter live", rows, live, n)
			}
			var first, last string
			if err := db.QueryRowContext(t.Context(), "SELECT MIN(session_key), MAX(session_key) FROM "+
				"django_session").Scan(&first, &last); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(first, "000") || !strings.HasPrefix(last, "ff") {
				t.Errorf("keys from %s to %s", first, last)
			}
			readable := 0
			for s, err := range f.open(t, true).Sessions.Records(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if s.Err == nil {
					readable++
				}
				if readable == min(n/5, 300) {
					break
				}
			}
			if readable < min(n/5, 300) {
				t.Errorf("%d sessions decode", readable)
			}
		})
	}
}

// readNumber reads one number.
func readNumber(t *testing.T, db *sql.DB, query string, n *int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(n); err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
}
