package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// storedSession is a session as rotate looks at it.
type storedSession struct {
	text    string   // signed; "" if the store does not sign
	data    *py.Dict // of a store that does not sign; nil if it does not decode
	expires time.Time
	expired bool
}

// sessionSource lists the sessions of a site.
type sessionSource struct {
	signed   bool
	sessions func(ctx context.Context) iter.Seq2[storedSession, error]
	size     func(ctx context.Context) (int64, error) // nil if it cannot be counted beforehand
}

// newSessionSource returns nil if the sessions cannot be listed, or not as they are
// stored.
func newSessionSource(site *openedSite, schema string) (*sessionSource, error) {
	s := site.Settings
	switch name := engineName(&s); {
	case usesTable(&s):
		engine, err := tables.New(site.sessions.db, s, tables.Options{
			Dialect: site.sessions.dialect, Schema: schema, AcceptEngine: s.SessionEngine,
		})
		if err != nil {
			return nil, usageError{err}
		}
		return &sessionSource{signed: true, sessions: textsOfTable(engine), size: engine.Count}, nil
	case name == fileEngine:
		engine, err := files.New(s, files.Options{})
		if err != nil {
			return nil, usageError{err}
		}
		return &sessionSource{signed: true, sessions: textsOfFiles(engine, s.SessionCookieName)}, nil
	case name == cacheEngine:
		return &sessionSource{sessions: dataOf(site.Sessions)}, nil
	}
	return nil, nil //nolint:nilnil // said above
}

func textsOfTable(engine *tables.Engine) func(context.Context) iter.Seq2[storedSession, error] {
	return func(ctx context.Context) iter.Seq2[storedSession, error] {
		return func(yield func(storedSession, error) bool) {
			for r, err := range engine.Rows(ctx) {
				if !yield(storedSession{text: r.Data, expires: r.ExpireDate, expired: r.Expired}, err) || err != nil {
					return
				}
			}
		}
	}
}

// textsOfFiles yields the live sessions of the engine, which decodes them because their
// expiry dates are inside.
func textsOfFiles(engine *files.Engine, prefix string) func(context.Context) iter.Seq2[storedSession, error] {
	return func(ctx context.Context) iter.Seq2[storedSession, error] {
		return func(yield func(storedSession, error) bool) {
			for r, err := range engine.Records(ctx) {
				if err != nil {
					yield(storedSession{}, err)
					return
				}
				text, err := os.ReadFile(filepath.Join(engine.Folder(), prefix+r.Key))
				if errors.Is(err, fs.ErrNotExist) { // deleted since
					continue
				}
				if err != nil {
					err = errors.New("a file in " + engine.Folder() + " cannot be read") // its name is a session key
				}
				if !yield(storedSession{text: string(text), expires: r.ExpireDate.Time}, err) || err != nil {
					return
				}
			}
		}
	}
}

// dataOf yields the live sessions of a cache.
func dataOf(sessions *djangosession.Manager) func(context.Context) iter.Seq2[storedSession, error] {
	return func(ctx context.Context) iter.Seq2[storedSession, error] {
		return func(yield func(storedSession, error) bool) {
			for r, err := range sessions.Records(ctx) {
				if err != nil {
					yield(storedSession{}, err)
					return
				}
				if !yield(storedSession{data: r.Data, expires: r.ExpireDate.Time}, nil) {
					return
				}
			}
		}
	}
}
