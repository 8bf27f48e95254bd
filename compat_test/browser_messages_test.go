package compat_test

import "testing"

// browseMessages has Django add a message that Go shows, and the other way round.
func browseMessages(t *testing.T, e *example) {
	site := e.start(t)
	visitor := site.visit()
	visitor.loginAtDjango()
	visitor.open("/password/")
	fresh := "another-" + site.password
	visitor.fill("old_password", site.password, "new_password1", fresh, "new_password2", fresh)
	visitor.press("main button")
	visitor.isAt("/account/", "Go")
	visitor.shows("Your password was changed.")
	visitor.open("/cart/")
	visitor.press("form[action='/go/logout/'] button")
	visitor.isAt("/", "Django")
	visitor.shows("You are logged out.")
}

// shows checks that a page has a message, and that the next page has none.
func (p *tab) shows(message string) {
	p.t.Helper()
	if got := p.text("#messages"); got != message {
		p.t.Errorf("the page shows %q, want %q", got, message)
	}
	p.press("nav a[href='/']")
	if p.has("#messages") {
		p.t.Errorf("the message %q is shown again", message)
	}
}
