package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// bests are the best figures that clients measured: the best turn counts for each figure.
type bests struct {
	perSecond float64       // pages, with as many requests as the clients can make
	full      time.Duration // within which they got 99 % of the pages then
	same      time.Duration // likewise, with as many requests a second as all other servers get
}

// keep records better figures; 0 is a figure that was not measured.
func (b *bests) keep(now bests) {
	quicker := func(best, now time.Duration) time.Duration {
		if now == 0 || best != 0 && best < now {
			return best
		}
		return now
	}
	b.perSecond, b.full, b.same = max(b.perSecond, now.perSecond), quicker(b.full, now.full), quicker(b.same, now.same)
}

// share is the fraction of Django's maximum at which all servers get the same number of
// requests: busy, but not overloaded.
const share = 0.6

// turns lets the servers take turns and returns the number of requests per second that
// all of them got in the end.
func (p plan) turns(ctx context.Context, servers []*server, pages []page) (rate int, err error) {
	each := func(rate int, d time.Duration, met func(w *server, perSecond float64, p99 time.Duration)) error {
		for _, w := range servers {
			load := w.most
			if rate > 0 {
				load = func(ctx context.Context, p plan, pages []page, d time.Duration) (float64, time.Duration, error) {
					return w.load(ctx, p, pages, rate, d)
				}
			}
			perSecond, p99, err := load(ctx, p, pages, d)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			met(w, perSecond, p99)
		}
		return nil
	}
	// Processes start, and connections are opened.
	err = each(0, p.serve, func(*server, float64, time.Duration) {})
	for range p.rounds / 2 {
		if err != nil {
			return 0, err
		}
		err = each(0, p.serve, func(w *server, perSecond float64, p99 time.Duration) {
			w.keep(bests{perSecond: perSecond, full: p99})
		})
	}
	for _, w := range servers[ours+1:] {
		rate = max(rate, int(share*w.perSecond))
	}
	for range p.rounds / 2 {
		if err != nil {
			return 0, err
		}
		// Twice as long, because there are fewer requests.
		err = each(rate, 2*p.serve, func(w *server, _ float64, p99 time.Duration) { w.keep(bests{same: p99}) })
	}
	return rate, err
}

// load has clients ask a server for that many pages per second, however long they take.
// It returns the number of pages per second, and the time within which 99 % of them were
// served. Connections are kept open if the server keeps them open. Every answer is
// checked.
func (w *server) load(
	ctx context.Context, plan plan, pages []page, rate int, d time.Duration,
) (perSecond float64, p99 time.Duration, err error) {
	path, _ := plan.request(page{})
	prefix := w.url + path + "?"
	targets := make([]vegeta.Target, len(pages))
	for i, p := range pages {
		_, header := plan.request(p)
		targets[i] = vegeta.Target{Method: http.MethodGet, URL: prefix + strconv.Itoa(i), Header: header}
	}
	var turn atomic.Uint64
	next := func(t *vegeta.Target) error {
		*t = targets[turn.Add(1)%uint64(len(targets))]
		return nil
	}
	options := []func(*vegeta.Attacker){vegeta.Workers(uint64(plan.clients)), vegeta.Connections(plan.clients)}
	attacker := vegeta.NewAttacker(options...)
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	var metrics vegeta.Metrics
	for r := range attacker.Attack(next, newVisitors(rate), d, "") {
		i, numberErr := strconv.Atoi(strings.TrimPrefix(r.URL, prefix))
		if numberErr != nil || r.Error != "" || !plan.isRight(pages[i], int(r.Code), r.Headers, string(r.Body)) {
			err = fmt.Errorf("status %d: %q %s", r.Code, r.Body, r.Error)
			attacker.Stop() // those on their way still come
		}
		metrics.Add(r)
	}
	metrics.Close()
	if err == nil {
		err = ctx.Err()
	}
	return metrics.Throughput, metrics.Latencies.P99, err
}

// visitors arrive independently: sometimes several at once, and at the same moments in
// every turn.
type visitors struct {
	perSecond float64
	gaps      *rand.Rand
	next      time.Duration
}

func newVisitors(perSecond int) *visitors {
	return &visitors{perSecond: float64(perSecond), gaps: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // no secret
}

// Pace implements vegeta.Pacer.
func (v *visitors) Pace(elapsed time.Duration, _ uint64) (wait time.Duration, stop bool) {
	wait = max(0, v.next-elapsed)
	v.next += time.Duration(v.gaps.ExpFloat64() / v.perSecond * float64(time.Second))
	return wait, false
}

// Rate implements vegeta.Pacer.
func (v *visitors) Rate(time.Duration) float64 { return v.perSecond }
