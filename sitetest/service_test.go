package sitetest_test

import (
	"fmt"
	"net/http"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/messages"
)

// newHandler is the handler of a service: it takes the site that main opens.
func newHandler(site *djangobridge.Site) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /account", site.LoginRequired(http.HandlerFunc(account)))
	mux.Handle("GET /orders", site.PermissionRequired(http.HandlerFunc(account), "shop.view_order"))
	mux.HandleFunc("POST /cart", addToCart)
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) { logIn(site, w, r) })
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := site.Login.Logout(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return site.Middleware(mux)
}

func account(w http.ResponseWriter, r *http.Request) {
	user, err := auth.UserFrom(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	list, err := messages.Show(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintf(w, "Hello, %s", user)
	for _, m := range list {
		_, _ = fmt.Fprintf(w, "\n%s: %s", m.Tags(), m.Text)
	}
}

// addToCart counts the items in the session.
func addToCart(w http.ResponseWriter, r *http.Request) {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	cart := map[string]int{}
	if session.Contains("cart") {
		if err := session.Scan("cart", &cart); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	cart[r.FormValue("item")]++
	session.Set("cart", cart)
	if err := messages.Success(r.Context(), "Added "+r.FormValue("item")+"."); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

func logIn(site *djangobridge.Site, w http.ResponseWriter, r *http.Request) {
	user, err := site.Login.Authenticate(r.Context(), r.FormValue("username"), r.FormValue("password"))
	if err == nil {
		err = site.Login.Login(r.Context(), user)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusOK)
}
