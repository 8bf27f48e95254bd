package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/forwardauth"
	"github.com/djangobridge/djangobridge/tables"
)

// mallocsPath is the path at which the process returns its number of allocations.
const mallocsPath = "/mallocs"

// serve is the counterpart of httpsite.py under gunicorn: the same page from the same
// settings, until ctx ends. The first two arguments are those of [sql.Open].
func serve(ctx context.Context, driver, source, name string) error {
	e, err := engineNamed(name)
	if err != nil {
		return err
	}
	settings, err := djangosession.ReadSettings(strings.NewReader(os.Getenv("SITE")))
	if err != nil {
		return err
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	// Persistent connections, and as many as gunicorn's threads have together.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	page, err := pageHandler(e, db, settings)
	if err != nil {
		return err
	}
	asked, err := authHandler(e, db, settings)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/auth/", asked)
	mux.HandleFunc(mallocsPath, func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_, _ = fmt.Fprint(w, m.Mallocs)
	})
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// parts are the sessions and the logins of a site.
func parts(
	e *engine, db *sql.DB, settings djangosession.Settings, o djangosession.Options,
) (sessions *djangosession.Manager, login *auth.Auth, err error) {
	store, _, engineErr := e.store(settings, db)
	users, usersErr := tables.NewUsers(db, settings, tables.UserOptions{})
	if err := errors.Join(engineErr, usersErr); err != nil {
		return nil, nil, err
	}
	if sessions, err = djangosession.NewManager(store, settings, o); err != nil {
		return nil, nil, err
	}
	login, err = auth.New(sessions, users, auth.Options{})
	return sessions, login, err
}

// authHandler answers questions of nginx.
func authHandler(e *engine, db *sql.DB, settings djangosession.Settings) (http.Handler, error) {
	sessions, login, err := parts(e, db, settings, djangosession.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return forwardauth.New(forwardauth.Site{Sessions: sessions, Login: login}, forwardauth.Options{})
}

// pageHandler is the page inside the middlewares.
func pageHandler(e *engine, db *sql.DB, settings djangosession.Settings) (http.Handler, error) {
	sessions, login, err := parts(e, db, settings, djangosession.Options{})
	if err != nil {
		return nil, err
	}
	return sessions.Middleware(login.Middleware(http.HandlerFunc(showPage))), nil
}

func showPage(w http.ResponseWriter, r *http.Request) {
	user, err := auth.UserFrom(r.Context())
	if err != nil || user == nil {
		http.Error(w, fmt.Sprint("no user: ", err), http.StatusInternalServerError)
		return
	}
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	visits, err := djangosession.Value[int](session, "visits")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = fmt.Fprintf(w, "%s: %d visits", user.Username, visits)
}
