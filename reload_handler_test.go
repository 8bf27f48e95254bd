package djangobridge_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
)

// closingEngine counts how often it is closed.
type closingEngine struct {
	djangosession.Engine

	closed atomic.Int64
	err    error
}

func (e *closingEngine) Close() error {
	e.closed.Add(1)
	return e.err
}

// closingEngines returns an Options.OpenEngine that collects what it has opened.
func closingEngines(to *[]*closingEngine) func(djangosession.Settings) (djangosession.Engine, error) {
	var mu sync.Mutex
	return func(s djangosession.Settings) (djangosession.Engine, error) {
		mu.Lock()
		defer mu.Unlock()
		made, err := inMemory(s)
		engine := &closingEngine{Engine: made}
		*to = append(*to, engine)
		return engine, err
	}
}

// newReloader opens a site whose engines are collected.
func newReloader(
	t *testing.T, file string, opened *[]*closingEngine, build func(*djangobridge.Site) (http.Handler, error),
) *djangobridge.Reloader {
	t.Helper()
	site, err := djangobridge.Open(file, djangobridge.Options{OpenEngine: closingEngines(opened), Users: oneUser{writes: new(int)}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := djangobridge.NewReloader(site, build)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tellKey answers with the SECRET_KEY.
func tellKey(site *djangobridge.Site) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, site.Settings.SecretKey) }), nil
}

func ask(h http.Handler, r *http.Request) (status int, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

const (
	oldSecret = `"SECRET_KEY": "hush"`
	newSecret = `"SECRET_KEY": "new"`
)

// TestRequestsKeepTheirSettingsDuringAReload holds a request while the settings are
// replaced twice.
func TestRequestsKeepTheirSettingsDuringAReload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := siteFile(t, "", "")
		var opened []*closingEngine
		hold := make(chan struct{})
		r := newReloader(t, file, &opened, func(site *djangobridge.Site) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					<-hold
				}
				_, _ = io.WriteString(w, site.Settings.SecretKey)
			}), nil
		})
		get := func(path string) string {
			_, body := ask(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
			return body
		}
		slow := make(chan string)
		go func() { slow <- get("/slow") }()
		synctest.Wait()
		replaceFile(t, file, oldSecret, newSecret)
		for range 2 {
			if err := r.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := get("/"); got != "new" {
			t.Errorf("a new request has the key %q", got)
		}
		if opened[0].closed.Load() != 0 || opened[1].closed.Load() != 1 {
			t.Error("the first site is closed during its request, or the second is open without one")
		}
		close(hold)
		if got := <-slow; got != "hush" {
			t.Errorf("the request in flight ends with the key %q", got)
		}
		synctest.Wait()
		if opened[0].closed.Load() != 1 {
			t.Error("the first site is open after its last request")
		}
		if err := r.Close(); err != nil || opened[2].closed.Load() != 1 {
			t.Error("Close does not close the site")
		}
		if err := r.Close(); err != nil || opened[2].closed.Load() != 1 {
			t.Error("Close closes twice")
		}
		if status, _ := ask(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)); status != http.StatusServiceUnavailable {
			t.Errorf("status %d after Close", status)
		}
		if err := r.Reload(t.Context()); err == nil || len(opened) != 3 {
			t.Error("a closed Reloader opens a site")
		}
	}) // which fails if a goroutine is left
}

func TestAHandlerThatPanicsReleasesItsSite(t *testing.T) {
	t.Parallel()
	file := siteFile(t, "", "")
	var opened []*closingEngine
	r := newReloader(t, file, &opened, func(*djangobridge.Site) (http.Handler, error) {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), nil
	})
	func() {
		defer func() { _ = recover() }()
		ask(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	}()
	if err := r.Reload(t.Context()); err != nil || opened[0].closed.Load() != 1 {
		t.Errorf("closed %d times, %v", opened[0].closed.Load(), err)
	}
}

