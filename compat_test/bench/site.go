package main

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// site is a database with sessions, for Django and for Go.
type site struct {
	product  string
	peer     *peer
	settings djangosession.Settings
	engine   *tables.Engine
	sessions *djangosession.Manager
	keys     []string
}

// connection is how both sides reach a database.
type connection struct {
	django  map[string]any
	open    func() (*sql.DB, error)
	dialect tables.Dialect
}

// sessions is how many each database holds.
const sessions = 200

// withSite calls do with a site on a new database.
func withSite(ctx context.Context, python, product string, do func(*site) error) error {
	return withDatabase(ctx, product, func(c connection) (err error) {
		s := &site{product: product, settings: djangosession.NewSettings(secret)}
		if s.peer, err = startPeer(ctx, python, c.django); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.peer.Close()) }()
		if err := s.peer.do("fill", map[string]any{"sessions": sessions}, &s.keys); err != nil {
			return err
		}
		db, err := c.open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		db.SetMaxIdleConns(100) // persistent connections, as Django has them here
		if s.engine, err = tables.New(db, s.settings, tables.Options{Dialect: c.dialect}); err != nil {
			return err
		}
		if s.sessions, err = djangosession.NewManager(s.engine, s.settings, djangosession.Options{}); err != nil {
			return err
		}
		return do(s)
	})
}

func onFile(file string) connection {
	return connection{
		django: map[string]any{"ENGINE": "django.db.backends.sqlite3", "NAME": file},
		open: func() (*sql.DB, error) {
			return sql.Open("sqlite3", "file:"+file+"?mode=rw&_busy_timeout=10&_synchronous=FULL")
		},
		dialect: tables.SQLite{},
	}
}

func onServer(ctx context.Context, server *servers.Server) (connection, error) {
	const name = "site"
	c := connection{
		django: map[string]any{
			"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": "django", "HOST": "127.0.0.1", "PORT": server.Port,
		},
		open:    func() (*sql.DB, error) { return server.Open(name) },
		dialect: tables.PostgreSQL{},
	}
	if server.Product == servers.MariaDB {
		c.django["ENGINE"], c.django["USER"], c.dialect = "django.db.backends.mysql", "root", tables.MySQL{}
	}
	admin, err := server.Open("")
	if err != nil {
		return c, err
	}
	_, err = admin.ExecContext(ctx, "CREATE DATABASE "+name)
	return c, errors.Join(err, admin.Close())
}
