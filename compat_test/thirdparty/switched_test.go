package thirdparty

import (
	"testing"
)

// TestHijackedUsersAreTheSameOnBothSides has root work as ada by django-hijack, which
// logs her in.
func TestHijackedUsersAreTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	s := startSite(t, "hijack")
	v := startService(t, s, options{})
	b := newBrowser(t, s.url, v.url)
	b.submit("/login/", "username", "root", "password", "pass word")
	b.get(b.service + "/set/?go=root")
	b.wantBoth("before", page{User: "root", Go: "root"})
	before := b.thief()
	b.submit("/hijack/acquire/", "user_pk", "7")
	b.wantBoth("hijacked", page{User: "ada"})
	before.wantBoth("with the cookie of before", page{})
	b.get(b.service + "/set/?go=ada") // the package's history has to survive this
	b.wantBoth("after Go's change", page{User: "ada", Go: "ada"})
	b.submit("/hijack/release/")
	b.wantBoth("released", page{User: "root"})
	b.submit("/hijack/acquire/", "user_pk", "7")
	copied := b.thief()
	b.get(b.service + "/logout/")
	b.wantBoth("after a logout", page{})
	copied.wantBoth("after a logout, with a copied cookie,", page{})
}

// TestImpersonatedUsersAreTheSameOnBothSides has root work as ada by django-impersonate,
// whose middleware replaces request.user.
func TestImpersonatedUsersAreTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	s := startSite(t, "impersonate")
	v := startService(t, s, options{auth: impersonate})
	b := newBrowser(t, s.url, v.url)
	b.submit("/login/", "username", "root", "password", "pass word")
	b.wantBoth("before", page{User: "root", Real: "root"})
	b.get(b.django + "/impersonate/7/")
	b.wantBoth("impersonating", page{User: "ada", Real: "root"})
	b.get(b.service + "/set/?go=1")
	b.wantBoth("after Go's change", page{User: "ada", Real: "root", Go: "1"})
	b.get(b.django + "/impersonate/stop/")
	b.wantBoth("stopped", page{User: "root", Real: "root", Go: "1"})

	for _, id := range []string{"8", "99"} { // a superuser, and nobody, whom the package does not put in place of root
		b.get(b.django + "/set/?_impersonate=" + id)
		b.wantBoth("as "+id, page{User: "root", Real: "root", Go: "1"})
	}
	b.get(b.django + "/impersonate/7/")
	copied := b.thief()
	b.get(b.service + "/logout/")
	b.wantBoth("after a logout", page{})
	copied.wantBoth("after a logout, with a copied cookie,", page{})

	b.submit("/login/", "username", "ada", "password", "pass word")
	b.get(b.django + "/set/?_impersonate=8")
	b.wantBoth("of one who may not", page{User: "ada", Real: "ada"})
}
