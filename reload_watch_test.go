package djangobridge_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/signing"
)

// watched is a Reloader with a running Watch, in a bubble of synctest.
type watched struct {
	*djangobridge.Reloader

	t       *testing.T
	file    string
	signals chan os.Signal
	log     *lockedLog
	errs    *outdatedEngine
	stop    func()
}

// lockedLog is a log that can be read while the program runs.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// outdatedEngine refuses to load sessions while err is set.
type outdatedEngine struct {
	djangosession.Engine

	err error
}

// open is an Options.OpenEngine.
func (e *outdatedEngine) open(s djangosession.Settings) (_ djangosession.Engine, err error) {
	if e.Engine == nil {
		e.Engine, err = inMemory(s)
	}
	return e, err
}

func (e *outdatedEngine) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.Engine.Load(ctx, key)
}

// statelessEngine is one whose sessions are in cookies.
type statelessEngine struct{ *outdatedEngine }

// Stateless implements [djangosession.Stateless].
func (statelessEngine) Stateless() {}

func watch(t *testing.T) *watched {
	t.Helper()
	errs := &outdatedEngine{}
	return watchEngine(t, errs, errs.open)
}

func watchEngine(t *testing.T, errs *outdatedEngine, open func(djangosession.Settings) (djangosession.Engine, error)) *watched {
	t.Helper()
	w := &watched{t: t, file: siteFile(t, "", ""), signals: make(chan os.Signal, 1), log: &lockedLog{}, errs: errs}
	site, err := djangobridge.Open(w.file, djangobridge.Options{
		OpenEngine: open,
		Users:      oneUser{writes: new(int)},
		Sessions:   djangosession.Options{Logger: slog.New(slog.NewTextHandler(w.log, nil))},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Reloader, err = djangobridge.NewReloader(site, func(site *djangobridge.Site) (http.Handler, error) {
		return site.Middleware(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			_, _ = djangosession.FromContext(r.Context())
			_, _ = rw.Write([]byte(site.Settings.SecretKey))
		})), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Watch(ctx, djangobridge.WatchOptions{Signals: w.signals})
	}()
	w.stop = func() { cancel(); <-ended }
	t.Cleanup(w.stop)
	synctest.Wait()
	return w
}

// pass lets time pass.
func (w *watched) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// visit makes a request with a session cookie and returns the key of the settings.
func (w *watched) visit() string {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: djangosession.NewKey()})
	_, body := ask(w, r)
	synctest.Wait()
	return body
}

// want compares the key of the settings, and how often the log contains these words.
func (w *watched) want(key string, counts map[string]int) {
	w.t.Helper()
	if got := w.visit(); got != key {
		w.t.Errorf("the key is %q, want %q", got, key)
	}
	for words, n := range counts {
		if got := strings.Count(w.log.String(), words); got != n {
			w.t.Errorf("%d times %q in the log, want %d:\n%s", got, words, n, w.log)
		}
	}
	if strings.Contains(w.log.String(), "hush") {
		w.t.Errorf("the log contains the secret:\n%s", w.log)
	}
}

// The lines that Watch logs.
const (
	reloaded    = `msg="settings reloaded"`
	notReloaded = `msg="settings not reloaded`
	newer       = "settings are newer than those of this service"
)

func TestWatchReloadsAtASignal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.want("hush", map[string]int{reloaded: 0})
		replaceFile(t, w.file, oldSecret, newSecret)
		w.signals <- syscall.SIGHUP
		synctest.Wait()
		w.want("new", map[string]int{reloaded + " reason=signal": 1})
		replaceFile(t, w.file, newSecret, `"SECRET_KEY": `)
		w.signals <- syscall.SIGHUP
		synctest.Wait()
		w.want("new", map[string]int{reloaded: 1, notReloaded: 1})
		close(w.signals)
		w.pass(70 * time.Second)
		w.want("new", map[string]int{reloaded: 1, notReloaded: 2}) // once more, because the file is still broken
	})
}

func TestWatchReloadsWhenTheFileIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.pass(time.Hour)
		w.want("hush", map[string]int{reloaded: 0, notReloaded: 0, newer: 0})
		replaceFile(t, w.file, oldSecret, newSecret)
		w.pass(djangobridge.DefaultWatchInterval)
		w.want("hush", map[string]int{reloaded: 0})
		w.pass(djangobridge.DefaultWatchInterval)
		w.want("new", map[string]int{reloaded + " reason=file": 1})
		w.pass(time.Hour)
		w.want("new", map[string]int{reloaded: 1, notReloaded: 0})
	})
}

func TestWatchWaitsForAFileThatIsBeingWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		text := readFile(t, w.file)
		if err := os.Truncate(w.file, 0); err != nil { // as a shell does at once
			t.Fatal(err)
		}
		w.pass(time.Minute)
		w.want("hush", map[string]int{reloaded: 0, notReloaded: 0})
		if err := os.Remove(w.file); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		w.want("hush", map[string]int{reloaded: 0, notReloaded: 0})
		if err := os.WriteFile(w.file, []byte(text[:len(text)/2]), 0o600); err != nil {
			t.Fatal(err)
		}
		w.pass(djangobridge.DefaultWatchInterval)
		if err := os.WriteFile(w.file, []byte(strings.Replace(text, oldSecret, newSecret, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		w.pass(djangobridge.DefaultWatchInterval)
		w.want("hush", map[string]int{reloaded: 0, notReloaded: 0})
		w.pass(djangobridge.DefaultWatchInterval)
		w.want("new", map[string]int{reloaded: 1, notReloaded: 0})
	})
}

func TestWatchTriesABrokenFileOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		replaceFile(t, w.file, oldSecret, `"SECRET_KEY": `)
		w.pass(30 * time.Second)
		w.want("hush", map[string]int{reloaded: 0, notReloaded + ": the former ones remain in use\" reason=file": 1})
		w.pass(9*time.Minute + 30*time.Second)
		if n := strings.Count(w.log.String(), notReloaded); n < 8 || n > 10 {
			t.Errorf("%d attempts in ten minutes", n)
		}
		replaceFile(t, w.file, `"SECRET_KEY": `, newSecret)
		w.pass(2 * djangobridge.DefaultWatchInterval)
		w.want("new", map[string]int{reloaded: 1})
	})
}

// TestWatchTellsThatSettingsAreOutdated has sessions signed with a key that the settings
// lack, before and after the file is replaced.
func TestWatchTellsThatSettingsAreOutdated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		for range 20 { // two minutes
			w.errs.err = &djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: time.Now()}
			w.visit()
			w.pass(6 * time.Second)
		}
		w.errs.err = nil
		w.want("hush", map[string]int{reloaded: 0, notReloaded: 0, newer: 2, "exported_at=1970-01-01T00:00:01": 2})
		w.errs.err = &djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: time.Now()}
		replaceFile(t, w.file, oldSecret, newSecret)
		w.visit()
		w.errs.err = nil
		w.want("new", map[string]int{reloaded + " reason=outdated": 1})
		w.pass(time.Hour)
		w.want("new", map[string]int{reloaded: 1, notReloaded: 0, newer: 2})
	})
}

// TestWatchIsNotAlarmedByCookies has a cookie whose time of signature the browser can have
// made up.
func TestWatchIsNotAlarmedByCookies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errs := &outdatedEngine{}
		w := watchEngine(t, errs, func(s djangosession.Settings) (djangosession.Engine, error) {
			_, err := errs.open(s)
			return statelessEngine{errs}, err
		})
		w.errs.err = &djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: time.Now()}
		w.visit()
		w.errs.err = nil
		w.want("hush", map[string]int{newer: 0, "level=ERROR": 0, "level=WARN": 1})
		w.errs.err = &djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: time.Now()}
		replaceFile(t, w.file, oldSecret, newSecret)
		w.visit()
		w.errs.err = nil
		w.want("new", map[string]int{reloaded + " reason=outdated": 1})
	})
}

// TestWatchIgnoresReportsOfFormerSettings has a request in flight report outdated
// settings after they were replaced.
func TestWatchIgnoresReportsOfFormerSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.stop()
		w.errs.err = &djangosession.DecodeError{Reason: signing.BadSignature, SignedAt: time.Now()}
		w.visit() // while nothing watches
		w.errs.err = nil
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Watch(ctx, djangobridge.WatchOptions{}); close(ended) }()
		synctest.Wait()
		w.want("hush", map[string]int{newer: 0, reloaded: 0})
		cancel()
		<-ended
	})
}

// TestOutdatedSettingsAreStillReportedToTheCaller has hooks of its own, which each reload
// keeps.
func TestOutdatedSettingsAreStillReportedToTheCaller(t *testing.T) {
	t.Parallel()
	reports := 0
	outdated := &outdatedEngine{err: djangosession.ErrUnknownFormat}
	site, err := djangobridge.Open(siteFile(t, "", ""), djangobridge.Options{
		OpenEngine: outdated.open,
		Users:      oneUser{writes: new(int)},
		Sessions: djangosession.Options{
			Logger: slog.New(slog.DiscardHandler),
			OnLoadError: func(_ context.Context, err error) {
				if errors.Is(err, djangosession.ErrOutdatedSettings) {
					reports++
				}
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := site.Sessions.Load(t.Context(), djangosession.NewKey()); err != nil || reports != i+1 {
			t.Errorf("%d reports after %d loads, %v", reports, i+1, err)
		}
		if site, err = site.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
