package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// The beginnings of the rows, which end with a store.
const (
	scsReading = "scs/read/"
	scsWriting = "scs/write/"
	scsUser    = "scs/read_user/"
)

const inProcess = "memory" // a store

// scsStores lists the stores of sessions that both projects have.
func scsStores() []string { return []string{inProcess, sqlite} }

// scsPages are two pages in both projects: one shows who is logged in and a value of the
// session, the other changes the value and shows it. The same handler of net/http gets
// the same requests, without a network. Both projects have the same sessions: what a
// login of Django stores, and the value. Both use the same SQLite database with the same
// connections. These are the differences:
//
//   - scs encodes a session with gob. This module stores it as Django does: JSON,
//     compressed if that is shorter, and signed.
//   - scs does not say which user a session belongs to. Its page shows the number in the
//     session, and so does ours, except in the row scs/read_user. There, ours also reads
//     the user from the database and checks the session against their password, as Django
//     does, and that of scs still does not.
//   - A save of scs replaces the row or makes it anew. Ours does not revive a session that
//     was deleted in the meantime.
type scsPages struct {
	db       *sql.DB
	settings djangosession.Settings
	pages    []page
}

// The names of the values.
const (
	userName    = "_auth_user_id"
	backendName = "_auth_user_backend"
	hashName    = "_auth_user_hash"
	visitsName  = "visits"
)

// scs measures both projects.
func (b *bench) scs(ctx context.Context) error {
	e, err := engineNamed(sqlite)
	if err != nil {
		return err
	}
	return e.withPlace(ctx, func(at *place) error {
		s := &scsPages{}
		site := &pageSite{engine: e, at: at, python: b.python}
		if err := s.fill(ctx, site); err != nil {
			return err
		}
		if s.db, err = sql.Open(at.database.driver, at.database.source+at.database.quick); err != nil {
			return err
		}
		s.db.SetMaxIdleConns(100)
		for _, store := range scsStores() {
			if err = s.measure(ctx, b, store); err != nil {
				err = fmt.Errorf("scs: %s: %w", store, err)
				break
			}
		}
		return errors.Join(err, s.db.Close())
	})
}

// fill has Django make the sessions and their users.
func (s *scsPages) fill(ctx context.Context, site *pageSite) error {
	settings, err := json.Marshal(site.engine.settings(site.at))
	if err != nil {
		return err
	}
	var filled struct {
		Pages    []page
		Settings string
	}
	if err := site.fill(ctx, string(settings), plan{}, &filled); err != nil {
		return err
	}
	s.pages = filled.Pages
	s.settings, err = djangosession.ReadSettings(strings.NewReader(filled.Settings))
	return err
}

// measure measures the pages on a store.
func (s *scsPages) measure(ctx context.Context, b *bench, store string) error {
	engine, err := s.engine(ctx, store)
	if err != nil {
		return err
	}
	sessions, err := djangosession.NewManager(engine, s.settings, djangosession.Options{})
	if err != nil {
		return err
	}
	contents, err := s.contents(ctx, sessions)
	if err != nil {
		return err
	}
	theirs, tokens, err := s.theirs(ctx, store, contents)
	if err != nil {
		return err
	}
	keys := make([]string, 0, len(s.pages))
	for _, p := range s.pages {
		keys = append(keys, p.Key)
	}
	ours := func(h http.Handler) *visits {
		return newVisits(ctx, sessions.Middleware(h), s.settings.SessionCookieName, keys)
	}
	scsVisits := func(more int) *visits {
		return newVisits(ctx, theirs.LoadAndSave(scsPage(theirs, more)), theirs.Cookie.Name, tokens)
	}
	rows := []scsRow{{name: scsReading, label: "read: ", theirs: scsVisits(0), ours: ours(ourPage(0, userInSession))}}
	if store == sqlite {
		login, err := s.login(sessions)
		if err != nil {
			return err
		}
		rows = append(rows, scsRow{
			name: scsUser, label: "read, and Go queries the user: ",
			theirs: scsVisits(0), ours: ours(login.Middleware(ourPage(0, userInTable))),
		})
	}
	rows = append(rows, scsRow{name: scsWriting, label: "write: ", theirs: scsVisits(1), ours: ours(ourPage(1, userInSession))})
	var read, write func() error // the minimum
	if store == sqlite {
		least, err := s.floors(ctx, engine, keys)
		if err != nil {
			return err
		}
		read, write = least.load, func() error { return errors.Join(least.load(), least.save()) }
	}
	for i := range rows {
		floor := read
		if rows[i].name == scsWriting {
			floor = write
		}
		if err := rows[i].measure(b, store, floor); err != nil {
			return fmt.Errorf("%s: %w", rows[i].name, err)
		}
	}
	return nil
}

// scsRow is a page in both projects.
type scsRow struct {
	name, label  string // without the store
	theirs, ours *visits
}

func (r *scsRow) measure(b *bench, store string, floor func() error) error {
	if err := sameAnswers(r.theirs, r.ours); err != nil {
		return err
	}
	label := map[string]string{inProcess: "in memory", sqlite: "SQLite"}[store]
	return b.work(&work{name: r.name + store, table: tableSCS, label: r.label + label, sides: sides{
		theirs: func(turn time.Duration) (us, allocs float64, err error) { return perCall(turn, r.theirs.visit) },
		ours:   r.ours.visit,
		floor:  floor,
	}})
}

