package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// site is an engine with sessions, for Django and for Go.
type site struct {
	engine   *engine
	at       *place
	peer     *peer
	settings djangosession.Settings // as Django has exported them
	db       *sql.DB
	store    djangosession.Engine
	sessions *djangosession.Manager
	keys     []string
	values   *py.Dict // of the first session

	turn   int // of next
	opened []io.Closer
}

// connection is how both sides reach a database.
type connection struct {
	django         map[string]any // the entry of DATABASES
	driver, source string         // of database/sql
	// quick continues source so that the driver does what Django's drivers do by default:
	// the one for SQLite keeps prepared statements, the one for MariaDB prepares none.
	quick string
}

// sessions is how many each site has.
const sessions = 200

// withSite calls do with a site in a new place.
func withSite(ctx context.Context, python string, e *engine, do func(*site) error) error {
	return e.withPlace(ctx, func(at *place) (err error) {
		s := &site{engine: e, at: at}
		if s.peer, err = startPeer(ctx, python, e.settings(at)); err != nil {
			return err
		}
		s.closing(s.peer)
		defer func() { err = errors.Join(err, s.close()) }()
		if err := s.peer.do("fill", map[string]any{"sessions": sessions}, &s.keys); err != nil {
			return err
		}
		if err := s.open(ctx); err != nil {
			return err
		}
		return do(s)
	})
}

// open opens the Go side.
func (s *site) open(ctx context.Context) error {
	var exported string
	err := s.peer.do("export", map[string]any{"script": djangosession.SettingsScript}, &exported)
	if err != nil {
		return err
	}
	if s.settings, err = djangosession.ReadSettings(strings.NewReader(exported)); err != nil {
		return err
	}
	if s.db, err = sql.Open(s.at.database.driver, s.at.database.source); err != nil {
		return err
	}
	s.closing(s.db)
	s.db.SetMaxIdleConns(100) // persistent connections, as Django has them here
	store, cache, err := s.engine.store(s.settings, s.db)
	if err != nil {
		return err
	}
	s.closing(cache)
	s.store = store
	if s.sessions, err = djangosession.NewManager(s.store, s.settings, djangosession.Options{StrictLoad: true}); err != nil {
		return err
	}
	first, err := s.store.Load(ctx, s.keys[0])
	if err != nil {
		return err
	}
	s.values = first.Data
	return nil
}

// next returns the key of each session in turn.
func (s *site) next() string {
	s.turn++
	return s.keys[s.turn%len(s.keys)]
}

// closing has the site close something when it ends.
func (s *site) closing(c io.Closer) {
	if c != nil {
		s.opened = append(s.opened, c)
	}
}

// close closes what was opened last first.
func (s *site) close() error {
	errs := make([]error, 0, len(s.opened))
	for i := range s.opened {
		errs = append(errs, s.opened[len(s.opened)-1-i].Close())
	}
	return errors.Join(errs...)
}

// withDatabase calls do with a new database in an empty folder or in a server of its own,
// which ends with the call.
func withDatabase(ctx context.Context, product, dir string, do func(connection) error) error {
	if product == sqlite {
		return do(onFile(filepath.Join(dir, "db.sqlite3")))
	}
	server, err := servers.New(product) //nolint:contextcheck // Remove ends it
	if err != nil {
		return err
	}
	defer server.Remove() //nolint:errcheck // its data have had their use
	c, err := onServer(ctx, server)
	if err != nil {
		return err
	}
	return do(c)
}

func onFile(file string) connection {
	return connection{
		django: map[string]any{"ENGINE": "django.db.backends.sqlite3", "NAME": file},
		driver: "sqlite3",
		source: "file:" + file + "?mode=rw&_busy_timeout=10&_synchronous=FULL",
		quick:  "&_stmt_cache_size=16",
	}
}

func onServer(ctx context.Context, server *servers.Server) (connection, error) {
	const name = "site"
	c := connection{
		django: map[string]any{
			"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": "django", "HOST": "127.0.0.1", "PORT": server.Port,
		},
		driver: "pgx", source: server.PostgreSQLURL(name),
	}
	if server.Product == servers.MariaDB {
		c.django["ENGINE"], c.django["USER"] = "django.db.backends.mysql", "root"
		c.driver, c.source, c.quick = "mysql", server.MariaDBSource(name), "?interpolateParams=true"
	}
	admin, err := server.Open("")
	if err != nil {
		return c, err
	}
	_, err = admin.ExecContext(ctx, "CREATE DATABASE "+name)
	return c, errors.Join(err, admin.Close())
}
