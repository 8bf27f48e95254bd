package compat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// visitBoth sends a visitor to both sides in turn. Each counts visits in the session.
func visitBoth(t *testing.T, p *enginePair) {
	cookie, name := "", p.sessions.Settings().SessionCookieName
	keep := func(side string, set []string) {
		for _, text := range set {
			c, err := http.ParseSetCookie(text)
			if err == nil && c.Name == name {
				cookie = c.Name + "=" + c.Value
				return
			}
		}
		t.Fatalf("%s sets no cookie: %q", side, set)
	}
	handler := p.sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/login" {
			if err := s.CycleKey(r.Context()); err != nil {
				t.Error(err)
			}
		}
		s.Set("go", r.URL.Path)
		_, _ = fmt.Fprint(w, s.Keys())
	}))
	django := func(steps ...any) {
		t.Helper()
		order := map[string]any{
			"what": "request", "now": float64(time.Now().UnixMilli()) / 1000, "changes": map[string]any{}, "steps": steps, "status": 200, "vary": "",
			"cookie": nil,
		}
		if cookie != "" {
			order["cookie"] = cookie
		}
		var a httpAnswer
		if err := py.Scan(p.django.do(t, "http", order), &a, nil); err != nil {
			t.Fatal(err)
		}
		if a.Status != 200 {
			t.Fatalf("Django answers %d\n%s", a.Status, p.django.stderr.String())
		}
		keep("Django", a.Cookies)
	}
	ours := func(path, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Fatalf("Go answers %d %s, want %s", w.Code, w.Body, want)
		}
		keep("Go", w.Header()["Set-Cookie"])
	}
	django([]any{"set", "django", 1})
	ours("/", "[django go]")
	django([]any{"set", "again", 1}, []any{"cycle_key"})
	ours("/login", "[django go again]")
	django([]any{"delete", "go"})
	ours("/", "[django again go]")
	cookie = ""
	ours("/", "[go]")
	django([]any{"set", "django", 1})
	ours("/", "[go django]")
}

// damageSession puts something else in the place of a session. Go reports it and leaves
// it alone.
func damageSession(t *testing.T, p *enginePair) {
	if p.inCookie {
		return // visitors can damage only their own
	}
	key := p.create(t, map[string]any{"a": 1})
	if p.damage != nil {
		p.damage(t, p, key)
	} else {
		p.django.do(t, "put", map[string]any{"key": key, "value": 7})
	}
	before := p.stored(t, key)
	_, err := p.sessions.Load(t.Context(), key)
	_, corrupt := errors.AsType[*djangosession.DecodeError](err)
	unknown := errors.Is(err, djangosession.ErrUnknownFormat)
	if !corrupt && !unknown || errors.Is(err, djangosession.ErrNoSession) {
		t.Errorf("Go loads a damaged session: %v", err)
	}
	lenient := newManager(t, p.shared, p.sessions.Settings(), djangosession.Options{})
	s, err := lenient.Load(t.Context(), key)
	if err != nil || s.Key() != key || len(s.Keys()) > 0 {
		t.Fatalf("a damaged session: %v", err)
	}
	if unknown {
		s.Set("a", 2)
		if err := s.Save(t.Context()); err == nil {
			t.Error("Go saves a damaged session")
		}
	}
	if after := p.stored(t, key); after != before {
		t.Errorf("Go changes what it cannot read, from\n%s to\n%s", before, after)
	}
	if err := p.sessions.Delete(t.Context(), key); err != nil {
		t.Error(err)
	}
	p.wantGone(t, key)
}

// stopStore makes the store unreachable. That is always an error, never a visitor who is
// logged out.
func stopStore(t *testing.T, p *enginePair) {
	if p.at.stop == nil {
		if !p.inCookie {
			t.Error("the case does not say how its store goes away")
		}
		return
	}
	key := p.create(t, map[string]any{"a": 1})
	s := p.load(t, key)
	s.Set("a", 2)
	p.at.stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fresh := p.sessions.New()
	fresh.Set("a", 1)
	_, loadErr := p.shared.Load(ctx, key)
	_, existsErr := p.sessions.Exists(ctx, key)
	for what, err := range map[string]error{
		"load": loadErr, "exists": existsErr, "save": s.Save(ctx), "create": fresh.Save(ctx), "delete": p.sessions.Delete(ctx, key),
	} {
		if err == nil || errors.Is(err, djangosession.ErrNoSession) || errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%s without the store: %v", what, err)
			continue
		}
		if strings.Contains(err.Error(), key) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s without the store: the error is %v", what, err)
		}
	}
	p.at.resume()
	if p.at.reconnect != "" {
		p.django.do(t, "python", map[string]any{"code": p.at.reconnect})
	}
	if p.at.keeps {
		p.wantSame(t, key)
	}
	again := p.create(t, map[string]any{"a": 3})
	p.wantSame(t, again)
}
