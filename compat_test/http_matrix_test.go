package compat_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// httpAnswer is what came of a request.
type httpAnswer struct {
	Status  int      `json:"status"`
	Cookies []string `json:"cookies"`
	Vary    string   `json:"vary"`
	rows    string
}

// compare says in what ours differs.
func (a *httpAnswer) compare(ours httpAnswer) string {
	var b strings.Builder
	for _, part := range []struct {
		name         string
		theirs, ours any
	}{
		{"status", a.Status, ours.Status}, {"Set-Cookie", a.Cookies, ours.Cookies}, {"Vary", a.Vary, ours.Vary}, {"rows", a.rows, ours.rows},
	} {
		if theirs, ours := fmt.Sprint(part.theirs), fmt.Sprint(part.ours); theirs != ours {
			fmt.Fprintf(&b, "\n%s of Django: %s\n%s of Go:     %s", part.name, theirs, part.name, ours)
		}
	}
	return b.String()
}

// httpNow is the time of the requests, in seconds, with a fraction that a float
// represents exactly.
const httpNow = 1_700_000_000.25

// TestHTTPMatrix sends each case to Django and to Go on the same database. Status,
// cookies, Vary and rows are the same.
func TestHTTPMatrix(t *testing.T) {
	t.Parallel()
	onEachMatrix(t, "db", httpCases())
}

// TestHTTPMatrixOfFilesAndCookies does that with the engines "file" and "signed_cookies".
func TestHTTPMatrixOfFilesAndCookies(t *testing.T) {
	t.Parallel()
	cases := slices.DeleteFunc(httpCases(), func(c httpCase) bool { // attributes are the same with all engines
		return !slices.Contains([]string{"defaults", "every request", "an hour", "name"}, c.settings) ||
			c.use == "expiry text" // which has no date: Go refuses it on all engines
	})
	for _, engine := range []string{"file", "signed_cookies"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			onEachMatrix(t, engine, cases)
		})
	}
}

func onEachMatrix(t *testing.T, engine string, cases []httpCase) {
	t.Helper()
	for _, release := range releases() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			m := newHTTPMatrix(t, release, engine)
			began := time.Now()
			failures := 0
			for _, c := range cases {
				if !c.comparable(release) {
					continue
				}
				django, ours := m.django(t, c), m.ours(t, c)
				if difference := django.compare(ours); difference != "" {
					failures++
					t.Errorf("%s%s", c, difference)
				}
				if failures == 20 {
					t.Fatal("and so on")
				}
			}
			t.Logf("%d requests to each took %v", len(cases), time.Since(began))
		})
	}
}

// httpMatrix is a Django and the database that Go shares with it.
type httpMatrix struct {
	release string
	engine  string            // the last part of SESSION_ENGINE
	folder  string            // of the session files
	tokens  *strings.Replacer // replaces session keys with cookies of signed_cookies
	peer    *peer
	db      *sql.DB
	sites   map[string]*djangosession.Manager // by the name of their settings
}

