package sitetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// created remembers the sessions that a test creates in a real database.
type created struct {
	cookie string // SESSION_COOKIE_NAME

	mu   sync.Mutex
	keys map[string]bool
}

// add takes the keys in Set-Cookie lines, except those that the request had.
func (c *created) add(lines []string, sent string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = map[string]bool{}
	}
	for _, line := range lines {
		pair, _, _ := strings.Cut(line, ";")
		name, key, _ := strings.Cut(pair, "=")
		if name == c.cookie && strings.Trim(key, `"`) != "" && !hasCookie(sent, pair) {
			c.keys[key] = true
		}
	}
}

// hasCookie reports whether a Cookie header contains a pair.
func hasCookie(header, pair string) bool {
	for one := range strings.SplitSeq(header, ";") {
		if strings.TrimSpace(one) == pair {
			return true
		}
	}
	return false
}

// deleteCreated deletes the sessions that clients have received.
func (s *Site) deleteCreated(t testing.TB) {
	const limit = time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit) // the test's own has ended
	defer cancel()
	s.created.mu.Lock()
	defer s.created.mu.Unlock()
	for key := range s.created.keys {
		err := s.arranging.Sessions.Delete(ctx, key)
		if err != nil && !errors.Is(err, djangosession.ErrStateless) {
			t.Errorf("sitetest: a session of this test remains in the database: %v", err)
		}
	}
}