func TestAFailedReloadChangesNothing(t *testing.T) {
	t.Parallel()
	broken := errors.New("no handler today")
	var fail atomic.Int64
	file := siteFile(t, "", "")
	var opened []*closingEngine
	r := newReloader(t, file, &opened, func(site *djangobridge.Site) (http.Handler, error) {
		switch fail.Load() {
		case 1:
			return nil, broken
		case 2:
			return nil, nil
		}
		return tellKey(site)
	})
	check := func(when string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", when, err, want)
		}
		if _, body := ask(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)); body != "hush" {
			t.Errorf("%s: the service has the key %q", when, body)
		}
		for i, engine := range opened {
			if closed := engine.closed.Load(); closed != int64(min(i, 1)) {
				t.Errorf("%s: site %d is closed %d times", when, i, closed)
			}
		}
	}
	fail.Store(1)
	check("build fails", r.Reload(t.Context()), broken.Error())
	fail.Store(2)
	check("build returns nil", r.Reload(t.Context()), "no handler")
	fail.Store(0)
	replaceFile(t, file, oldSecret, `"SECRET_KEY": `)
	check("the file is broken", r.Reload(t.Context()), "site.json")
	replaceFile(t, file, `"SECRET_KEY": `, newSecret)
	if err := r.Reload(t.Context()); err != nil || opened[0].closed.Load() != 1 {
		t.Errorf("closed %d times, %v", opened[0].closed.Load(), err)
	}
}

// TestReloadsUnderLoad replaces the settings again and again while requests arrive. Each
// request must find its site open.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	file := siteFile(t, "", "")
	var opened []*closingEngine
	r := newReloader(t, file, &opened, func(site *djangobridge.Site) (http.Handler, error) {
		engine := opened[len(opened)-1]
		return site.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if engine.closed.Load() != 0 {
				w.WriteHeader(http.StatusInternalServerError)
			}
			if session, err := djangosession.FromContext(r.Context()); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
			} else {
				session.Set("n", 1)
			}
			if engine.closed.Load() != 0 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})), nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for ctx.Err() == nil {
				if status, _ := ask(r, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)); status != http.StatusOK && ctx.Err() == nil {
					t.Errorf("status %d", status)
					return
				}
			}
		})
	}
	var reloads sync.WaitGroup
	for range 2 {
		reloads.Go(func() {
			for range 25 {
				if err := r.Reload(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	reloads.Wait()
	stop()
	requests.Wait()
	if err := r.Close(); err != nil || len(opened) != 51 {
		t.Errorf("%d sites, %v", len(opened), err)
	}
	for i, engine := range opened {
		if closed := engine.closed.Load(); closed != 1 {
			t.Errorf("site %d is closed %d times", i, closed)
		}
	}
}

func TestReloadsWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := siteFile(t, "", "")
		var opened []*closingEngine
		hold := make(chan struct{}, 1)
		hold <- struct{}{} // for the first site
		r := newReloader(t, file, &opened, func(site *djangobridge.Site) (http.Handler, error) {
			<-hold
			return tellKey(site)
		})
		first := make(chan error)
		go func() { first <- r.Reload(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		second := make(chan error)
		go func() { second <- r.Reload(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) || len(opened) != 2 {
			t.Errorf("%v, %d sites", err, len(opened))
		}
		hold <- struct{}{}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestCloseReturnsTheErrorOfTheSite(t *testing.T) {
	t.Parallel()
	broken := errors.New("cannot close")
	var opened []*closingEngine
	r := newReloader(t, siteFile(t, "", ""), &opened, tellKey)
	opened[0].err = broken
	if err := r.Close(); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestNewReloaderNeedsASiteAndAHandler(t *testing.T) {
	t.Parallel()
	site := inMemorySite(t, siteFile(t, "", ""), djangobridge.Options{})
	broken := errors.New("no handler")
	if _, err := djangobridge.NewReloader(nil, tellKey); err == nil {
		t.Error("a nil site is accepted")
	}
	if _, err := djangobridge.NewReloader(site, nil); err == nil {
		t.Error("a nil function is accepted")
	}
	_, err := djangobridge.NewReloader(site, func(*djangobridge.Site) (http.Handler, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}
