package compat_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/tables"
)

// hasherPair is a Django and a Go program with the same users and the same hashers.
type hasherPair struct {
	*authPair
	all    []sitesHasher
	hashes *hashers.Hashers
}

// sitesHasher is a class in PASSWORD_HASHERS.
type sitesHasher struct {
	path    string
	current bool // it makes new passwords
}

func (h sitesHasher) String() string {
	return strings.TrimSuffix(strings.TrimPrefix(h.path[strings.LastIndexByte(h.path, '.')+1:], "Quick"), "PasswordHasher")
}

func newHasherPair(t *testing.T, release string) *hasherPair {
	t.Helper()
	pythonOf(t, "hashers", release) // installs argon2 and bcrypt for every interpreter of this release
	p := &hasherPair{authPair: newAuthPair(t, release, "sqlite", "", true, map[string]any{"also": "hashers_peer"})}
	p.open(t)
	var list [][]any
	if err := py.Scan(p.django.do(t, "hashers", nil), &list, nil); err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		path, _ := h[0].(string)
		current, _ := h[1].(bool)
		p.all = append(p.all, sitesHasher{path: path, current: current})
	}
	return p
}

// prefer makes a hasher the first on both sides. Go reads it from the exported settings.
func (p *hasherPair) prefer(t *testing.T, h sitesHasher) {
	t.Helper()
	printed := p.django.text(t, "prefer", map[string]any{"path": h.path, "script": djangosession.SettingsScript})
	s, err := djangosession.ReadSettings(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	if p.hashes, err = hashers.New(s, hashers.Options{Logger: logger}); err != nil {
		t.Fatal(err)
	}
	if p.users, err = tables.NewUsers(p.base.open(t), s, p.model); err != nil { // with the columns in s
		t.Fatal(err)
	}
	p.login, err = auth.New(p.sessions, p.users, auth.Options{Logger: logger, Hashers: p.hashes})
	if err != nil {
		t.Fatal(err)
	}
}

// checks returns what both sides say about a password.
func (p *hasherPair) checks(t *testing.T, password, encoded string) (django, ours [2]bool) {
	t.Helper()
	var answer []bool
	if err := py.Scan(p.django.do(t, "check", map[string]any{"password": password, "encoded": encoded}), &answer, nil); err != nil {
		t.Fatal(err)
	}
	ok, update, err := p.hashes.Check(t.Context(), password, auth.Secret(encoded))
	if err != nil {
		t.Errorf("Go: %v", err)
	}
	return [2]bool(answer), [2]bool{ok, update}
}

// TestHashersAgree has each side check what the other has encoded.
func TestHashersAgree(t *testing.T) {
	t.Parallel()
	passwords := []string{"", "correct horse", "pässword☃😀", strings.Repeat("x", 72), strings.Repeat("long ", 100), "$md5$a$b"}
	for _, release := range releases() {
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			p := newHasherPair(t, release)
			for _, first := range p.all {
				p.prefer(t, first)
				for _, password := range passwords {
					if len(password) > 72 && strings.HasSuffix(first.path, "BCrypt") {
						continue // what bcrypt does with it depends on its version
					}
					texts := []string{p.django.text(t, "encode", map[string]any{"password": password})}
					if first.current {
						made, err := p.hashes.Make(t.Context(), password)
						if err != nil {
							t.Errorf("%s: Go makes no password: %v", first, err)
							continue
						}
						texts = append(texts, string(made))
					}
					for i, text := range texts {
						django, ours := p.checks(t, password, text)
						if want := [2]bool{true, false}; django != want || ours != want {
							t.Errorf("%s, %.20q, encoded by Go %v: Django %v, Go %v, want %v", first, password, i == 1, django, ours, want)
						}
						if len(password) == 72 && first.String() == "BCrypt" {
							continue // as above
						}
						if django, ours := p.checks(t, password+"x", text); django[0] || ours[0] {
							t.Errorf("%s, wrong password: Django %v, Go %v", first, django, ours)
						}
					}
				}
			}
		})
	}
}

