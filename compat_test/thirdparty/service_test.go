package thirdparty

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/tables"
)

// options are what a package needs on Go's side, beside the exported settings; see
// docs/works-with.md.
type options struct {
	tables func(*tables.Options)
	auth   func(*auth.Options, *tables.Users)

	readOnly bool // djangosession.Options.ReadOnly
}

// service is a Go service beside a site.
type service struct {
	db       *sql.DB
	sessions *djangosession.Manager
	engine   *tables.Engine
	login    *auth.Auth
	url      string
}

// openEngine opens the site's sessions as a Go service does.
func openEngine(t *testing.T, s *site, change func(*tables.Options)) (*tables.Engine, *sql.DB, djangosession.Settings, error) {
	t.Helper()
	settings, err := djangosession.ReadSettings(bytes.NewReader(s.settings))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+s.database+"?mode=rw&_busy_timeout=20&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o := tables.Options{Dialect: tables.SQLite{}, LockWait: time.Minute}
	if change != nil {
		change(&o)
	}
	engine, err := tables.New(db, settings, o)
	if err == nil {
		err = engine.Check(t.Context())
	}
	return engine, db, settings, err
}

// startService starts the Go service. It ends with the test.
func startService(t *testing.T, s *site, o options) *service {
	t.Helper()
	engine, db, settings, err := openEngine(t, s, o.tables)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	sessions, managerErr := djangosession.NewManager(engine, settings, djangosession.Options{ReadOnly: o.readOnly, Logger: logger})
	users, usersErr := tables.NewUsers(db, settings, tables.UserOptions{Model: "auth.User", Dialect: tables.SQLite{}, LockWait: time.Minute})
	if err := errors.Join(managerErr, usersErr); err != nil {
		t.Fatal(err)
	}
	passwords, err := hashers.New(settings, hashers.Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	authOptions := auth.Options{Hashers: passwords, Logger: logger}
	if o.auth != nil {
		o.auth(&authOptions, users)
	}
	login, err := auth.New(sessions, users, authOptions)
	if err != nil {
		t.Fatal(err)
	}
	v := &service{db: db, sessions: sessions, engine: engine, login: login}
	server := httptest.NewServer(sessions.Middleware(login.Middleware(v.pages())))
	t.Cleanup(server.Close)
	v.url = server.URL
	return v
}

// pages are what site/shop/views.py has, in Go.
func (v *service) pages() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(*http.Request, *djangosession.Session) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s, err := djangosession.FromContext(r.Context())
			if err == nil {
				err = do(r, s)
			}
			var p page
			if err == nil {
				p, err = seen(r, s)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(p) // an error is the browser's
		})
	}
	handle("GET /who/", func(*http.Request, *djangosession.Session) error { return nil })
	handle("GET /set/", func(r *http.Request, s *djangosession.Session) error {
		for name := range r.URL.Query() {
			s.Set(name, r.URL.Query().Get(name))
		}
		return nil
	})
	handle("GET /cycle/", func(r *http.Request, s *djangosession.Session) error { return s.CycleKey(r.Context()) })
	handle("GET /logout/", func(r *http.Request, _ *djangosession.Session) error { return v.login.Logout(r.Context()) })
	handle("POST /login/", func(r *http.Request, _ *djangosession.Session) error {
		user, err := v.login.Authenticate(r.Context(), r.FormValue("username"), r.FormValue("password"))
		if err != nil {
			return err
		}
		return v.login.Login(r.Context(), user)
	})
	return mux
}

// seen is what site/shop/views.py says, in Go.
func seen(r *http.Request, s *djangosession.Session) (page, error) {
	var p page
	user, err := auth.UserFrom(r.Context())
	if err != nil {
		return p, err
	}
	if user != nil {
		p.User = user.Username
	}
	if user, err = auth.RealUserFrom(r.Context()); err != nil {
		return p, err
	}
	if user != nil {
		p.Real = user.Username
	}
	for name, to := range map[string]*string{"go": &p.Go, "dj": &p.Dj} {
		if s.Contains(name) {
			if err := s.Scan(name, to); err != nil {
				return p, err
			}
		}
	}
	return p, nil
}
