package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/djangobridge/djangobridge/compat_test/servers"
)

// Arguments that make this program do something else; see main.
const (
	measurePages = "pages"
	servePage    = "page" // and nothing else: it is the server that pages measures
)

// pageSite is a database and everything else that the servers of a page need.
type pageSite struct {
	product  string
	python   string
	database map[string]any // an entry of DATABASES
	cores    cores
}

// measurePage measures the page on a new database.
func measurePage(ctx context.Context, out io.Writer, python, product string, p plan) error {
	on, err := findCores(ctx)
	if err != nil {
		return err
	}
	if err := moveTo(ctx, on.servers); err != nil {
		return err
	}
	defer moveTo(ctx, on.all) //nolint:errcheck // as it could move before
	return withDatabase(ctx, product, func(c connection) error {
		s := &pageSite{product: product, python: python, database: c.django, cores: on}
		return s.measure(ctx, out, p)
	})
}

// withDatabase calls do with a new database, in a server of its own that ends with the
// call.
func withDatabase(ctx context.Context, product string, do func(connection) error) error {
	if product == "sqlite" {
		dir, err := os.MkdirTemp("", "djangobridge-bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		return do(onFile(filepath.Join(dir, "db.sqlite3")))
	}
	server, err := servers.New(product) //nolint:contextcheck // Remove ends it
	if err != nil {
		return err
	}
	defer server.Remove() //nolint:errcheck // its data have had their use
	c, err := onServer(ctx, server)
	if err != nil {
		return err
	}
	return do(c)
}

// page is a session of the site, and what the page shows to it.
type page struct{ Key, Shows string }

// measure measures a page that shows the user and a value of the session. gunicorn serves
// it from Django with two worker processes, and net/http serves it from this module, on
// the same database. The servers and the database share one core, because both sides get
// the same. The clients have another core, so that they do not slow down what they
// measure.
func (s *pageSite) measure(ctx context.Context, out io.Writer, p plan) (err error) {
	settings, err := s.serverSettings()
	if err != nil {
		return err
	}
	var filled struct {
		Pages  []page
		Unused float64
	}
	if err := s.fill(ctx, settings, p, &filled); err != nil {
		return err
	}
	if s.product == "sqlite" { // once, for it asks no database
		f, err := p.middleware(ctx)
		if err != nil {
			return err
		}
		f.django = filled.Unused
		if err := row(out, "middleware/unused", f, ""); err != nil {
			return err
		}
	}
	all, err := s.startServers(ctx, settings)
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
	allocs, err := all[ours].allocs(ctx, filled.Pages[0])
	if err != nil {
		return err
	}
	return s.rows(out, all, rate, allocs)
}

// rows prints the results of the servers. Of gunicorn's two modes, the better figure
// counts each time.
func (s *pageSite) rows(out io.Writer, all []*server, rate int, allocs float64) error {
	best, django := all[ours].bests, bests{}
	for _, w := range all[ours+1:] {
		django.keep(w.bests)
	}
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	most := fmt.Sprintf(" django_per_s=%.0f go_per_s=%.0f", django.perSecond, best.perSecond)
	same := fmt.Sprintf(" django_per_s=%d go_per_s=%d", rate, rate)
	return errors.Join(
		row(out, "page/"+s.product, &figures{django: 1e6 / django.perSecond, ours: 1e6 / best.perSecond, allocs: allocs}, most),
		row(out, "p99_full/"+s.product, &figures{django: us(django.full), ours: us(best.full), allocs: allocs}, most),
		row(out, "p99_same/"+s.product, &figures{django: us(django.same), ours: us(best.same), allocs: allocs}, same),
	)
}
