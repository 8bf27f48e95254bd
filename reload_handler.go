package djangobridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
)

// A Reloader is the handler of a service whose settings can be replaced while it serves,
// for example during a rotation of SECRET_KEY. It is safe for concurrent use.
type Reloader struct {
	build   func(*Site) (http.Handler, error)
	logger  *slog.Logger
	lock    chan struct{} // held by the one that sent a value, to replace current
	current atomic.Pointer[servedSite]
}

// NewReloader returns the handler that build makes for site. Each reload calls build
// again, with a new site. The Reloader closes the sites; after an error, the caller does.
// The error is that of build, or says that the site was made by [New] and has no file.
func NewReloader(site *Site, build func(*Site) (http.Handler, error)) (*Reloader, error) {
	switch {
	case site == nil || build == nil:
		return nil, errors.New("djangobridge: NewReloader: the site or the function is nil")
	case site.origin == nil:
		return nil, errNotFromFile
	}
	r := &Reloader{build: build, logger: site.origin.options.Sessions.Logger, lock: make(chan struct{}, 1)}
	if r.logger == nil {
		r.logger = slog.Default()
	}
	served, err := r.serve(site)
	if err != nil {
		return nil, err
	}
	r.current.Store(served)
	return r, nil
}

// serve makes the handler for a site.
func (r *Reloader) serve(site *Site) (*servedSite, error) {
	handler, err := r.build(site)
	if err == nil && handler == nil {
		err = errors.New("djangobridge: the function passed to NewReloader returned no handler")
	}
	if err != nil {
		return nil, err
	}
	served := &servedSite{site: site, handler: handler}
	served.uses.Store(1)
	return served, nil
}

// ServeHTTP passes the request to the handler of the current settings. The request keeps
// them until its handler returns. After [Reloader.Close], the status is 503.
func (r *Reloader) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	served := r.enter()
	if served == nil {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	defer r.leave(served)
	served.handler.ServeHTTP(w, req)
}

// enter begins a use of the current site. It returns nil after Close.
func (r *Reloader) enter() *servedSite {
	for {
		served := r.current.Load()
		if served == nil || served.enter() { // else it was replaced since, and is closed
			return served
		}
	}
}

// Reload replaces the settings and the handler by those that [Site.Reload] and the
// function build make from the file. Requests that are being handled end with the old
// settings. The connections to the old cache are closed after the last of them. After an
// error nothing has changed.
func (r *Reloader) Reload(ctx context.Context) error {
	select {
	case r.lock <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("djangobridge: wait for another reload: %w", ctx.Err())
	}
	defer func() { <-r.lock }()
	old := r.current.Load()
	if old == nil {
		return errReloaderClosed
	}
	site, err := old.site.Reload(ctx)
	if err != nil {
		return err
	}
	next, err := r.serve(site)
	if err != nil {
		_ = site.Close() // the other error says more
		return err
	}
	r.current.Store(next)
	r.leave(old)
	return nil
}

var errReloaderClosed = errors.New("djangobridge: the Reloader is closed")

// Close closes the site, or lets the last request that is being handled do it. Call it
// after the server was shut down.
func (r *Reloader) Close() error {
	r.lock <- struct{}{}
	defer func() { <-r.lock }()
	if served := r.current.Swap(nil); served != nil {
		return served.leave()
	}
	return nil
}

// leave ends one use of a site. It is for callers that have nobody to return an error to.
func (r *Reloader) leave(served *servedSite) {
	if err := served.leave(); err != nil {
		r.logger.Error("connections of the former settings not closed", "error", err.Error())
	}
}

// servedSite is a site with its handler.
type servedSite struct {
	site    *Site
	handler http.Handler
	uses    atomic.Int64 // one for each request, and one while it is current
}

// enter begins a use, unless the last one has ended.
func (s *servedSite) enter() bool {
	for {
		n := s.uses.Load()
		if n == 0 {
			return false
		}
		if s.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave ends a use. The last one closes the site.
func (s *servedSite) leave() error {
	if s.uses.Add(-1) > 0 {
		return nil
	}
	return s.site.Close()
}
