// Package sitetest supports tests of handlers behind the bridge, as net/http/httptest
// does for other handlers. [New] returns a Django site in memory, with users, sessions
// and a clock, but without Django and without a database. A [Client] sends requests to a
// handler and keeps cookies, as a browser does:
//
//	func TestAccountGreetsTheUser(t *testing.T) {
//		t.Parallel()
//		site := sitetest.New(t, sitetest.Options{})
//		ada := site.AddUser(t, sitetest.User{Username: "ada"})
//		browser := site.Client(t, newHandler(site.Site))
//		browser.Get("/account").WantRedirect("/accounts/login/?next=/account")
//		browser.LogIn(ada)
//		browser.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")
//	}
//
// The function newHandler is the service's own: it takes the [djangobridge.Site] that the
// service opens in production, and returns its handler, with the middleware of the site.
// [Open] runs the same tests on the site's real database.
//
// Helpers that can fail take a [testing.TB] and fail that test. Those named Want report
// an error and continue; the others end the test. A Site and a Client are safe for
// concurrent use, and tests with sites of their own can run in parallel.
package sitetest
