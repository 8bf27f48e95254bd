package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// siteOrder describes the site of an order. Django's tests change settings at any time,
// so each order describes it again.
type siteOrder struct {
	Settings json.RawMessage `json:"settings"`
	Database string          `json:"database"`
	Table    string          `json:"table"`
	Columns  []string        `json:"columns"` // in addition to those of every session
}

// site has sessions with certain settings, and their parts.
type site struct {
	sessions *djangosession.Manager
	carrier  *carrier
	codec    *djangosession.Codec
}

// sites are all sites requested so far.
type sites struct {
	now       func() time.Time
	databases map[string]*sql.DB
	made      map[string]*site
}

var errNoSite = errors.New("the order does not say which site")

// settings reads the settings in the form that Django prints.
func (s *sites) settings(o *siteOrder) (djangosession.Settings, error) {
	if o == nil {
		return djangosession.Settings{}, errNoSite
	}
	settings, err := djangosession.ReadSettings(bytes.NewReader(o.Settings))
	settings.Now = s.now
	return settings, err
}

func (s *sites) get(o *siteOrder) (*site, error) {
	settings, err := s.settings(o)
	if err != nil {
		return nil, err
	}
	key := strings.Join(append([]string{string(o.Settings), o.Database, o.Table}, o.Columns...), "\n")
	if made, ok := s.made[key]; ok {
		return made, nil
	}
	db, err := s.open(o.Database)
	if err != nil {
		return nil, err
	}
	options := tables.Options{Dialect: tables.SQLite{}, Table: o.Table, LockWait: time.Minute}
	options.AcceptEngine = settings.SessionEngine // the custom engine of Django's tests keeps its sessions in a table
	for _, name := range o.Columns {
		// The only custom model of Django's tests has an integer column for the user.
		// SQLite converts the text to an integer.
		options.ExtraColumns = append(options.ExtraColumns, tables.Column{Name: name, Value: tables.LoggedInUserID})
	}
	engine, err := tables.New(db, settings, options)
	if err != nil {
		return nil, err
	}
	made := &site{carrier: &carrier{Engine: engine}, codec: engine.Codec()}
	if made.sessions, err = djangosession.NewManager(made.carrier, settings, djangosession.Options{}); err != nil {
		return nil, err
	}
	if s.made == nil {
		s.made = map[string]*site{}
	}
	s.made[key] = made
	return made, nil
}

func (s *sites) open(path string) (*sql.DB, error) {
	if db, ok := s.databases[path]; ok {
		return db, nil
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=rw&_busy_timeout=10&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	if s.databases == nil {
		s.databases = map[string]*sql.DB{}
	}
	s.databases[path] = db
	return db, nil
}

func (s *sites) close() {
	for _, db := range s.databases {
		_ = db.Close() // everything is committed
	}
}
