package sitetest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/sitetest"
)

// A test of a protected page. The function newHandler takes the *djangobridge.Site of the
// service and returns its handler; t is the *testing.T of the test.
func Example() {
	site := sitetest.New(t, sitetest.Options{})
	ada := site.AddUser(t, sitetest.User{Username: "ada"})
	browser := site.Client(t, newHandler(site.Site))

	browser.Get("/account").WantRedirect("/accounts/login/?next=/account")
	browser.LogIn(ada)
	page := browser.Get("/account").WantStatus(http.StatusOK).WantBody("Hello, ada")

	fmt.Println(page.Body)
	// Output: Hello, ada
}

// Sessions have given values before a request, and are read after it.
func ExampleClient_SetSession() {
	site := sitetest.New(t, sitetest.Options{})
	browser := site.Client(t, newHandler(site.Site))

	browser.SetSession("cart", map[string]int{"tea": 1})
	browser.Post("/cart", url.Values{"item": {"tea"}}).WantRedirect("/account")

	var cart map[string]int
	err := browser.Session().Scan("cart", &cart)
	fmt.Println(cart, err)
	// Output: map[tea:2] <nil>
}

// Messages wait for the next page that shows them, or are in its body.
func ExampleResponse_WantMessages() {
	site := sitetest.New(t, sitetest.Options{})
	browser := site.Client(t, newHandler(site.Site))
	browser.LogIn(site.AddUser(t, sitetest.User{Username: "ada"}))

	added := browser.Post("/cart", url.Values{"item": {"tea"}}).WantMessages("Added tea.")
	page := added.Follow().WantBody("Added tea.").WantMessages()

	fmt.Println(page.Body)
	// Output:
	// Hello, ada
	// success: Added tea.
}

// A test of a login page needs a user with a password.
func ExampleClient_User() {
	site := sitetest.New(t, sitetest.Options{})
	site.AddUser(t, sitetest.User{Username: "ada", Password: "secret"})
	browser := site.Client(t, newHandler(site.Site))

	browser.Post("/login", url.Values{"username": {"ada"}, "password": {"wrong"}}).WantStatus(http.StatusUnauthorized)
	fmt.Println(browser.User())
	browser.Post("/login", url.Values{"username": {"ada"}, "password": {"secret"}}).WantStatus(http.StatusOK)
	fmt.Println(browser.User())
	// Output:
	// AnonymousUser
	// ada
}

// Sessions end when the clock says so.
func ExampleClock_Advance() {
	site := sitetest.New(t, sitetest.Options{})
	browser := site.Client(t, newHandler(site.Site))
	browser.LogIn(site.AddUser(t, sitetest.User{Username: "ada"}))

	site.Clock.Advance(site.Settings.SessionCookieAge + time.Second)

	fmt.Println(browser.Get("/account"))
	// Output: GET /account: status 302 Found to /accounts/login/?next=/account
}

// t stands for the *testing.T of a test, which an example does not have.
var t printer

// printer is a testing.TB that prints failures.
type printer struct{ testing.TB }

func (printer) Helper()                           {}
func (printer) Cleanup(func())                    {}
func (printer) Context() context.Context          { return context.Background() }
func (printer) Output() io.Writer                 { return io.Discard }
func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (printer) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
