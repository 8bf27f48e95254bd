package auth_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/internal/sqlitedriver"
	"github.com/djangobridge/djangobridge/tables"
)

// loginRounds is the number of repetitions in the tests below: a few, or LOGIN_ROUNDS if
// set.
func loginRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LOGIN_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// shop is a site with a cart in the session.
type shop struct {
	*site

	merges  bool
	manager *djangosession.Manager
	auth    *auth.Auth
	handler http.Handler
	carts   int             // number of logins that kept the cart
	loaded  *sync.WaitGroup // if set, logins wait until all of them have loaded the session
}

func onEachShop(t *testing.T, run func(t *testing.T, s *shop)) {
	t.Helper()
	for _, engine := range []string{"memory", "SQLite"} {
		for _, merge := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/merge=%v", engine, merge), func(t *testing.T) {
				t.Parallel()
				run(t, newShop(t, engine == "SQLite", merge))
			})
		}
	}
}

func newShop(t *testing.T, onDisk, merge bool) *shop {
	t.Helper()
	s := &shop{site: newSite(t, "5.2.19", nil), merges: merge}
	settings := s.site.manager.Settings()
	var engine djangosession.Engine
	var err error
	if onDisk {
		db, openErr := sql.Open(sqlitedriver.Name, "file:"+filepath.Join(t.TempDir(), "db")+"?_busy_timeout=10&_journal_mode=WAL&_sync=0")
		if openErr != nil {
			t.Fatal(openErr)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		e, newErr := tables.New(db, settings, tables.Options{Dialect: tables.SQLite{}, LockWait: time.Minute})
		if newErr != nil {
			t.Fatal(newErr)
		}
		engine, err = e, e.CreateTable(t.Context())
	} else {
		engine, err = memory.New(settings)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.manager, err = djangosession.NewManager(engine, settings, djangosession.Options{
		MergeSaves: merge, Logger: slog.New(slog.DiscardHandler),
	}); err != nil {
		t.Fatal(err)
	}
	if s.auth, err = auth.New(s.manager, s.people, auth.Options{}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if s.loaded != nil {
			s.loaded.Done()
			s.loaded.Wait()
		}
		if err == nil {
			session.Set("visited", "login")
			err = s.auth.Login(r.Context(), s.people.user("1"))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	})
	mux.HandleFunc("/add", func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil || session.IsEmpty() || !session.Contains("cart") {
			http.Error(w, "no cart", http.StatusConflict)
			return
		}
		session.Set("item"+r.FormValue("n"), 1)
	})
	s.handler = s.manager.Middleware(s.auth.Middleware(mux))
	return s
}

// visitor stores the session of a visitor with a cart and returns its key.
func (s *shop) visitor(t *testing.T) string {
	t.Helper()
	session := s.manager.New()
	session.Set("cart", []any{"book"})
	save(t, session)
	return session.Key()
}

// ask sends a request with a cookie and returns the status and the cookie of the
// response.
func (s *shop) ask(t *testing.T, path, key string) (status int, newKey string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "sessionid" {
			newKey = c.Value
		}
	}
	return w.Code, newKey
}

// TestFiftyLoginsWithOneAnonymousCookie logs in with fifty requests at once.
func TestFiftyLoginsWithOneAnonymousCookie(t *testing.T) {
	t.Parallel()
	const logins = 50
	for _, together := range []bool{true, false} {
		t.Run(fmt.Sprintf("together=%v", together), func(t *testing.T) {
			t.Parallel()
			onEachShop(t, func(t *testing.T, s *shop) {
				for range loginRounds(t) {
					if together {
						s.loaded = &sync.WaitGroup{}
						s.loaded.Add(logins)
					}
					old, found := s.visitor(t), make([]string, logins)
					var all sync.WaitGroup
					for i := range logins {
						all.Go(func() {
							status, key := s.ask(t, "/login", old)
							if status != http.StatusOK || key == "" || key == old {
								t.Errorf("status %d, new key %v", status, key != old)
							}
							found[i] = key
						})
					}
					all.Wait()
					s.wantLogins(t, old, found, together)
				}
				t.Logf("%d of %d logins have the cart", s.carts, loginRounds(t)*logins)
			})
		})
	}
}

// wantLogins checks the sessions that resulted from logins with an old key. A request
// that came after the old session was gone belongs to a new visitor, as in Django.
func (s *shop) wantLogins(t *testing.T, old string, found []string, together bool) {
	t.Helper()
	if there, err := s.manager.Exists(t.Context(), old); there || err != nil {
		t.Errorf("the old session is there: %v, %v", there, err)
	}
	seen, carts := map[string]bool{}, 0
	for _, key := range found {
		session, err := s.manager.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.auth.User(t.Context(), session)
		if err != nil || u == nil || seen[key] || !session.Contains("visited") {
			t.Fatalf("user %v, %v, seen %v", u, err, seen[key])
		}
		seen[key] = true
		if session.Contains("cart") {
			carts++
		}
	}
	if carts == 0 || together && carts < len(found) {
		t.Errorf("%d of %d have the cart", carts, len(found))
	}
	s.carts += carts
}

// TestCartIsNotLostAtLogin adds to the cart during a login. With merged saves, everything
// that was answered with success is in the cart afterwards.
func TestCartIsNotLostAtLogin(t *testing.T) {
	t.Parallel()
	onEachShop(t, func(t *testing.T, s *shop) {
		lost := 0
		for range 10 * loginRounds(t) {
			const items = 8
			old, added := s.visitor(t), make([]int, items)
			var all sync.WaitGroup
			for i := range items {
				all.Go(func() { added[i], _ = s.ask(t, fmt.Sprintf("/add?n=%d", i), old) })
			}
			status, key := s.ask(t, "/login", old)
			all.Wait()
			session, err := s.manager.Load(t.Context(), key)
			if status != http.StatusOK || err != nil || !session.Contains("cart") || !session.Contains(auth.SessionKey) {
				t.Fatalf("status %d, %v", status, err)
			}
			for i, status := range added {
				there := session.Contains(fmt.Sprintf("item%d", i))
				switch {
				case status == http.StatusOK && !there:
					lost++
				case status != http.StatusOK && (status != http.StatusBadRequest && status != http.StatusConflict || there):
					t.Errorf("status %d, there %v", status, there)
				}
			}
		}
		t.Logf("%d things got lost", lost)
		if s.merges && lost > 0 {
			t.Errorf("%d things got lost", lost)
		}
	})
}