// TestLoginsLeaveTheSameRow logs users in on both sides, with passwords of each hasher at
// a site that prefers each other one.
func TestLoginsLeaveTheSameRow(t *testing.T) {
	t.Parallel()
	const password = "pässword☃"
	for _, release := range releases() {
		t.Run("django-"+release, func(t *testing.T) {
			t.Parallel()
			p := newHasherPair(t, release)
			for i, first := range p.all {
				if !first.current {
					continue
				}
				p.prefer(t, first)
				encoded := p.django.text(t, "encode_with_more", map[string]any{"password": password, "path": first.path})
				p.logInOnBoth(t, fmt.Sprintf("%d-cost", i), password, encoded, fmt.Sprintf("%s of another cost", first))
				for j, stored := range p.all {
					for _, salt := range []any{nil, "short"} {
						if salt != nil && (strings.Contains(stored.path, "BCrypt") || strings.Contains(stored.path, "Unsalted") ||
							strings.Contains(stored.path, "Argon2")) {
							continue // their salts have one length
						}
						name := fmt.Sprintf("%d-%d-%v", i, j, salt)
						encoded := p.django.text(t, "encode", map[string]any{"password": password, "path": stored.path, "salt": salt})
						p.logInOnBoth(t, name, password, encoded, fmt.Sprintf("%s at a site with %s, salt %v", stored, first, salt))
					}
				}
			}
		})
	}
}

// logInOnBoth logs two users with this stored password in, one on each side.
func (p *hasherPair) logInOnBoth(t *testing.T, name, password, encoded, what string) {
	t.Helper()
	row := func(username string) string {
		return p.django.text(t, "make_row", map[string]any{"username": username, "encoded": encoded})
	}
	theirs, mine := row("django-"+name), row("go-"+name)
	p.ask(t, "log_in", map[string]any{"username": "django-" + name, "password": password})
	user, err := p.login.Authenticate(t.Context(), "go-"+name, password)
	if err != nil {
		t.Errorf("%s: Go: %v", what, err)
		return
	}
	s := p.sessions.New()
	if err := p.login.LoginSession(t.Context(), s, user); err != nil {
		t.Fatal(err)
	}
	save(t, s)
	p.bothSee(t, s.Key(), mine)
	want, got := p.row(t, theirs), p.row(t, mine)
	if (want["password"] == encoded) != (got["password"] == encoded) || cost(want["password"]) != cost(got["password"]) {
		t.Errorf("%s: Django stores %s, Go %s", what, cost(want["password"]), cost(got["password"]))
	}
	if django, ours := p.checks(t, password, got["password"]); django != ([2]bool{true, false}) || ours != django {
		t.Errorf("%s: after the login in Go, Django says %v and Go %v", what, django, ours)
	}
	for name, value := range want {
		switch name {
		case "id", "username", "email", "password", "date_joined":
		case "last_login":
			for _, text := range []string{value, got[name]} {
				if at, err := py.ParseISOFormat(text); err != nil || time.Since(at.Time).Abs() > time.Minute || at.Naive {
					t.Errorf("%s: last_login is %q: %v", what, text, err)
				}
			}
		default:
			if value != got[name] {
				t.Errorf("%s: column %s is %q after a login in Django, and %q in Go", what, name, value, got[name])
			}
		}
	}
}

// row returns the columns of a user.
func (p *hasherPair) row(t *testing.T, pk string) map[string]string {
	t.Helper()
	var row map[string]any
	if err := py.Scan(p.django.do(t, "row", map[string]any{"pk": pk}), &row, nil); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, value := range row {
		texts[name] = fmt.Sprint(value)
	}
	return texts
}

// cost returns an encoded password without its salt and hash, but with their lengths.
func cost(encoded string) string {
	parts := strings.Split(encoded, "$")
	for i, part := range parts {
		if i > 0 && len(part) > 10 && !strings.Contains(part, ",") { // m=64,t=1,p=2 are costs
			parts[i] = fmt.Sprintf("(%d)", len(part))
		}
	}
	return strings.Join(parts, "$")
}