// floors are the bare statements of the pages, and decoding and encoding.
func (s *scsPages) floors(ctx context.Context, engine djangosession.Engine, keys []string) (*floors, error) {
	e, err := engineNamed(sqlite)
	if err != nil {
		return nil, err
	}
	in, err := engine.Load(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	return e.bare(ctx, &site{engine: e, settings: s.settings, db: s.db, keys: keys, values: in.Data})
}

// engine returns our engine with Django's sessions.
func (s *scsPages) engine(ctx context.Context, store string) (djangosession.Engine, error) {
	rows, err := tables.New(s.db, s.settings, tables.Options{})
	if err != nil || store != inProcess {
		return rows, err
	}
	copies, err := memory.New(s.settings)
	if err != nil {
		return nil, err
	}
	for _, p := range s.pages {
		r, err := rows.Load(ctx, p.Key)
		if err != nil {
			return nil, err
		}
		if err := copies.Create(ctx, r); err != nil {
			return nil, err
		}
	}
	return copies, nil
}

// scsSession is what a session contains, in both projects.
type scsSession struct {
	user, backend, hash string
	visits              int
}

// contents reads Django's sessions.
func (s *scsPages) contents(ctx context.Context, sessions *djangosession.Manager) ([]scsSession, error) {
	all := make([]scsSession, len(s.pages))
	for i, p := range s.pages {
		in, err := sessions.Load(ctx, p.Key)
		if err != nil {
			return nil, err
		}
		one := &all[i]
		if err := errors.Join(in.Scan(userName, &one.user), in.Scan(backendName, &one.backend),
			in.Scan(hashName, &one.hash), in.Scan(visitsName, &one.visits)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// login has users from the database.
func (s *scsPages) login(sessions *djangosession.Manager) (*auth.Auth, error) {
	users, err := tables.NewUsers(s.db, s.settings, tables.UserOptions{})
	if err != nil {
		return nil, err
	}
	return auth.New(sessions, users, auth.Options{})
}

// theirs returns scs on a store with the same sessions, and their tokens.
func (s *scsPages) theirs(ctx context.Context, store string, contents []scsSession) (*scs.SessionManager, []string, error) {
	m := scs.New()
	m.Store = memstore.NewWithCleanupInterval(0)
	if store == sqlite {
		// The table is that of its documentation.
		if _, err := s.db.ExecContext(ctx, "CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL);"+
			"CREATE INDEX sessions_expiry_idx ON sessions(expiry)"); err != nil {
			return nil, nil, err
		}
		m.Store = sqlite3store.NewWithCleanupInterval(s.db, 0)
	}
	tokens := make([]string, 0, len(contents))
	for _, one := range contents {
		in, err := m.Load(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		m.Put(in, userName, one.user)
		m.Put(in, backendName, one.backend)
		m.Put(in, hashName, one.hash)
		m.Put(in, visitsName, one.visits)
		token, _, err := m.Commit(in)
		if err != nil {
			return nil, nil, err
		}
		tokens = append(tokens, token)
	}
	return m, tokens, nil
}

// scsPage shows who is logged in and a value of the session, to which it adds more.
func scsPage(m *scs.SessionManager, more int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		visits := m.GetInt(r.Context(), visitsName) + more
		if more > 0 {
			m.Put(r.Context(), visitsName, visits)
		}
		_, _ = fmt.Fprintf(w, "%s: %d visits", m.GetString(r.Context(), userName), visits)
	}
}

// ourPage is the same page. The user comes from userInSession or userInTable.
func ourPage(more int, user func(*http.Request, *djangosession.Session) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		visits, visitsErr := djangosession.Value[int](session, visitsName)
		id, userErr := user(r, session)
		if err := errors.Join(visitsErr, userErr); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if more > 0 {
			session.Set(visitsName, visits+more)
		}
		_, _ = fmt.Fprintf(w, "%s: %d visits", id, visits+more)
	}
}

func userInSession(_ *http.Request, s *djangosession.Session) (string, error) {
	return djangosession.Value[string](s, userName)
}

func userInTable(r *http.Request, _ *djangosession.Session) (string, error) {
	user, err := auth.UserFrom(r.Context())
	if err != nil || user == nil {
		return "", fmt.Errorf("no user: %w", err)
	}
	return user.ID, nil
}

// visits are requests of all sessions in turn.
type visits struct {
	handler  http.Handler
	requests []*http.Request
	turn     int
	answer   nowhere
}

func newVisits(ctx context.Context, handler http.Handler, cookie string, keys []string) *visits {
	v := &visits{handler: handler, answer: nowhere{header: http.Header{}}}
	for _, key := range keys {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		r.AddCookie(&http.Cookie{Name: cookie, Value: key}) //nolint:gosec // of a request
		v.requests = append(v.requests, r)
	}
	return v
}

// visit makes one request.
func (v *visits) visit() error {
	v.turn++
	clear(v.answer.header)
	v.handler.ServeHTTP(&v.answer, v.requests[v.turn%len(v.requests)])
	if v.answer.code >= http.StatusBadRequest {
		return fmt.Errorf("status %d", v.answer.code)
	}
	return nil
}

// sameAnswers makes each request once, and checks that the answers are the same.
func sameAnswers(a, b *visits) error {
	for i := range a.requests {
		one, other := httptest.NewRecorder(), httptest.NewRecorder()
		a.handler.ServeHTTP(one, a.requests[i])
		b.handler.ServeHTTP(other, b.requests[i])
		if one.Code != http.StatusOK || other.Code != http.StatusOK || !bytes.Equal(one.Body.Bytes(), other.Body.Bytes()) ||
			(one.Header().Get("Set-Cookie") == "") != (other.Header().Get("Set-Cookie") == "") {
			return fmt.Errorf("the answers differ: %d %q, %d %q", one.Code, one.Body, other.Code, other.Body)
		}
	}
	return nil
}
