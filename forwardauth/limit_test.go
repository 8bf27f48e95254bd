package forwardauth_test

import (
	"fmt"
	"net/http"
	"testing"

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

func TestLimitCanBeLifted(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).handler(forwardauth.Options{MissesPerSecond: -1, MissesAtOnce: 1})
	for range 10 {
		want(t, ask(h, "login", "sessionid=abcdefghijklmnopqrstuvwxyz012345"), http.StatusUnauthorized, forwardauth.LoginRequired)
	}
}
