package doctor

import (
	"context"
	"time"

	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/internal/amount"
)

// smallItems is a limit of items that large sessions of many sites exceed.
const smallItems = 256 << 10

// memcached checks the servers of a cache in memcached.
func (d *Deployment) memcached(ctx context.Context, r *report, cache *memcached.Cache, s *sample, hasTable bool) {
	const check = "cache"
	before := d.Now()
	general, err := cache.Stats(ctx, "")
	after := d.Now()
	if err != nil {
		r.faultf(check, "Check LOCATION of the cache, that the servers run, and that they are memcached.", "The cache cannot be "+
			"reached: %v.", err)
		return
	}
	level, effect := Warning, "visitors were logged out"
	if hasTable {
		level, effect = Note, "pages read the table more often"
	}
	for _, server := range general {
		if at := unixTime(server.Values["time"]); !at.IsZero() {
			d.clock(r, "cache-clock", "memcached on "+server.Server, at, before, after, time.Second)
		}
		if evicted := integer(server.Values["evictions"]); evicted > 0 {
			r.addf(level, "cache-eviction", "Give memcached more memory (-m), or keep other values elsewhere; or use cached_db, "+
				"which has a table too.",
				"memcached on %s has removed %s values because its memory was full, and %s.", server.Server, amount.Number(evicted), effect)
		}
		used, limit := integer(server.Values["bytes"]), integer(server.Values["limit_maxbytes"])
		if limit > 0 && 10*used >= 9*limit {
			r.addf(level, "cache-memory", "Give memcached more memory (-m).", "memcached on %s uses %d%% of its "+
				"memory.", server.Server, 100*used/limit)
		}
	}
	r.okUnlessf("cache-eviction", "memcached has removed no values for want of memory.")
	r.okUnlessf("cache-memory", "memcached has memory left.")
	settings, err := cache.Stats(ctx, "settings")
	if err != nil {
		r.unknown("cache-item-size", err)
		return
	}
	for _, server := range settings {
		most := integer(server.Values["item_size_max"])
		switch largest := int64(s.largest()); {
		case most <= 0:
			r.notef("cache-item-size", "Look at the option -I of memcached.", "The largest size of values of memcached on %s is "+
				"unknown.", server.Server)
		case largest >= most:
			r.faultf("cache-item-size", "Raise the limit (-I), or store less in sessions.", "memcached on %s stores values up to "+
				"%s bytes, and a session "+
				"in the sample has %s: Django drops it silently.", server.Server, amount.Number(most), amount.Number(largest))
		case most < smallItems:
			r.warnf("cache-item-size", "Raise the limit (-I).", "memcached on %s stores values up to %s bytes only: larger "+
				"sessions are lost in Django, and "+
				"cannot be saved by services.", server.Server, amount.Number(most))
		}
	}
	r.okUnlessf("cache-item-size", "memcached stores values as large as sessions usually are.")
	if !hasTable {
		r.notef("cache-persistence", "Use cached_db, if logins should survive.", "memcached keeps sessions in memory: a restart "+
			"logs all visitors out.")
	}
}
