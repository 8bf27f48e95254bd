package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math"
	"net/http"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/messages"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
)

// service is the Go half of the site.
type service struct {
	db    *sql.DB
	site  *djangobridge.Site
	pages pages
}

// newService opens the site that a settings file describes, and Django's stores. The
// caller must close the service.
func newService(ctx context.Context, settings, database, engine string) (*service, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	// Other programs name the driver that they import: "sqlite3" is
	// github.com/mattn/go-sqlite3. Queries wait for Django's writes, as Django waits for
	// its own: milliseconds.
	db, err := sql.Open(sqlitedriver.Name, "file:"+database+"?mode=rw&_busy_timeout=10000&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	site, err := djangobridge.Open(settings, djangobridge.Options{
		DB:        db,
		OpenCache: rediscache.Open, // for -engine cache and cached_db
		// Two tabs may change the cart at once. Cookies cannot merge: the last tab wins.
		Sessions: djangosession.Options{MergeSaves: engine != "signed_cookies"},
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := site.Check(ctx); err != nil {
		return nil, errors.Join(err, site.Close(), db.Close())
	}
	return &service{db: db, site: site, pages: pages}, nil
}

func (s *service) close() {
	_ = s.site.Close()
	_ = s.db.Close()
}

// handler serves the requests that the proxy sends here.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /cart/{$}", page(s.showCart))
	mux.Handle("POST /cart/{$}", page(s.changeCart))
	mux.Handle("GET /account/{$}", s.site.LoginRequired(page(s.showAccount)))
	mux.Handle("GET /go/login/{$}", page(s.askForPassword))
	mux.Handle("POST /go/login/{$}", page(s.login))
	mux.Handle("POST /go/logout/{$}", page(s.logout))
	return s.site.Middleware(mux)
}

// page is a handler that may fail before it has written anything.
type page func(w http.ResponseWriter, r *http.Request) error

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p(w, r); err != nil {
		slog.ErrorContext(r.Context(), "no page", "method", r.Method, "path", r.URL.Path, "error", err)
		http.Error(w, "Sorry, this did not work.", http.StatusInternalServerError)
	}
}

func (s *service) showCart(w http.ResponseWriter, r *http.Request) error {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		return err
	}
	cart, err := quantities(session)
	if err != nil {
		return err
	}
	lines, total, err := s.lines(r.Context(), cart)
	if err != nil {
		return err
	}
	return s.pages.show(w, r, "cart", map[string]any{"Lines": lines, "Total": total})
}

// changeCart performs the action of the button that was pressed in the cart.
func (s *service) changeCart(w http.ResponseWriter, r *http.Request) error {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		return err
	}
	switch more, less := r.PostFormValue("add"), r.PostFormValue("take"); {
	case more != "":
		var there bool
		if there, err = s.sells(r.Context(), more); err == nil && there {
			err = put(session, more, 1)
		}
	case less != "":
		err = put(session, less, -1)
	case r.PostFormValue("empty") != "":
		var cart map[string]int
		if cart, err = quantities(session); err == nil {
			for sku := range cart {
				err = errors.Join(err, remove(session, sku))
			}
		}
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/cart/", http.StatusSeeOther)
	return nil
}

func (s *service) showAccount(w http.ResponseWriter, r *http.Request) error {
	user, err := auth.UserFrom(r.Context())
	if err != nil {
		return err
	}
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		return err
	}
	age, err := session.GetExpiryAge()
	if err != nil {
		return err
	}
	mayChange, err := user.HasPerm(r.Context(), "shop.change_product")
	if err != nil {
		return err
	}
	return s.pages.show(w, r, "account", map[string]any{
		"MayChangeTeas": mayChange,
		"LastLogin":     user.LastLogin.UTC().Format("2 January 2006, 15:04 MST"),
		"Days":          math.Floor(age / (24 * 60 * 60)),
	})
}

func (s *service) askForPassword(w http.ResponseWriter, r *http.Request) error {
	return s.pages.show(w, r, "login", nil)
}

func (s *service) login(w http.ResponseWriter, r *http.Request) error {
	name := r.PostFormValue("username")
	user, err := s.site.Login.Authenticate(r.Context(), name, r.PostFormValue("password"))
	if errors.Is(err, auth.ErrBadCredentials) || errors.Is(err, auth.ErrUnknownHasher) { // package hashers logs the latter
		return s.pages.show(w, r, "login", map[string]any{"Failed": true, "Username": name})
	}
	if err != nil {
		return err
	}
	if err := s.site.Login.Login(r.Context(), user); err != nil {
		return err
	}
	http.Redirect(w, r, "/account/", http.StatusSeeOther)
	return nil
}

func (s *service) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.site.Login.Logout(r.Context()); err != nil {
		return err
	}
	if err := messages.Success(r.Context(), "You are logged out."); err != nil { // for Django's page
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
