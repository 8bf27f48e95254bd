package compat_test

import (
	"testing"
)

// TestForwardAuthenticationInABrowser has visitors log in and out at Django, and use a
// service in Python behind nginx that knows only the headers of the user.
func TestForwardAuthenticationInABrowser(t *testing.T) {
	t.Parallel()
	s := newGuardedSite(t)
	site := &website{
		example: &example{browser: startBrowser(t)}, t: t, url: "http://localhost:" + portOf(s.front("nginx")), password: "tea",
		output: &lockedBuffer{},
	}
	ada, grace := site.visit(), site.visit()
	for _, tab := range []*tab{ada, grace} {
		tab.expectComplaints("Failed to load resource") // of pages that are forbidden, and of icons
	}
	logIn := func(p *tab, user, leadsTo string) {
		t.Helper()
		p.fill("username", user, "password", "tea")
		p.press("main button")
		if got := p.path(); got != leadsTo {
			t.Fatalf("the login leads to %s, want %s", got, leadsTo)
		}
	}
	ada.open("/reports/tea?of=today&cups=2")
	if got := ada.path(); got != "/login/?next=/reports/tea%3Fof%3Dtoday%26cups%3D2" {
		t.Fatalf("without a login the browser is at %s", got)
	}
	logIn(ada, "ada", "/reports/tea?of=today&cups=2")
	if got := ada.text("#user"); got != "ada" {
		t.Errorf("the service takes the visitor for %q", got)
	}
	other := ada.another()
	other.expectComplaints("Failed to load resource")
	other.open("/reports/")

	ada.openFor("/reports/internal/", 403)
	if ada.has("#user") {
		t.Error("a user who is not staff reaches the service")
	}
	grace.open("/reports/internal/")
	logIn(grace, "grace", "/reports/internal/")
	if got := grace.text("#user"); got != "grace" {
		t.Errorf("the service takes the visitor for %q", got)
	}

	ada.open("/")
	ada.press("main button") // logs out at Django
	other.open("/reports/")  // which the other tab notices at once
	if got := other.path(); got != "/login/?next=/reports/" {
		t.Errorf("after the logout the browser is at %s", got)
	}
	s.deactivate("grace")
	grace.open("/reports/internal/")
	if got := grace.path(); got != "/login/?next=/reports/internal/" {
		t.Errorf("after the deactivation the browser is at %s", got)
	}
}
