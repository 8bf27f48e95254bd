package compat_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
)

func memcachedTeam(t *testing.T) []*caches.Engine {
	t.Helper()
	location := addresses(memcacheds(t, 1))
	team := make([]*caches.Engine, 0, cacheWriters)
	for range cacheWriters {
		team = append(team, memcachedEngine(t, location...))
	}
	return team
}

// TestMemcachedLogoutRaces runs the races of logouts on memcached.
func TestMemcachedLogoutRaces(t *testing.T) {
	t.Parallel()
	cacheLogoutRaces(t, memcachedTeam(t), 60, 150*time.Microsecond)
}

// TestMemcachedMergesLoseNothing merges from all sides on memcached.
func TestMemcachedMergesLoseNothing(t *testing.T) {
	t.Parallel()
	cacheMergesLoseNothing(t, memcachedTeam(t), 400)
}
