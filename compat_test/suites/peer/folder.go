package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/py"
)

var (
	errNoFiles  = errors.New("the sessions of the site are not in files")
	errNoFolder = errors.New("the folder cannot be used")
)

// folder returns the folder of the sessions, if sessions can be stored in it.
func (s *site) folder(ctx context.Context) (any, error) {
	engine, ok := s.carrier.Engine.(*files.Engine)
	if !ok {
		return nil, errNoFiles
	}
	if err := engine.Check(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	return engine.Folder(), nil
}

// file refuses a key that must not become the name of a file. Go has no function for the
// path of a session: it refuses the key when a session is stored under it.
func (s *site) file(ctx context.Context, key string) (any, error) {
	return nil, s.carrier.Create(ctx, &djangosession.Record{Key: key, Data: py.NewDict(0)})
}
