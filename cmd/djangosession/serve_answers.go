package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge"
)

// answering is what a running serve command shares between reloads.
type answering struct {
	command *serveCommand
	logger  *slog.Logger
	ending  atomic.Bool // /readyz says no
}

// apiKey is the context key of whether a request came to the address of --api.
type apiKey struct{}

// build makes the handler of both addresses for the settings of one moment.
func (a *answering) build(site *djangobridge.Site) (http.Handler, error) {
	proxies, err := a.command.forwardAuth(site, a.logger)
	if err != nil {
		return nil, err
	}
	api, ready := proxies.API(), &readiness{check: func(ctx context.Context) error { return a.check(ctx, site) }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isAPI, _ := r.Context().Value(apiKey{}).(bool)
		switch {
		case isAPI:
			api.ServeHTTP(w, r)
		case r.URL.Path == "/healthz":
			say(w, http.StatusOK)
		case r.URL.Path == "/readyz" && (a.ending.Load() || !ready.is(r.Context(), a.logger)):
			say(w, http.StatusServiceUnavailable)
		case r.URL.Path == "/readyz":
			say(w, http.StatusOK)
		default:
			proxies.ServeHTTP(w, r)
		}
	}), nil
}

func say(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}

// Times of checks: how long one may take, and how long its result counts, so that
// clients cannot cause many.
const (
	checkTimeout = 3 * time.Second
	checkEvery   = time.Second
)

// check checks that the stores of a site can be used.
func (*answering) check(ctx context.Context, site *djangobridge.Site) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return site.Check(ctx)
}

// readiness is the result of the last check.
type readiness struct {
	check func(ctx context.Context) error

	mu  sync.Mutex
	at  time.Time
	err error
}

// is reports whether the stores can be used. It logs when that changes.
func (r *readiness) is(ctx context.Context, logger *slog.Logger) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < checkEvery {
		return r.err == nil
	}
	before := r.err
	r.err = r.check(context.WithoutCancel(ctx)) // the result is not that of one client
	r.at = time.Now()
	switch {
	case r.err != nil && before == nil:
		logger.Error("not ready", "error", plain(r.err))
	case r.err == nil && before != nil:
		logger.Info("ready again")
	}
	return r.err == nil
}
