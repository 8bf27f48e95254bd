package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Arguments that make this program do something else; see main.
const (
	measurePages = "pages"
	measureAuth  = "auth"
	servePage    = "page" // and nothing else: it is the server that pages measures
)

// pageSite is an engine and everything else that the servers of a page need.
type pageSite struct {
	engine *engine
	at     *place
	python string
	cores  cores
}

// measurePage measures the page in a new place.
func measurePage(ctx context.Context, out io.Writer, python string, e *engine, p plan) error {
	on, err := findCores(ctx)
	if err != nil {
		return err
	}
	if err := moveTo(ctx, on.servers); err != nil {
		return err
	}
	defer moveTo(ctx, on.all) //nolint:errcheck // as it could move before
	return e.withPlace(ctx, func(at *place) error {
		s := &pageSite{engine: e, at: at, python: python, cores: on}
		return s.measure(ctx, out, p)
	})
}

// page is a session of the site, and what the page shows to it.
type page struct{ Key, Shows string }

// question is what nginx asks about a page.
const question = "/auth/nginx/login"

// request returns the path and the headers of a request for a page.
func (p plan) request(of page) (path string, header http.Header) {
	header = http.Header{"Cookie": {"sessionid=" + of.Key}}
	if !p.asks {
		return "/", header
	}
	for name, value := range map[string]string{
		"X-Original-Method": http.MethodGet, "X-Original-Uri": "/reports/tea", "X-Forwarded-Proto": "https", "X-Real-Ip": "192.0.2.1",
	} {
		header.Set(name, value)
	}
	return question, header
}

// isRight reports whether an answer is that to a page's visitor.
func (p plan) isRight(of page, code int, header http.Header, body string) bool {
	if !p.asks {
		return body == of.Shows
	}
	user, _, _ := strings.Cut(of.Shows, ":")
	return code == http.StatusOK && header.Get("X-User-Name") == user && header.Get("X-User-Staff") == "false" && body == ""
}

// measure measures a page that shows the user and a value of the session. gunicorn serves
// it from Django with two worker processes, and net/http serves it from this module, on
// the same sessions and users. The servers, the database and the cache share one core,
// because both sides get the same. The clients have another core, so that they do not
// slow down what they measure.
func (s *pageSite) measure(ctx context.Context, out io.Writer, p plan) (err error) {
	settings, err := json.Marshal(s.engine.settings(s.at))
	if err != nil {
		return err
	}
	var filled struct {
		Pages    []page
		Unused   float64
		Settings string
	}
	if err := s.fill(ctx, string(settings), p, &filled); err != nil {
		return err
	}
	if s.engine.name == sqlite && !p.asks { // once, because it asks no engine
		f, err := p.middleware(ctx)
		if err != nil {
			return err
		}
		f.django = filled.Unused
		if err := row(out, "middleware/unused", f, ""); err != nil {
			return err
		}
	}
	all, err := s.startServers(ctx, string(settings), filled.Settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopAll(all)) }()
	if err := moveTo(ctx, s.cores.clients); err != nil {
		return err
	}
	rate, err := p.turns(ctx, all, filled.Pages)
	if err != nil {
		return err
	}
	allocs, err := all[ours].allocs(ctx, p, filled.Pages[0])
	if err != nil {
		return err
	}
	prefix := ""
	if p.asks {
		prefix = "auth_"
	}
	return s.rows(out, prefix, all, rate, allocs)
}

// rows prints the results of the servers. Of gunicorn's two modes, the better figure
// counts each time.
func (s *pageSite) rows(out io.Writer, prefix string, all []*server, rate int, allocs float64) error {
	best, django := all[ours].bests, bests{}
	for _, w := range all[ours+1:] {
		django.keep(w.bests)
	}
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	most := fmt.Sprintf(" django_per_s=%.0f go_per_s=%.0f", django.perSecond, best.perSecond)
	same := fmt.Sprintf(" django_per_s=%d go_per_s=%d", rate, rate)
	return errors.Join(
		row(out, cmp.Or(strings.TrimSuffix(prefix, "_"), "page")+"/"+s.engine.name,
			&figures{django: 1e6 / django.perSecond, ours: 1e6 / best.perSecond, allocs: allocs}, most),
		row(out, prefix+"p99_full/"+s.engine.name, &figures{django: us(django.full), ours: us(best.full), allocs: allocs}, most),
		row(out, prefix+"p99_same/"+s.engine.name, &figures{django: us(django.same), ours: us(best.same), allocs: allocs}, same),
	)
}
