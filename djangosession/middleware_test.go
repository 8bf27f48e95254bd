package djangosession_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// noon is the time in these tests, for which Django's cookies were recorded.
var noon = time.Unix(1_700_000_000, 0)

// spy is an engine that counts calls, and fails on request.
type spy struct {
	*memory.Engine
	loads, saves, creates, deletes atomic.Int64
	lose                           atomic.Bool // lose the answers of Save and Create

	mu        sync.Mutex
	loadErr   error
	loadWait  func(ctx context.Context) error
	saveErr   error
	deleteErr error
	saveWait  func(ctx context.Context) error
}

func (e *spy) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	e.loads.Add(1)
	e.mu.Lock()
	err, wait := e.loadErr, e.loadWait
	e.mu.Unlock()
	if err == nil && wait != nil {
		err = wait(ctx)
	}
	if err != nil {
		return nil, err
	}
	return e.Engine.Load(ctx, key)
}

func (e *spy) stores(ctx context.Context) error {
	e.mu.Lock()
	err, wait := e.saveErr, e.saveWait
	e.mu.Unlock()
	if err == nil && wait != nil {
		err = wait(ctx)
	}
	return err
}

func (e *spy) answer(err error) error {
	if e.lose.Load() {
		return errBroken
	}
	return err
}

func (e *spy) Save(ctx context.Context, r *djangosession.Record) error {
	e.saves.Add(1)
	if err := e.stores(ctx); err != nil {
		return err
	}
	return e.answer(e.Engine.Save(ctx, r))
}

func (e *spy) Create(ctx context.Context, r *djangosession.Record) error {
	e.creates.Add(1)
	if err := e.stores(ctx); err != nil {
		return err
	}
	return e.answer(e.Engine.Create(ctx, r))
}

func (e *spy) Delete(ctx context.Context, key string) error {
	e.deletes.Add(1)
	if e.deleteErr != nil {
		return e.deleteErr
	}
	return e.Engine.Delete(ctx, key)
}

func (e *spy) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	e.saves.Add(1)
	if err := e.stores(ctx); err != nil {
		return err
	}
	return e.Engine.Merge(ctx, key, change)
}

// shop is a site for tests of the middleware.
type shop struct {
	*djangosession.Manager
	t        *testing.T
	engine   *spy
	settings djangosession.Settings
	options  djangosession.Options
	log      lockedText

	mu     sync.Mutex
	now    time.Time
	errs   []error
	events []djangosession.SaveEvent
}

// lockedText collects log lines.
type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newShop returns a site of this release with changed settings.
func newShop(t *testing.T, release string, change func(*djangosession.Settings)) *shop {
	t.Helper()
	s := &shop{t: t, now: noon}
	settings, err := djangosession.NewSettingsFor(release, "shop-secret-key")
	if err != nil {
		t.Fatal(err)
	}
	settings.Now = func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.now
	}
	if change != nil {
		change(&settings)
	}
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	s.engine, s.settings = &spy{Engine: engine}, settings
	s.use(func(o *djangosession.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.OnError = func(_ context.Context, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.errs = append(s.errs, err)
		}
		o.OnSave = func(_ context.Context, e djangosession.SaveEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
		}
	})
	return s
}

// use replaces the manager with one that has changed options.
func (s *shop) use(change func(*djangosession.Options)) {
	s.t.Helper()
	change(&s.options)
	var err error
	if s.Manager, err = djangosession.NewManager(s.engine, s.settings, s.options); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// told returns the errors and events so far, and forgets them.
func (s *shop) told() ([]error, []djangosession.SaveEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs, events := s.errs, s.events
	s.errs, s.events = nil, nil
	return errs, events
}

// visitor stores a session and returns its key.
func (s *shop) visitor(values map[string]any) string {
	s.t.Helper()
	session := s.New()
	if err := session.Update(values); err != nil {
		s.t.Fatal(err)
	}
	if err := session.Save(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return session.Key()
}

// stored returns the value n of a stored session; "" if it does not exist.
func (s *shop) stored(key string) string {
	s.t.Helper()
	session, err := s.Load(s.t.Context(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	v, _ := session.Get("n")
	text, _ := v.(string)
	return text
}

// session is FromContext for handlers that need a session.
func (s *shop) session(r *http.Request) *djangosession.Session {
	session, err := djangosession.FromContext(r.Context())
	if err != nil {
		s.t.Errorf("no session: %v", err)
		return s.New()
	}
	return session
}

// answer is a response whose body was read.
type answer struct {
	StatusCode int
	Header     http.Header
	Body       string
}

// visit sends a request with this session cookie, or without one if it is "", to a
// handler inside the middleware.
func (s *shop) visit(cookie string, handler http.HandlerFunc) *answer {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "/cart", http.NoBody)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	s.Middleware(handler).ServeHTTP(w, r)
	return read(s.t, w.Result())
}

func read(t *testing.T, r *http.Response) *answer {
	t.Helper()
	defer r.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{r.StatusCode, r.Header, string(b)}
}

// setCookie returns the Set-Cookie header, with <key> in the place of a session key, and
// that key.
func setCookie(t *testing.T, h http.Header) (text, key string) {
	t.Helper()
	lines := h["Set-Cookie"]
	if len(lines) > 1 {
		t.Fatalf("%d cookies: %q", len(lines), lines)
	}
	if len(lines) == 0 {
		return "", ""
	}
	name, rest, _ := strings.Cut(lines[0], "=")
	key, rest, _ = strings.Cut(rest, ";")
	if key == `""` {
		return lines[0], ""
	}
	return name + "=<key>;" + rest, key
}
