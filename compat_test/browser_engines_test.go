package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func browseCache(t *testing.T, e *example) { browseEngine(t, e, "cache") }

func browseSignedCookies(t *testing.T, e *example) { browseEngine(t, e, "signed_cookies") }

// browseEngine fills one cart on both sides, and logs in and out on each, with sessions
// of this engine.
func browseEngine(t *testing.T, e *example, engine string) {
	t.Helper()
	site := e.start(t, "-engine", engine)
	settings, err := os.ReadFile(filepath.Join(site.dir, "site.json"))
	if err != nil || !strings.Contains(string(settings), `"django.contrib.sessions.backends.`+engine+`"`) {
		t.Fatalf("the site does not have this engine: %v", err)
	}
	visitor := site.visit()
	visitor.open("/")
	visitor.press("form[action='/add/mint/'] button")
	visitor.loginAtDjango()
	visitor.open("/cart/")
	visitor.press("#line-mint button[name=add]")
	visitor.isAt("/cart/", "Go")
	visitor.pageKnows("ada")
	visitor.open("/")
	if got := visitor.count(); got != 2 {
		t.Errorf("Django and Go put a packet each into the cart, Django counts %d", got)
	}
	visitor.open("/cart/")
	visitor.press("#who button")
	visitor.isAt("/", "Django")
	visitor.pageKnows("")
	visitor.knows("")

	visitor.loginAtGo("admin")
	visitor.knows("admin")
	if got := visitor.count(); got != 0 {
		t.Errorf("%d packets of the last user are in the cart", got)
	}
	visitor.open("/")
	visitor.press("#who button")
	visitor.isAt("/", "Django")
	visitor.pageKnows("")
	visitor.knows("")
}
