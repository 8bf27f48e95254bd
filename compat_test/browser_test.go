package compat_test

import (
	"strings"
	"testing"
)

// TestSideBySide checks that people notice nothing when Django and Go serve a site
// together. Each test has its own site, and its visitors have their own browsers.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	e := &example{program: buildExample(t), browser: startBrowser(t)}
	for name, test := range map[string]func(*testing.T, *example){
		"a login at Django is one at Go":                                browseLoginAtDjango,
		"a login at Go is one at Django, its admin site included":       browseLoginAtGo,
		"a logout at Django is one at Go":                               browseLogoutAtDjango,
		"a logout at Go is one at Django":                               browseLogoutAtGo,
		"a wrong password logs nobody in at Go":                         browseWrongPassword,
		"one cart, whoever changes it":                                  browseOneCart,
		"two tabs that change the cart at once lose nothing":            browseTwoTabs,
		"a form without its token is refused at Go":                     browseForgedForm,
		"a form from before the login is refused on both sides":         browseOldForm,
		"a password changed in Django logs other browsers out at Go":    browsePasswordChange,
		"a user deactivated in Django's admin site is nobody at Go":     browseDeactivation,
		"a new SECRET_KEY with the old as fallback keeps people logged": browseRotation,
		"an expired session is nobody's":                                browseExpiry,
		"a message of one side appears once on a page of the other":     browseMessages,
		"sessions in a cache are shared":                                browseCache,
		"sessions in cookies are shared":                                browseSignedCookies,
		"Ctrl-C ends all processes":                                     interruptExample,
		"requests on their way are answered before the end":             answerExample,
		"a service manager ends all processes":                          terminateExample,
		"the end of what started it ends all processes":                 orphanExample,
		"a fresh machine gets what it needs":                            installExample,
		"all pages fit a phone":                                         browsePhone,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

func browseLoginAtDjango(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.knows("")
	visitor.open("/account/") // which wants a login
	visitor.isAt("/login/?next=/account/", "Django")
	visitor.fill("username", "ada", "password", visitor.password)
	visitor.press("main button")
	visitor.isAt("/account/", "Go")
	if got := visitor.text("#username"); got != "ada" {
		t.Errorf("the account is that of %q", got)
	}
	visitor.knows("ada")
}

func browseLoginAtGo(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.loginAtGo("admin")
	visitor.knows("admin")
	visitor.open("/admin/")
	if got := visitor.text("#user-tools"); !strings.Contains(strings.ToLower(got), "welcome, grace") {
		t.Errorf("the admin site says %q", got)
	}
}

func browseLogoutAtDjango(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.loginAtGo("ada")
	other := visitor.another()
	other.knows("ada")
	visitor.open("/")
	visitor.press("#who button")
	visitor.isAt("/", "Django")
	visitor.pageKnows("")
	other.knows("")
	other.open("/account/")
	other.isAt("/login/?next=/account/", "Django")
}

func browseLogoutAtGo(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.loginAtDjango()
	other := visitor.another()
	other.knows("ada")
	visitor.open("/cart/")
	visitor.press("#who button")
	visitor.isAt("/", "Django")
	visitor.pageKnows("")
	other.knows("")
	other.open("/password/")
	other.isAt("/login/?next=/password/", "Django")
}

func browseWrongPassword(t *testing.T, e *example) {
	visitor := e.start(t).visit()
	visitor.open("/go/login/")
	visitor.fill("username", "ada", "password", visitor.password+"x")
	visitor.press("main button")
	visitor.isAt("/go/login/", "Go")
	if got := visitor.text("#problem"); got != "No active user has this name and this password." {
		t.Errorf("the page says %q", got)
	}
	visitor.knows("")
}
