package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// siteOrder describes the site of an order. Django's tests change settings at any time,
// so each order describes it again.
type siteOrder struct {
	Settings json.RawMessage `json:"settings"`
	Database string          `json:"database"`
	Table    string          `json:"table"`
	Columns  []string        `json:"columns"` // in addition to those of every session
	Cache    string          `json:"cache"`   // the alias of the cache
	Caches   string          `json:"caches"`  // CACHES, in a form that only Django understands
}

// site has sessions with certain settings, and their parts.
type site struct {
	sessions *djangosession.Manager
	carrier  *carrier
	codec    *djangosession.Codec
	abstract bool // the engine has no store
}

// sites are all sites requested so far.
type sites struct {
	now       func() time.Time
	pipe      *pipe
	queries   queries // of the current order
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
	key := strings.Join(append([]string{string(o.Settings), o.Database, o.Table, o.Cache, o.Caches}, o.Columns...), "\n")
	if made, ok := s.made[key]; ok {
		return made, nil
	}
	engine, err := s.engine(&settings, o)
	if err != nil {
		return nil, err
	}
	codec, err := djangosession.NewCodec(settings)
	if err != nil {
		return nil, err
	}
	_, abstract := engine.(unimplemented)
	made := &site{carrier: &carrier{Engine: engine}, codec: codec, abstract: abstract}
	var carried djangosession.Engine = made.carrier
	if _, ok := engine.(djangosession.Stateless); ok {
		carried = statelessCarrier{made.carrier}
	}
	if made.sessions, err = djangosession.NewManager(carried, settings, djangosession.Options{}); err != nil {
		return nil, err
	}
	if s.made == nil {
		s.made = map[string]*site{}
	}
	s.made[key] = made
	return made, nil
}

func (s *sites) open(path string) *sql.DB {
	if db, ok := s.databases[path]; ok {
		return db
	}
	db := sql.OpenDB(&connector{source: "file:" + path + "?mode=rw&_busy_timeout=10&_synchronous=FULL", seen: &s.queries})
	if s.databases == nil {
		s.databases = map[string]*sql.DB{}
	}
	s.databases[path] = db
	return db
}

func (s *sites) close() {
	for _, db := range s.databases {
		_ = db.Close() // everything is committed
	}
}
