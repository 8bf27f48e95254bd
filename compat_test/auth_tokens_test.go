package compat_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/djangosession/auth/tokens"
	"github.com/djangobridge/djangobridge/py"
)

// TestResetLinks resets passwords with links that one side has made and the other uses.
func TestResetLinks(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			p := newHasherPair(t, release)
			p.prefer(t, p.all[0])
			s := p.sessions.Settings()
			links, err := tokens.New(s, tokens.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, loggedIn := range []bool{false, true} {
				name := map[bool]string{false: "new", true: "old"}[loggedIn]
				pk := p.django.text(t, "make_row", map[string]any{"username": name, "encoded": p.django.text(t, "encode", map[string]any{"password": "first"})})
				if loggedIn {
					p.ask(t, "log_in", map[string]any{"username": name, "password": "first"})
				}
				p.resetByGo(t, links, pk)
				p.resetByDjango(t, links, pk)
			}
		})
	}
}

// resetByGo uses a link of Django's twice.
func (p *hasherPair) resetByGo(t *testing.T, links *tokens.Generator, pk string) {
	t.Helper()
	var link []string
	if err := py.Scan(p.django.do(t, "make_link", map[string]any{"pk": pk}), &link, nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		id, ok := tokens.DecodeUID(link[0])
		user, err := p.users.Get(t.Context(), id)
		if !ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		if got := links.Check(user, link[1]); got != want {
			t.Errorf("use %d of Django's link in Go: %v", i+1, got)
		}
		if err := p.login.SetPassword(t.Context(), user, "second"); err != nil {
			t.Fatal(err)
		}
	}
}

// resetByDjango uses a link of Go's twice.
func (p *hasherPair) resetByDjango(t *testing.T, links *tokens.Generator, pk string) {
	t.Helper()
	user, err := p.users.Get(t.Context(), pk)
	if err != nil {
		t.Fatal(err)
	}
	token, err := links.Make(user)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		args := map[string]any{"uid": tokens.EncodeUID(user.ID), "token": token, "password": "third"}
		if got := p.django.do(t, "use_link", args); got != any(want) {
			t.Errorf("use %d of Go's link in Django: %v", i+1, got)
		}
	}
}
