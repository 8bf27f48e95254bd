// Package inspect is the local web page of "djangosession inspect": it shows the sessions
// of a site with their values, why some do not decode, and figures about all of them. On
// request it logs a user out and clears expired sessions.
//
// The page is for one person on one machine. Another user of that machine must not get
// in, no other web page may use it, and hostile sessions must not harm it; see [Handler].
package inspect

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/tables"
)

// A Site is what the page shows.
type Site struct {
	Settings djangosession.Settings
	Engine   djangosession.Engine
	Table    *tables.Engine // nil if sessions are in no table
	Codec    *djangosession.Codec
	Users    auth.Users
	Store    string // where the sessions are, in words
	// Unlistable says why sessions cannot be listed; "" if they can.
	Unlistable string

	// Clear and Logout are nil on a page that only reads.

	// Clear removes expired sessions.
	Clear func(ctx context.Context, o djangosession.ClearOptions) (int64, error)
	// Logout deletes all sessions of the user with this id.
	Logout func(ctx context.Context, userID string) (int, error)
}

// Options configure a [Handler].
type Options struct {
	// Host is the host and port of the page's address, such as "127.0.0.1:43567".
	Host string
	// Now is the current time. It is [time.Now] by default.
	Now func() time.Time
	// Reading is the time after which a sample takes no more sessions; 2 seconds by default.
	Reading time.Duration
	// OnToken is called whenever a correct token arrives, with whether it was used
	// before.
	OnToken func(again bool)
}

// A Handler serves the page.
//
// The first visitor who presents [Handler.Token] gets a cookie, and the token is used up.
// All pages are below a path that only this visitor learns. Cookies do not distinguish
// ports, so a server of another local user could otherwise receive the cookie. Requests
// must name the right host, must not come from another origin, and need a CSRF token to
// change anything; see [Handler.guard]. Sessions and users are named by sealed texts, so
// addresses, forms and the history of the browser contain no session keys.
type Handler struct {
	site    Site
	options Options
	pages   map[string]*template.Template

	token, cookie, csrf string
	base                string // the path of all pages, with slashes around it
	used                atomic.Bool
	seals               *sealer

	reading chan struct{} // holds one element while a request reads many or large sessions

	mu     sync.Mutex
	sample *sample // the latest; nil before the first

	jobs          *jobs
	confirmations usedUp
}

// New returns a handler. Its jobs end with ctx.
func New(ctx context.Context, s Site, o Options) (*Handler, error) {
	if s.Engine == nil || s.Codec == nil || s.Users == nil || o.Host == "" {
		return nil, errors.New("inspect: New needs an engine, a codec, users and a host")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Reading == 0 {
		o.Reading = maxReading
	}
	seals, err := newSealer()
	if err != nil {
		return nil, err
	}
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	return &Handler{
		site: s, options: o, pages: pages, seals: seals, jobs: newJobs(ctx, o.Now),
		token: rand.Text(), cookie: rand.Text(), csrf: rand.Text(), base: "/" + rand.Text() + "/",
		reading: make(chan struct{}, 1),
	}, nil
}

// Token is the one-time token of the first request: the parameter token of the path "/".
func (h *Handler) Token() string { return h.token }

// Close ends the jobs and waits for them.
func (h *Handler) Close() { h.jobs.close() }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if problem := h.guard(w, r); problem != nil {
		h.refuse(w, r, problem)
		return
	}
	name, rest := split(r.URL.Path[len(h.base):])
	serve, ok := h.routes()[route{r.Method, name}]
	if !ok {
		h.refuse(w, r, &refusal{http.StatusNotFound, "There is no such page."})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxPage)
	defer cancel()
	if err := serve(w, r.WithContext(ctx), rest); err != nil {
		h.fail(w, r, err)
	}
}

// route is a method and the first part of a path below base.
type route struct{ method, name string }

// serve answers a request. The text is the rest of the path.
type serve func(w http.ResponseWriter, r *http.Request, rest string) error

func (h *Handler) routes() map[route]serve {
	return map[route]serve{
		{http.MethodGet, ""}:           h.overview,
		{http.MethodGet, "sessions"}:   h.sessions,
		{http.MethodGet, "session"}:    h.session,
		{http.MethodGet, "users"}:      h.users,
		{http.MethodGet, "user"}:       h.user,
		{http.MethodGet, "jobs"}:       h.job,
		{http.MethodGet, "style.css"}:  h.style,
		{http.MethodPost, "search"}:    h.search,
		{http.MethodPost, "again"}:     h.again,
		{http.MethodPost, "user-scan"}: h.scanUser,
		{http.MethodPost, "clear"}:     h.clear,
		{http.MethodPost, "logout"}:    h.logout,
		{http.MethodPost, "stop"}:      h.stop,
	}
}