func newHTTPMatrix(t *testing.T, release, engine string) *httpMatrix {
	t.Helper()
	base := newDatabase(t, "sqlite")
	database := base.django()
	database["CONN_MAX_AGE"] = nil // connections stay
	folder := t.TempDir()
	m := &httpMatrix{release: release, engine: engine, folder: folder, sites: map[string]*djangosession.Manager{}, peer: startPeer(t, release, map[string]any{
		"SESSION_ENGINE": "django.contrib.sessions.backends." + engine, "SESSION_FILE_PATH": folder,
		"database": database, "SECRET_KEY": httpSecret, "USE_TZ": true, "TIME_ZONE": "UTC",
		"MIDDLEWARE": []any{"django.contrib.sessions.middleware.SessionMiddleware"}, "ROOT_URLCONF": "http_peer",
		"ALLOWED_HOSTS": []any{"*"}, "LOGGING_CONFIG": nil,
	})}
	db, _, err := openSource("sqlite", "file:"+base.name+"?_busy_timeout=10000&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	m.db = db
	m.call(t, "hurry", nil)
	if engine == "signed_cookies" {
		token := func(age float64) string {
			text, _ := m.call(t, "token", map[string]any{"now": httpNow - age, "values": httpValues()}).(string)
			return text
		}
		m.tokens = strings.NewReplacer(liveKey, token(1000), expiredKey, token(1209601), corruptKey, token(0)+"x")
	}
	return m
}

const httpSecret = "compat-secret-key"

// call calls a function of http_peer.py.
func (m *httpMatrix) call(t *testing.T, what string, args map[string]any) any {
	t.Helper()
	order := map[string]any{"what": what}
	maps.Copy(order, args)
	return m.peer.do(t, "http", order)
}

// newKeys are the keys that a request has made.
var newKeys = regexp.MustCompile(`\b[a-z0-9]{32}\b`)

// settle makes two answers comparable: it gives new keys one name, and shows what cookies
// contain.
func (m *httpMatrix) settle(t *testing.T, a httpAnswer, rows any) httpAnswer {
	t.Helper()
	if m.tokens != nil {
		for i, line := range a.Cookies {
			name, rest, _ := strings.Cut(line, "=")
			token, attributes, _ := strings.Cut(rest, ";")
			a.Cookies[i] = name + "=" + m.shown(t, token) + ";" + attributes
		}
	}
	list, _ := rows.(*py.List)
	if m.engine == "file" && a.Status >= 500 {
		list = withoutEnded(list)
	}
	named := func(s string) string {
		return newKeys.ReplaceAllStringFunc(s, func(key string) string {
			if key == liveKey || key == expiredKey || key == corruptKey {
				return key
			}
			return "<new>"
		})
	}
	for i := range a.Cookies {
		a.Cookies[i] = named(a.Cookies[i])
	}
	lines := make([]string, 0, len(list.Items))
	for _, row := range list.Items {
		text, err := pyjson.Dumps(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, named(string(text)))
	}
	slices.Sort(lines) // new keys are in any order
	a.rows = strings.Join(lines, " ")
	return a
}

// header is the header Cookie of a case.
func (m *httpMatrix) header(c httpCase) string {
	name, ok := httpSettings[c.settings]["SESSION_COOKIE_NAME"].(string)
	if !ok {
		name = "sessionid"
	}
	header := strings.ReplaceAll(httpCookies[c.cookie], "SID", name)
	if m.tokens != nil {
		header = m.tokens.Replace(header)
	}
	return header
}

// django sends a case to Django.
func (m *httpMatrix) django(t *testing.T, c httpCase) httpAnswer {
	t.Helper()
	steps := make([]any, 0, len(httpUses[c.use]))
	for _, s := range httpUses[c.use] {
		steps = append(steps, s)
	}
	answer, _ := m.call(t, "visit", map[string]any{
		"now": httpNow, "before": httpRows(), "changes": httpSettings[c.settings], "cookie": m.header(c), "steps": steps,
		"status": c.status, "vary": c.vary,
	}).(*py.Dict)
	var a httpAnswer
	if err := py.Scan(answer, &a, nil); err != nil {
		t.Fatal(err)
	}
	rows, _ := answer.Get("rows")
	return m.settle(t, a, rows)
}

// ours sends a case to Go, on the rows that django leaves.
func (m *httpMatrix) ours(t *testing.T, c httpCase) httpAnswer {
	t.Helper()
	sessions := m.sessions(t, c)
	site := sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, s := range httpUses[c.use] {
			if err := m.take(r.Context(), sessions, s); err != nil {
				panic(err)
			}
		}
		if c.vary != "" {
			w.Header().Set("Vary", c.vary)
		}
		w.WriteHeader(c.status)
	}))
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	if h := m.header(c); h != "" {
		r.Header.Set("Cookie", h)
	}
	func() {
		defer func() {
			if recover() != nil { // what Django makes of an exception
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		site.ServeHTTP(w, r)
	}()
	h := w.Header()
	a := httpAnswer{Status: w.Code, Cookies: slices.Clone(h["Set-Cookie"]), Vary: strings.Join(h["Vary"], ", ")}
	return m.settle(t, a, m.call(t, "rows", map[string]any{"changes": httpSettings[c.settings]}))
}

// sessions returns a Manager with the settings of a case.
func (m *httpMatrix) sessions(t *testing.T, c httpCase) *djangosession.Manager {
	t.Helper()
	if known := m.sites[c.settings]; known != nil {
		return known
	}
	all := map[string]any{
		"SESSION_ENGINE": "django.contrib.sessions.backends." + m.engine, "SESSION_FILE_PATH": m.folder, "DJANGO_VERSION": m.release,
		"SECRET_KEY": httpSecret, "USE_TZ": true, "TIME_ZONE": "UTC",
	}
	maps.Copy(all, httpSettings[c.settings])
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	s, err := djangosession.ReadSettings(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return time.UnixMicro(httpNow * 1e6) }
	engine, err := m.open(s)
	if err != nil {
		t.Fatal(err)
	}
	sessions := newManager(t, engine, s, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	m.sites[c.settings] = sessions
	return sessions
}

// open returns the engine with these settings.
func (m *httpMatrix) open(s djangosession.Settings) (djangosession.Engine, error) {
	switch m.engine {
	case "file":
		return files.New(s, files.Options{})
	case "signed_cookies":
		return signedcookies.New(s, signedcookies.Options{})
	}
	return tables.New(m.db, s, tables.Options{Dialect: tables.SQLite{}})
}

// shown returns what a cookie of signed_cookies contains, and when it was signed. The two
// sides may compress the same session in different ways.
func (m *httpMatrix) shown(t *testing.T, token string) string {
	t.Helper()
	if token == "" || token == `""` {
		return token
	}
	s, err := djangosession.NewSettingsFor(m.release, httpSecret)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := djangosession.NewCookieCodec(s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := codec.Decode(token)
	if err != nil {
		t.Fatalf("%s: %v", token, err)
	}
	text, err := pyjson.Dumps(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + " at " + strings.Split(token, ":")[1]
}

// withoutEnded removes the session that has ended, and empty ones under new keys. Django
// leaves the latter behind when a response with status 500 cannot carry their cookie, and
// Go does not. Go does not look at a session for such a response alone.
func withoutEnded(rows *py.List) *py.List {
	var kept []any
	for _, row := range rows.Items {
		parts, _ := py.Resolve(row).(*py.List)
		name, _ := parts.Items[0].(string)
		values, _ := parts.Items[1].(*py.Dict)
		if values.Len() > 0 && name != expiredKey || name == corruptKey {
			kept = append(kept, row)
		}
	}
	return py.NewList(kept...)
}

// take takes a step in Go.
func (m *httpMatrix) take(ctx context.Context, sessions *djangosession.Manager, s step) error {
	switch s[0] {
	case "raise":
		return errors.New("ValueError")
	case "delete_row":
		if sessions.Stateless() {
			return nil
		}
		return sessions.Delete(ctx, s[1].(string))
	}
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		return err
	}
	switch s[0] {
	case "get":
		session.Get(s[1].(string))
	case "set":
		session.Set(s[1].(string), s[2])
	case "delete":
		return session.Delete(s[1].(string))
	case "is_empty":
		session.IsEmpty()
	case "clear":
		session.Clear()
	case "flush":
		return session.Flush(ctx)
	case "cycle_key":
		err := session.CycleKey(ctx)
		if errors.Is(err, djangosession.ErrSessionGone) {
			return session.Create(ctx) // what Django's method does for a session that is gone
		}
		return err
	case "save":
		return session.Save(ctx)
	case "set_expiry_delta":
		session.SetExpiryDuration(time.Duration(s[1].(float64) * float64(time.Second)))
	case "set_expiry_date":
		return m.setDate(session, s[1].(string))
	case "set_expiry":
		if s[1] == nil {
			session.SetExpiryDefault()
		} else {
			session.Set(djangosession.ExpiryName, s[1])
		}
	default:
		return fmt.Errorf("no step %q", s[0])
	}
	return nil
}

// setDate is set_expiry(datetime), with a zone or without.
func (m *httpMatrix) setDate(s *djangosession.Session, text string) error {
	date, err := py.ParseISOFormat(text)
	switch {
	case err != nil:
		return err
	case !date.Naive:
		s.SetExpiryTime(date.Time)
	case m.release >= "4.1":
		s.Set(djangosession.ExpiryName, text)
	default:
		s.Set(djangosession.ExpiryName, date)
	}
	return nil
}
