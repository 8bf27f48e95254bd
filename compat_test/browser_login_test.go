package compat_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

func browsePasswordChange(t *testing.T, e *example) {
	site := e.start(t)
	here, elsewhere := site.visit(), site.visit()
	here.loginAtDjango()
	elsewhere.loginAtGo("ada")
	here.open("/account/")
	here.press("main a[href='/password/']")
	here.isAt("/password/", "Django")
	fresh := "another-" + site.password
	here.fill("old_password", site.password, "new_password1", fresh, "new_password2", fresh)
	here.press("main button")
	here.isAt("/account/", "Go")
	here.knows("ada")

	elsewhere.open("/account/") // Go is the first to find out
	elsewhere.isAt("/login/?next=/account/", "Django")
	elsewhere.knows("")

	elsewhere.open("/go/login/")
	elsewhere.fill("username", "ada", "password", site.password)
	elsewhere.press("main button")
	if !elsewhere.has("#problem") {
		t.Error("Go takes the old password")
	}
	elsewhere.fill("username", "ada", "password", fresh)
	elsewhere.press("main button")
	elsewhere.isAt("/account/", "Go")
	elsewhere.knows("ada")
}

func browseDeactivation(t *testing.T, e *example) {
	site := e.start(t)
	ada, admin := site.visit(), site.visit()
	ada.loginAtDjango()
	admin.loginAtGo("admin")
	admin.open("/admin/auth/user/?q=ada@")
	admin.press("#result_list tbody th a")
	admin.press2("#id_is_active", "[name=_save]")
	ada.open("/account/")
	ada.isAt("/login/?next=/account/", "Django")
	ada.knows("")
	ada.open("/go/login/")
	ada.fill("username", "ada", "password", site.password)
	ada.press("main button")
	if !ada.has("#problem") {
		t.Error("Go logs in who is not active")
	}
	admin.knows("admin")
}

// press2 clicks on an element that stays on the page, and then on one that leads to
// another page.
func (p *tab) press2(stays, leads string) {
	p.t.Helper()
	perform(p, "press "+stays, chromedp.Click(chromedp.CSS(stays)))
	p.press(leads)
}

func browseRotation(t *testing.T, e *example) {
	const first, second, third = "the first key", "the second key", "the third key"
	site := e.start(t, "-secret-key", first)
	seenByGo, seenByDjango, forgotten := site.visit(), site.visit(), site.visit()
	for _, visitor := range []*tab{seenByGo, seenByDjango, forgotten} {
		visitor.loginAtDjango()
		visitor.press("form[action='/add/mint/'] button")
	}
	site.restart("-secret-key", second, "-fallback", first)
	seenByGo.open("/account/") // which gives the session a new key and hash
	seenByGo.isAt("/account/", "Go")
	seenByGo.pageKnows("ada")
	seenByDjango.open("/password/")
	seenByDjango.isAt("/password/", "Django")
	seenByDjango.pageKnows("ada")

	// The first key is gone. Sessions that either side loaded since are signed with the
	// second one.
	site.restart("-secret-key", third, "-fallback", second)
	for _, visitor := range []*tab{seenByGo, seenByDjango} {
		visitor.knows("ada")
		if got := visitor.count(); got != 1 {
			t.Errorf("%d packets are in the cart after two rotations", got)
		}
	}
	forgotten.knows("")
}

func browseExpiry(t *testing.T, e *example) {
	visitor := e.start(t, "-session-age", "20s").visit() // longer than the steps before the wait take
	visitor.loginAtDjango()
	visitor.keepCookie("kettles_session")
	visitor.open("/account/")
	visitor.isAt("/account/", "Go")
	for began := time.Now(); visitor.path() == "/account/"; time.Sleep(200 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal("the session does not end")
		}
		visitor.open("/account/") // looking does not make it last
	}
	visitor.isAt("/login/?next=/account/", "Django")
	visitor.knows("")
}

// keepCookie makes the browser keep a cookie, so that the server detects the end of the
// session.
func (p *tab) keepCookie(name string) {
	p.t.Helper()
	perform(p, "keep a cookie", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		all, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
		if err != nil {
			return err
		}
		for _, c := range all.Cookies {
			if c.Name == name {
				_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{
					Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, HTTPOnly: &c.HTTPOnly, SameSite: c.SameSite,
				})
				return err
			}
		}
		return fmt.Errorf("there is no cookie %s", name)
	}))
}
