package forwardauth_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/forwardauth"
)

func TestOnlyGuessersAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{MissesPerSecond: 0.001, MissesAtOnce: 3})
	ada := s.logIn(&auth.User{Username: "ada"})
	visitor := s.writing.Sessions.New()
	visitor.Set("cart", 1)
	anonymous := s.save(visitor)
	for range 10 { // a session without a login is no guess, nor is no cookie
		want(t, ask(h, "login", anonymous), http.StatusUnauthorized, forwardauth.LoginRequired)
		want(t, ask(h, "login", ""), http.StatusUnauthorized, forwardauth.LoginRequired)
	}
	want(t, ask(h, "login", ada), http.StatusOK, forwardauth.Passed)
	guess := func(n int) string { return fmt.Sprintf("sessionid=guess%027d", n) }
	for n := range 3 {
		want(t, ask(h, "login", guess(n)), http.StatusUnauthorized, forwardauth.LoginRequired)
	}
	s.engine.loads = 0
	for n := range 3 {
		w := ask(h, "anonymous", guess(n))
		want(t, w, http.StatusTooManyRequests, forwardauth.Limited)
		if w.Header.Get("Retry-After") != "1" {
			t.Errorf("headers %v", w.Header)
		}
	}
	if s.engine.loads > 0 {
		t.Errorf("%d loads for limited requests", s.engine.loads)
	}
	// Everybody else at the address.
	want(t, ask(h, "login", ada), http.StatusOK, forwardauth.Passed)
	want(t, ask(h, "login", anonymous), http.StatusUnauthorized, forwardauth.LoginRequired)
	want(t, ask(h, "login", ""), http.StatusUnauthorized, forwardauth.LoginRequired)
	// Other addresses.
	want(t, ask(h, "login", guess(1), "X-Real-Ip", "", "X-Real-Ip", "192.0.2.2"), http.StatusUnauthorized, forwardauth.LoginRequired)
	// IPv6 by network.
	for n, reason := range []forwardauth.Reason{forwardauth.LoginRequired, forwardauth.LoginRequired, forwardauth.LoginRequired, forwardauth.Limited} {
		w := ask(h, "login", guess(n), "X-Real-Ip", "", "X-Real-Ip", fmt.Sprintf("2001:db8::%d", n))
		if got := w.Header.Get(forwardauth.HeaderReason); got != string(reason) {
			t.Errorf("IPv6 request %d: %s", n, got)
		}
	}
}

// slow is an engine whose loads wait until end is closed.
type slow struct {
	djangosession.Engine
	end chan struct{}
}

func (s slow) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	select {
	case <-s.end:
		return s.Engine.Load(ctx, key)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestLoadsInProgressAreLimited sends cookies faster than the store answers.
func TestLoadsInProgressAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	engine := slow{s.engine.Engine, make(chan struct{})}
	o := forwardauth.Options{MissesPerSecond: 0.001, MissesAtOnce: 3, Logger: quiet(), Timeout: time.Minute}
	h := s.handlerOn(engine, o)
	const asked = 10
	answers := make(chan *answer, asked)
	for n := range asked {
		go func() { answers <- ask(h, "login", fmt.Sprintf("sessionid=guess%027d", n)) }()
	}
	for n := range asked {
		if n == asked-o.MissesAtOnce { // the others wait for the store
			close(engine.end)
		}
		select {
		case w := <-answers:
			if n < asked-o.MissesAtOnce {
				want(t, w, http.StatusTooManyRequests, forwardauth.Limited)
			} else {
				want(t, w, http.StatusUnauthorized, forwardauth.LoginRequired)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%d of %d requests are refused before the store answers", n, asked)
		}
	}
}

// TestLoadsThatFailAreLimited has a store that is down, and answers in the end.
func TestLoadsThatFailAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{MissesPerSecond: 0.001, MissesAtOnce: 3})
	ada, eve := s.logIn(&auth.User{Username: "ada"}), s.logIn(&auth.User{Username: "eve"})
	want(t, ask(h, "login", ada), http.StatusOK, forwardauth.Passed)
	s.engine.err = errDown
	for range 3 {
		want(t, ask(h, "login", eve), http.StatusServiceUnavailable, forwardauth.Unavailable)
	}
	want(t, ask(h, "login", eve), http.StatusTooManyRequests, forwardauth.Limited)
	want(t, ask(h, "login", ada), http.StatusServiceUnavailable, forwardauth.Unavailable)
	s.engine.err = nil
	want(t, ask(h, "login", ada), http.StatusOK, forwardauth.Passed)
}

// TestSessionsAreNotLimited has more visitors at one address than it may have guesses.
func TestSessionsAreNotLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	h := s.handler(forwardauth.Options{MissesPerSecond: 0.001, MissesAtOnce: 2})
	want(t, ask(h, "login", "sessionid=guess000000000000000000000000000"), http.StatusUnauthorized, forwardauth.LoginRequired)
	for n := range 5 {
		cookie := s.logIn(&auth.User{Username: strconv.Itoa(n)})
		want(t, ask(h, "login", cookie), http.StatusOK, forwardauth.Passed)
	}
	want(t, ask(h, "login", "sessionid=guess000000000000000000000000001"), http.StatusUnauthorized, forwardauth.LoginRequired)
	want(t, ask(h, "login", "sessionid=guess000000000000000000000000002"), http.StatusTooManyRequests, forwardauth.Limited)
}

// TestSessionsOfOtherSettingsAreNotLimited has sessions that Django can read and this
// service cannot.
func TestSessionsOfOtherSettingsAreNotLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	other := newSite(t, func(x *djangosession.Settings) { x.SecretKey = "another secret" })
	cookie := other.logIn(&auth.User{Username: "ada"})
	key := strings.TrimPrefix(cookie, "sessionid=")
	row, expires, _ := other.engine.Row(key)
	s.engine.SetRow(key, row, expires)
	h := s.handler(forwardauth.Options{MissesPerSecond: 0.001, MissesAtOnce: 1})
	for range 3 {
		want(t, ask(h, "login", cookie), http.StatusServiceUnavailable, forwardauth.Unavailable)
	}
}

func TestLimitCanBeLifted(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).handler(forwardauth.Options{MissesPerSecond: -1, MissesAtOnce: 1})
	for range 10 {
		want(t, ask(h, "login", "sessionid=abcdefghijklmnopqrstuvwxyz012345"), http.StatusUnauthorized, forwardauth.LoginRequired)
	}
}
