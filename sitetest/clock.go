package sitetest

import (
	"sync"
	"time"
)

// A Clock is the clock of a site. It moves only when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock(now time.Time) *Clock {
	if now.IsZero() {
		now = time.Now()
	}
	return &Clock{now: now}
}

// Now returns the time of the clock. It is the Now of the site's settings.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d, for example past the end of a session.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}
