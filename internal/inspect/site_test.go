package inspect

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

const (
	testHost   = "127.0.0.1:4711"
	testSecret = "a-secret-key-that-no-page-shows"
)

// testPage is a page about a site with sessions in SQLite.
type testPage struct {
	*Handler
	t       *testing.T
	db      *sql.DB
	table   *tables.Engine
	codec   *djangosession.Codec
	cleared int
	loggedOut,
	tokens []string
}

func newTestPage(t *testing.T, write bool) *testPage {
	t.Helper()
	s := djangosession.NewSettings(testSecret)
	s.SecretKeyFallbacks = []string{"the-key-of-last-year"}
	s.Serializer = djangosession.PickleSerializer{}
	path := filepath.Join(t.TempDir(), "db.sqlite3")
	db, err := sql.Open(sqlitedriver.Name, sqlitedriver.DataSource(path, url.Values{"_busy_timeout": {"50"}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	table, err := tables.New(db, s, tables.Options{Dialect: tables.SQLite{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	users := memory.NewUsers()
	if _, err := users.Add(&auth.User{ID: "7", Username: "ada<b>", IsActive: true}, memory.Access{}); err != nil {
		t.Fatal(err)
	}
	p := &testPage{t: t, db: db, table: table, codec: table.Codec()}
	site := Site{Settings: s, Engine: table, Table: table, Codec: p.codec, Users: users, Store: "SQLite"}
	if write {
		site.Clear = func(ctx context.Context, o djangosession.ClearOptions) (int64, error) {
			p.cleared++
			return table.ClearExpired(ctx, o)
		}
		site.Logout = func(_ context.Context, id string) (int, error) {
			p.loggedOut = append(p.loggedOut, id)
			return 2, nil
		}
	}
	p.Handler, err = New(t.Context(), site, Options{Host: testHost, Reading: time.Minute, OnToken: func(again bool) {
		p.tokens = append(p.tokens, strconv.FormatBool(again))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// add stores a session with this key that ends after a time.
func (p *testPage) add(key string, lasts time.Duration, values ...any) {
	p.t.Helper()
	d := py.NewDict(0)
	for i := 0; i < len(values); i += 2 {
		d.Set(values[i], values[i+1])
	}
	text, err := p.codec.Encode(d)
	if err != nil {
		p.t.Fatal(err)
	}
	p.addText(key, lasts, text)
}

func (p *testPage) addText(key string, lasts time.Duration, text string) {
	p.t.Helper()
	p.exec("INSERT INTO django_session VALUES (?, ?, ?)", key, text, time.Now().Add(lasts).UTC().Format(time.DateTime))
}

func (p *testPage) exec(statement string, args ...any) {
	p.t.Helper()
	if _, err := p.db.ExecContext(p.t.Context(), statement, args...); err != nil {
		p.t.Fatal(err)
	}
}

// request is a request as the visitor's browser sends it.
func (p *testPage) request(method, target string, form url.Values) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(p.t.Context(), method, target, body)
	r.Host = testHost
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+testHost)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: cookieName, Value: p.cookie})
	return r
}

func (p *testPage) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// get returns a page, which has to be there, with the characters that it shows.
func (p *testPage) get(path string) string {
	p.t.Helper()
	p.used.Store(true)
	w := p.serve(p.request(http.MethodGet, p.base+path, nil))
	if w.Code != http.StatusOK {
		p.t.Fatalf("%s: status %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// post sends a form with its token.
func (p *testPage) post(path string, form url.Values) *httptest.ResponseRecorder {
	p.t.Helper()
	p.used.Store(true)
	form.Set("csrf", p.csrf)
	return p.serve(p.request(http.MethodPost, p.base+path, form))
}

var confirmField = regexp.MustCompile(`name="confirm" value="([^"]+)"`)

// confirmation returns the text of a confirmation page.
func confirmationOn(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	match := confirmField.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || match == nil {
		t.Fatalf("no confirmation page: status %d\n%s", w.Code, w.Body)
	}
	return match[1]
}

// wait waits for the job that a response leads to, and returns its page.
func (p *testPage) wait(w *httptest.ResponseRecorder) string {
	p.t.Helper()
	path, ok := strings.CutPrefix(w.Header().Get("Location"), p.base)
	if w.Code != http.StatusSeeOther || !ok {
		p.t.Fatalf("no job: status %d\n%s", w.Code, w.Body)
	}
	for range 500 {
		page := p.get(path)
		if strings.Contains(page, "Finished") || strings.Contains(page, "Stopped") || strings.Contains(page, "Failed") {
			return page
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatal("the job does not end")
	return ""
}

// waitFor is a job that runs until it is stopped.
func waitFor(started chan<- struct{}) func(ctx context.Context, j *job) error {
	return func(ctx context.Context, _ *job) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}
}
