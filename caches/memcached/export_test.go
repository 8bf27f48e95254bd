package memcached

import "time"

// SetClock sets the clock of a cache that is not yet in use.
func SetClock(c *Cache, now func() time.Time) { c.now = now }
