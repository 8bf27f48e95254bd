package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// mallocsPath is the path at which the process returns its number of allocations.
const mallocsPath = "/mallocs"

// serve is the counterpart of httpsite.py under gunicorn: the same page from the same
// settings, until ctx ends.
func serve(ctx context.Context) error {
	var site struct {
		Database databaseSettings `json:"database"`
		Secret   string           `json:"secret"`
	}
	if err := json.Unmarshal([]byte(os.Getenv("SITE")), &site); err != nil {
		return err
	}
	db, dialect, err := site.Database.open()
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	// Persistent connections, and as many as gunicorn's threads have together.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	page, err := pageHandler(db, dialect, djangosession.NewSettings(site.Secret))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", page)
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

// databaseSettings is an entry of DATABASES.
type databaseSettings struct {
	Engine string `json:"ENGINE"`
	Name   string `json:"NAME"`
	Port   int    `json:"PORT"`
}

// open opens the database in the fastest way, as Django's drivers do by default: the one
// for SQLite keeps prepared statements, the one for MariaDB prepares none.
func (s databaseSettings) open() (*sql.DB, tables.Dialect, error) {
	switch s.Engine {
	case "django.db.backends.sqlite3":
		db, err := sql.Open("sqlite3", "file:"+s.Name+"?mode=rw&_busy_timeout=10&_synchronous=FULL&_stmt_cache_size=16")
		return db, tables.SQLite{}, err
	case "django.db.backends.mysql":
		server := servers.Server{Name: servers.MariaDB, Port: s.Port}
		db, err := sql.Open("mysql", server.MariaDBSource(s.Name)+"?interpolateParams=true")
		return db, tables.MySQL{}, err
	default:
		server := servers.Server{Name: servers.PostgreSQL, Port: s.Port}
		db, err := server.Open(s.Name)
		return db, tables.PostgreSQL{}, err
	}
}

// pageHandler is the page inside the middlewares.
func pageHandler(db *sql.DB, dialect tables.Dialect, settings djangosession.Settings) (http.Handler, error) {
	engine, engineErr := tables.New(db, settings, tables.Options{Dialect: dialect})
	users, usersErr := tables.NewUsers(db, settings, tables.UserOptions{Model: "auth.User", Dialect: dialect})
	if err := errors.Join(engineErr, usersErr); err != nil {
		return nil, err
	}
	sessions, err := djangosession.NewManager(engine, settings, djangosession.Options{})
	if err != nil {
		return nil, err
	}
	login, err := auth.New(sessions, users, auth.Options{})
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
