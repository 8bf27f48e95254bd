package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// pageSite is an engine and everything else that the servers of a page need.
type pageSite struct {
	engine *engine
	at     *place
	python string
	cores  cores
}

// page measures the page in a new place.
func (b *bench) page(ctx context.Context, e *engine) error {
	if err := moveTo(ctx, b.cores.servers); err != nil {
		return err
	}
	defer moveTo(ctx, b.cores.servers) //nolint:errcheck // as it could move before
	return e.withPlace(ctx, func(at *place) error {
		s := &pageSite{engine: e, at: at, python: b.python, cores: b.cores}
		return s.measure(ctx, b)
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
func (s *pageSite) measure(ctx context.Context, b *bench) (err error) {
	p := b.plan
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
		f.theirs = filled.Unused
		if err := b.add(&result{
			name: "middleware/unused", table: tablePages, label: "cost of the middleware where the session is not used", figures: *f,
		}); err != nil {
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
	return s.rows(b, all, rate, allocs)
}

// rows prints the results of the servers. Of gunicorn's two modes, the better figure
// counts each time.
func (s *pageSite) rows(b *bench, all []*server, rate int, allocs float64) error {
	best, django := all[ours].bests, bests{}
	for _, w := range all[ours+1:] {
		django.keep(w.bests)
	}
	what, prefix, table := "page", "", tablePages
	if b.plan.asks {
		what, prefix, table = "auth", "auth_", ""
	}
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	most := result{theirsPerSecond: django.perSecond, oursPerSecond: best.perSecond}
	rates, same := most, result{theirsPerSecond: float64(rate), oursPerSecond: float64(rate)}
	rates.name, rates.table, rates.label, rates.isRate = what+"/", table, "pages per second, ", true
	rates.theirs, rates.ours = 1e6/django.perSecond, 1e6/best.perSecond
	most.name, most.theirs, most.ours = prefix+"p99_full/", us(django.full), us(best.full)
	same.name, same.table, same.label = prefix+"p99_same/", table, "p99, "
	same.theirs, same.ours = us(django.same), us(best.same)
	for _, x := range []*result{&rates, &most, &same} {
		x.name, x.label, x.allocs = x.name+s.engine.name, x.label+s.engine.label, allocs
		if err := b.add(x); err != nil {
			return err
		}
	}
	return nil
}
